"""Every layer built twice: sizes by package, and whether both builds are the same bytes: python bench/layers.py"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "layer" / "build.py"
PYTHONS, ARCHITECTURES = ("3.12", "3.13", "3.14"), ("arm64", "x86_64")
_ROW = re.compile(r"^([a-z0-9-]+|total, as a file) +([0-9.,]+) +([0-9.,]+) +([0-9.,]+)$", re.MULTILINE)
Sizes = dict[str, tuple[float, float]]


def main() -> int:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True).stdout
    head = ["python", "arch", "zipped KB", "of it .pyc", "sha256", "a second build"]
    whole = ["| " + " | ".join(head) + " |", "|---|---|--:|--:|---|---|"]
    tables = []
    for python in PYTHONS:
        for arch in ARCHITECTURES:
            told, digest = build(python, arch)
            sizes = sizes_in(told)
            zipped, bytecode = sizes.pop("total, as a file")
            same = "the same bytes" if build(python, arch)[1] == digest else "DIFFERS"
            whole.append(f"| {python} | {arch} | {zipped:,.1f} | {bytecode:,.1f} | `{digest}` | {same} |")
            tables.append((f"{python} {arch}", sizes))
            print(whole[-1], file=sys.stderr, flush=True)
    text = "\n".join(
        [
            "# Layers",
            "",
            f"`python bench/layers.py` at commit {commit.strip()[:12]}. KB of 1,000 bytes. Budget: 2,600 KB without "
            ".pyc, 4,000 KB with. A layer has .pyc where the machine that built it has a CPython of its version.",
            "",
            *whole,
            "",
            "## By package: KB zipped (of it .pyc)",
            "",
            *by_package(tables),
        ]
    )
    (HERE / "results" / f"{dt.datetime.now(dt.UTC).date()}-layers.md").write_text(text + "\n")
    print(text)
    return 0


def build(python: str, arch: str) -> tuple[str, str]:
    """What the build says, and the sha256 of its zip."""
    with tempfile.TemporaryDirectory(prefix="layers-") as out:
        command = [sys.executable, str(BUILD), "--python", python, "--arch", arch, "--out", out]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return told, hashlib.sha256(Path(told.splitlines()[-1]).read_bytes()).hexdigest()


def sizes_in(told: str) -> Sizes:
    """Package → KB zipped, and KB of its .pyc among them."""
    return {name: (_number(zipped), _number(pyc)) for name, zipped, pyc, _ in _ROW.findall(told)}


def by_package(tables: list[tuple[str, Sizes]]) -> list[str]:
    names = sorted({name for _, sizes in tables for name in sizes}, key=lambda name: -tables[0][1].get(name, (0, 0))[0])
    lines = ["| package | " + " | ".join(title for title, _ in tables) + " |", "|---" + "|--:" * len(tables) + "|"]
    for name in names:
        cells = [f"{sizes[name][0]:,.1f} ({sizes[name][1]:,.1f})" if name in sizes else "-" for _, sizes in tables]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _number(text: str) -> float:
    return float(text.replace(",", ""))


if __name__ == "__main__":
    sys.exit(main())
