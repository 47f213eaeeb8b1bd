"""The layer, built by its own script."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Built:
    """A layer and what its build said."""

    zip: Path
    told: str


def build_layer(out: Path, *options: str, root: Path = ROOT) -> Built:
    """Runs the build as a person does, in this repository or a copy."""
    command = [sys.executable, str(root / "layer" / "build.py"), "--out", str(out), *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return Built(Path(ended.stdout.splitlines()[-1]), ended.stdout)
