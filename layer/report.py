"""What the layer weighs, package by package."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from packing import LayerError, Member
from staging import Target

BUDGET_BYTES = 2_600_000
BUDGET_WITH_BYTECODE = 4_000_000
FAST_BUDGET_BYTES = 9_200_000
FAST_BUDGET_WITH_BYTECODE = 10_800_000


def budget_of(target: Target) -> tuple[int, int]:
    """The most bytes that a layer may have without bytecode, and with it."""
    if target.fast:
        return FAST_BUDGET_BYTES, FAST_BUDGET_WITH_BYTECODE
    return BUDGET_BYTES, BUDGET_WITH_BYTECODE


def size_report(layer: Path, members: Iterable[Member]) -> str:
    """A table, the heaviest package first, in KB of 1,000 bytes; then the total and the sha256."""
    owners = {f"python/{member.name}": member.distribution for member in members}
    zipped: Counter[str] = Counter()
    bytecode: Counter[str] = Counter()
    unzipped: Counter[str] = Counter()
    with zipfile.ZipFile(layer) as archive:
        for entry in archive.infolist():
            owner = owners[entry.filename]
            zipped[owner] += entry.compress_size
            bytecode[owner] += entry.compress_size if entry.filename.endswith(".pyc") else 0
            unzipped[owner] += entry.file_size
    lines = [f"{'package':<28}{'zipped KB':>12}{'of it .pyc':>13}{'unzipped KB':>14}"]
    lines += [_line(name, size, bytecode[name], unzipped[name]) for name, size in zipped.most_common()]
    # The file is a little more than its members: names and the directory of the zip weigh something too.
    lines.append(_line("total, as a file", layer.stat().st_size, bytecode.total(), unzipped.total()))
    lines.append(f"sha256 {hashlib.sha256(layer.read_bytes()).hexdigest()}")
    return "\n".join(lines)


def require_budget(layer: Path, budget: int) -> None:
    """Raises LayerError for a layer that has grown past its budget: each cold start downloads it."""
    size = layer.stat().st_size
    if size > budget:
        raise LayerError(f"{layer.name} has {size:,} bytes; its budget is {budget:,} (layer/report.py)")


def _line(name: str, zipped: int, bytecode: int, unzipped: int) -> str:
    return f"{name:<28}{zipped / 1000:>12,.1f}{bytecode / 1000:>13,.1f}{unzipped / 1000:>14,.1f}"
