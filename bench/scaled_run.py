"""The runs of bench/scale.py: a folder with a config, the command in it, and a cluster beside it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest_source_tmdb.simulator import Simulator

DATE = "2026-11-23"


@contextlib.contextmanager
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        yield Path(folder)


def configure(folder: Path, api: Simulator, records: int, rate: float, more: str = "") -> None:
    (folder / "ids.csv").write_text("tmdb_id\n" + "".join(f"{id}\n" for id in range(1, records + 1)))
    (folder / "tmdb.yaml").write_text(
        f"source: tmdb\nlake: lake\nlayout: batch\nrate: {rate}\nconnections: 32\n{more}settings:\n"
        f"  base_url: {api.base_url}\n  select:\n"
        f"    - ids: {{csv: {folder}/ids.csv, column: tmdb_id}}\n      as: movie\n"
    )


def begin(folder: Path, token: str, *flags: str, **environment: str) -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {"INGEST_CONFIG_DIR": str(folder), "TMDB_TOKEN": token}
    command = [sys.executable, "-m", "ingest_core", "run", "tmdb", "--date", DATE, "--json", *flags]
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**kept, **own, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(run: subprocess.Popen[str]) -> Any:
    out, err = run.communicate()
    if run.returncode:
        raise SystemExit(f"ingest ended with {run.returncode}:\n{err[-3000:]}{out[-1000:]}")
    return json.loads(out)


@contextlib.contextmanager
def cluster(
    folder: Path, count: int, environment: dict[str, str]
) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A Dask scheduler and its workers on this machine."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    file, begun = folder / "scheduler.json", list[subprocess.Popen[bytes]]()

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(file), "--no-dashboard"]
        nothing = subprocess.DEVNULL
        begun.append(subprocess.Popen(command, cwd=folder, env={**kept, **environment}, stdout=nothing, stderr=nothing))
        return begun[-1]

    start("scheduler", "--host", "127.0.0.1", "--port", "0")
    while not file.exists() or not file.read_text().strip():
        threading.Event().wait(0.1)
    workers = [start("worker", "--no-nanny", "--nthreads", "1") for _ in range(count)]
    threading.Event().wait(5)
    try:
        yield json.loads(file.read_text())["address"].replace("tcp://", "dask://"), workers
    finally:
        for process in begun:
            process.kill()
            process.wait()
