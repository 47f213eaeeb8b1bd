"""Running `ingest run` on a config of TMDB as a user would, and reading what landed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ingest_source_tmdb.simulator import Simulator

HERE = Path(__file__).parent


@dataclass
class Home:
    """A folder with a config in it, and the lake that it names."""

    folder: Path
    lake: str
    simulator: Simulator
    environment: Mapping[str, str] = field(default_factory=dict)

    def configure(self, select: list[dict[str, Any]], *, settings: Mapping[str, Any], **top: Any) -> None:
        """Writes `tmdb.yaml`."""
        own = {
            "base_url": self.simulator.base_url,
            "exports_url": self.simulator.exports_url,
            "select": select,
            **settings,
        }
        config = {"source": "tmdb", "lake": self.lake, **top, "settings": own}
        (self.folder / "tmdb.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    def command(self, *more: str) -> list[str]:
        return [sys.executable, "-m", "ingest_core", "run", str(self.folder / "tmdb.yaml"), "--json", *more]

    def env(self) -> dict[str, str]:
        """Nothing of the shell's own but these."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        return {**kept, **self.environment, "LANG": "C.UTF-8", "TMDB_TOKEN": self.simulator.options.token}

    def run(self, *more: str) -> tuple[dict[str, Any], dict[str, float]]:
        """One run to its end: its report, and what it cost."""
        cost = self.folder / "cost.json"
        measured = [sys.executable, "-I", "-S", str(HERE / "measured.py"), str(cost), *self.command(*more)]
        ended = subprocess.run(measured, env=self.env(), cwd=self.folder, capture_output=True, text=True, check=False)
        if not ended.stdout:
            raise SystemExit(f"ingest ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
        return json.loads(ended.stdout), json.loads(cost.read_text())


@contextmanager
def home(simulator: Simulator) -> Iterator[Home]:
    """A folder of its own, with a lake in it."""
    with tempfile.TemporaryDirectory(prefix="ingest-bench-") as folder:
        yield Home(Path(folder), str(Path(folder) / "lake"), simulator)


def records_in(files: Iterator[Path]) -> Iterator[tuple[Path, list[bytes]]]:
    """The lines of each file of many records."""
    for path in files:
        yield path, path.read_bytes().splitlines()


def require(holds: bool, what: str) -> None:
    """Ends the program where a figure does not add up."""
    if not holds:
        raise SystemExit(f"does not hold: {what}")
