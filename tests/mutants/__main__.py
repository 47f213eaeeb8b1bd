"""`make mutants`: each mutant is made in a copy of the tree, and its checks are run against it. All must fail.

The same checks pass on a copy that nothing was changed in; that is looked at first.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("ingest_core", "tests", "pyproject.toml", "sources", "config", "layer", "docs", "README.md")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="some mutants only, by a part of their names")
    asked = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not asked.names or any(word in mutant.name for word in asked.names)]
    with _copy() as tree:
        checks = sorted({check for mutant in chosen for check in mutant.checks})
        failed = _failures(tree, checks)
        if failed:
            _say("\n  ".join(["without any mutant these fail already:", *failed]))
            return 1
    survived = 0
    for mutant in chosen:
        with _copy() as tree:
            _mutate(tree, mutant)
            silent = [check for check in mutant.checks if not _failures(tree, [check])]
        survived += bool(silent)
        _say(f"{'SURVIVED' if silent else 'killed  '} {mutant.name:<36} by {', '.join(mutant.checks)}")
        for check in silent:
            _say(f"         passes all the same: {check}")
    _say(f"{len(chosen)} mutants, {survived} survived")
    return int(survived > 0)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def _copy() -> Iterator[Path]:
    """The tree, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="ingest-mutant-") as folder:
        for name in COPIED:
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__", "build", "dist", ".*")
            if source.is_dir():
                shutil.copytree(source, Path(folder) / name, ignore=ignored)
            else:
                shutil.copy(source, folder)
        yield Path(folder)


def _mutate(tree: Path, mutant: Mutant) -> None:
    path = tree / mutant.file
    text = path.read_text()
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: {text.count(mutant.old)} places in {mutant.file} read\n{mutant.old}")
    path.write_text(text.replace(mutant.old, mutant.new))


def _failures(tree: Path, checks: Sequence[str]) -> list[str]:
    """The checks that fail against the code in `tree`."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *checks]
    done = subprocess.run(
        command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE) or (["(an error)"] if done.returncode else [])


if __name__ == "__main__":
    sys.exit(main())
