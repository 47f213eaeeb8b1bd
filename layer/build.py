"""Builds the Lambda layer: python layer/build.py [--python 3.13] [--arch x86_64|arm64] [--fast] [--out layer/dist]

lock ─→ packages ─┐
                  ├─→ python/ ─→ each file checked against its wheel ─→ .pyc ─→ zip ─→ sources found in it alone ─→ out/
sources ─→ wheels ┘       └─→ licences checked ─→ bill of materials (CycloneDX), beside the zip
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bom import packages, write
from compiling import bytecode
from finding import check_sources
from packing import LayerError, pack, read_members
from report import budget_of, require_budget, size_report
from staging import MACHINES, Target, lock, source_names, stage

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds as asked. Returns the exit code: 0, or 1 with the reason on standard error."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.lock:
            lock(ROOT)
        else:
            build(Target(asked.python, asked.arch, asked.fast), asked.out, asked.pyc)
    except LayerError as error:
        print(f"layer: {error}", file=sys.stderr)
        return 1
    return 0


def build(target: Target, out: Path, pyc: str = "auto") -> Path:
    """Builds one layer into `out` and returns its path. Raises LayerError, and then leaves no zip there."""
    final = out / target.file
    final.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tree = stage(ROOT, Path(folder), target)
        members, found = read_members(tree), packages(tree)
        made = Path(folder, target.file)
        pack(members, made)
        bare, whole = budget_of(target)
        require_budget(made, bare)
        made_here, about = bytecode(members, target, pyc)
        members += made_here
        pack(members, made)
        print(size_report(made, members))
        require_budget(made, whole)
        print(about)
        print(check_sources(made, source_names(ROOT), target))
        out.mkdir(parents=True, exist_ok=True)
        final.write_bytes(made.read_bytes())
        print(write(found, final))
    print(final)
    return final


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Builds the Lambda layer of ingest-core and its sources.")
    parser.add_argument("--python", default="3.13", type=_version, help="the runtime's version (default: 3.13)")
    parser.add_argument("--arch", default="x86_64", choices=sorted(MACHINES), help="default: x86_64")
    parser.add_argument("--fast", action="store_true", help="with the libraries of the fast engine in it")
    parser.add_argument(
        "--pyc",
        default="auto",
        choices=("auto", "always", "never"),
        help="bytecode, for which this machine must have that Python (default: auto, where it has)",
    )
    parser.add_argument("--out", default=ROOT / "layer" / "dist", type=Path, help="default: layer/dist")
    parser.add_argument("--lock", action="store_true", help="write layer/requirements*.txt anew, and build nothing")
    return parser


def _version(text: str) -> str:
    if not re.fullmatch(r"3\.[0-9]{1,2}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a version such as 3.13")
    return text


if __name__ == "__main__":
    sys.exit(main())
