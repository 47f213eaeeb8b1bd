"""Who competes, and one turn of one of them: a run in a process of its own, its cost, and what it left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from landed import Landed, Print, compare, files_in
from script_of_today import APPEND
from servers import BUCKET, S3, Api

HERE = Path(__file__).parent
ENGINES = {"ours": "default", "ours-fast": "fast"}
CONTESTANTS = (*ENGINES, "one-by-one", "threads")
CONNECTIONS = 20


@dataclass(frozen=True)
class Task:
    """The same for every contestant: these movies, from `api`, into `s3` or (where None) into a fresh folder.

    `true` is the oracle's print of each movie by its id. `rate` is what our config says, in requests a second.
    """

    api: Api
    true: Mapping[str, Print]
    rate: float
    s3: S3 | None = None


@dataclass(frozen=True)
class Turn:
    """What one turn cost and left. CPU and wall in seconds, `rss_mb` the largest resident set; `exit` 0 is well.

    `refused` is known under a rate limit alone.
    """

    contestant: str
    exit: int
    wall: float
    user: float
    system: float
    rss_mb: float
    landed: Landed
    refused: int | None = None

    @property
    def cpu(self) -> float:
        return self.user + self.system

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def take_turn(contestant: str, task: Task) -> Turn:
    """Runs `contestant` from a clean start and looks at what landed."""
    with tempfile.TemporaryDirectory(prefix="ingest-bench-") as home:
        if task.s3 is not None:
            task.s3.empty()
        lake = Path(home) / "lake"
        lake.mkdir()
        cost_file = Path(home) / "cost.json"
        ended = subprocess.run(
            [sys.executable, "-I", "-S", str(HERE / "measured.py"), str(cost_file), *_command(contestant, task, home)],
            env=_environment(task),
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            print(f"{contestant} ended with {ended.returncode}:\n{ended.stderr[-2000:]}", file=sys.stderr)
        found = files_in(lake) if task.s3 is None else task.s3.objects()
        cost = json.loads(cost_file.read_text())
    return Turn(contestant, exit=ended.returncode, landed=compare(found, task.true), **cost)


def _command(contestant: str, task: Task, home: str) -> list[str]:
    if contestant in ENGINES:
        config = Path(home) / "tmdb.yaml"
        config.write_text(_config(task))
        target = "lake" if task.s3 is None else f"s3://{BUCKET}"
        return [
            sys.executable,
            "-m",
            "ingest_core",
            "run",
            str(config),
            "--lake",
            target,
            "--json",
            "--engine",
            ENGINES[contestant],
        ]
    ids = Path(home) / "ids.txt"
    ids.write_text("\n".join(task.true))
    target = "lake/Raw" if task.s3 is None else f"s3://{BUCKET}"
    return [sys.executable, str(HERE / "script_of_today.py"), contestant, str(ids), target]


def _config(task: Task) -> str:
    settings = {
        "base_url": task.api.url,
        "token": "env:TMDB_TOKEN",
        "append": APPEND.split(","),
        "select": [{"ids": [int(id) for id in task.true], "as": "movie"}],
    }
    config = {"source": "tmdb", "lake": "lake", "rate": task.rate, "connections": CONNECTIONS, "settings": settings}
    return yaml.safe_dump(config, sort_keys=False)


def _environment(task: Task) -> dict[str, str]:
    """Nothing of the shell's own but these: no proxies, no AWS profile, and no ban on .pyc files."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    aws = {} if task.s3 is None else task.s3.environment
    return {**kept, **aws, "LANG": "C.UTF-8", "TMDB_URL": task.api.url, "TMDB_TOKEN": task.api.token}
