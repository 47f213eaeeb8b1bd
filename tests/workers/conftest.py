"""A folder with a config for a simulator of 1,000 films, and the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ingest_source_tmdb.simulator import Options, Simulator

FILMS = 1_000
RATE = 400.0
DATE = "2026-11-23"
Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool]], None]:
    """Returns once something is so; fails after a minute."""

    def wait(what: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(1200):
            if what():
                return
            pause.wait(0.05)
        raise AssertionError("it did not come to that")

    return wait


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """It refuses whoever asks for more than `RATE` in a second."""
    with Simulator(Options(movies=FILMS, shows=1, people=1, rate=RATE)) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, simulator: Simulator) -> Path:
    (tmp_path / "conf").mkdir()
    (tmp_path / "ids.csv").write_text("tmdb_id\n" + "".join(f"{id}\n" for id in range(1, FILMS + 1)))
    (tmp_path / "conf/tmdb.yaml").write_text(
        f"source: tmdb\nlake: lake\nrate: {RATE}\nconnections: 8\nsettings:\n  base_url: {simulator.base_url}\n"
        f"  select:\n    - ids: {{csv: {tmp_path}/ids.csv, column: tmdb_id}}\n      as: movie\n"
    )
    return tmp_path


@pytest.fixture
def begin(home: Path, simulator: Simulator) -> Iterator[Begin]:
    """Begins `ingest run tmdb` with these flags."""
    begun: list[subprocess.Popen[str]] = []

    def start(*flags: str, **environment: str) -> subprocess.Popen[str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"INGEST_CONFIG_DIR": str(home / "conf"), "TMDB_TOKEN": simulator.options.token, "NO_COLOR": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "ingest_core", "run", "tmdb", "--date", DATE, "--json", *flags],
            cwd=home,
            env={**kept, **own, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()
