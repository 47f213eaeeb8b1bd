"""Who competes, and one turn of one of them: a run in processes of its own, its cost, and what it left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from environments import Peer
from landed import Landed, Print, landed_in
from servers import BUCKET, S3, Api, Log

HERE = Path(__file__).parent
APPEND = "credits,keywords,external_ids"


@dataclass(frozen=True)
class Task:
    """The same for every contestant: these movies, from `api`, into `s3`, with so many connections.

    `true` is the oracle's print of each movie by its id. `rate` is what our config says, in requests a second.
    `select` stands in our config where it is not these ids.
    """

    api: Api
    s3: S3
    true: Mapping[str, Print]
    rate: float
    connections: int
    select: Any = None


@dataclass(frozen=True)
class Contestant:
    """`command` runs in a folder with `ids.txt` and `ids.csv` in it; `peer` names its environment, ours where empty.

    One that is sequential asks for one record after the other: where each takes its time, it gets fewer of them.
    """

    name: str
    title: str
    command: Callable[[Task, str], list[str]]
    peer: str = ""
    is_sequential: bool = False
    environment: Callable[[Task], dict[str, str]] = lambda _: {}


@dataclass(frozen=True)
class Turn:
    """What one turn cost and left. CPU and wall in seconds, `rss_mb` the largest resident set of any of its processes.

    `exit` 0 is well; `load` is the machine's over a minute, before the turn. `requests` and `refused` are the API's,
    `asking` the seconds from the first to the last of them, where it tells.
    """

    contestant: str
    exit: int
    wall: float
    user: float
    system: float
    rss_mb: float
    load: float
    landed: Landed
    requests: int
    refused: int
    asking: float
    s3: Mapping[str, int]

    @property
    def cpu(self) -> float:
        return self.user + self.system

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _ours(engine: str) -> Callable[[Task, str], list[str]]:
    def command(task: Task, python: str) -> list[str]:
        verb = [python, "-m", "ingest_core", "run", "tmdb.yaml", "--lake", f"s3://{BUCKET}", "--json"]
        return [*verb, "--engine", engine]

    return command


def _script(style: str) -> Callable[[Task, str], list[str]]:
    script = str(HERE / "script_of_today.py")
    return lambda task, python: [python, script, style, "ids.txt", BUCKET, str(task.connections)]


def _floor(script: str) -> Callable[[Task, str], list[str]]:
    path = str(HERE / "peers" / script)
    return lambda task, python: [python, path, "ids.txt", BUCKET, str(task.connections)]


def _dlt(task: Task, python: str) -> list[str]:
    return [python, str(HERE / "peers" / "movies_dlt.py"), "ids.txt", BUCKET]


def _singer(task: Task, python: str) -> list[str]:
    tap, target = HERE / "peers" / "movies_tap.py", HERE / "peers" / "one_object_target.py"
    return _piped(f"'{python}' '{tap}' ids.txt | '{python}' '{target}' {BUCKET}")


def _airbyte(task: Task, python: str) -> list[str]:
    script = HERE / "peers" / "movies_airbyte.py"
    return _piped(f"'{python}' '{script}' read ids.txt {task.connections} | '{python}' '{script}' write {BUCKET}")


def _piped(line: str) -> list[str]:
    return ["/bin/bash", "-o", "pipefail", "-c", line]


def _workers(task: Task) -> dict[str, str]:
    """dlt fetches five at once as it comes; this lets it fetch as many as the others."""
    return {"EXTRACT__WORKERS": str(task.connections), "EXTRACT__MAX_PARALLEL_ITEMS": str(2 * task.connections)}


OURS = (
    Contestant("default", "`ingest run tmdb`", _ours("default")),
    Contestant("fast", "`ingest run tmdb --engine fast`", _ours("fast")),
)
SCRIPTS = (
    Contestant("one-by-one", "script of today, one by one", _script("one-by-one"), is_sequential=True),
    Contestant("threads", "script of today, session and threads", _script("threads")),
)
TOOLS = (
    Contestant("dlt", "dlt, 5 at once (its default)", _dlt, peer="dlt"),
    Contestant("dlt-wide", "dlt, as many at once as ours", _dlt, peer="dlt", environment=_workers),
    Contestant("singer", "Singer SDK, tap and target", _singer, peer="singer", is_sequential=True),
    Contestant("airbyte", "Airbyte CDK, source and destination", _airbyte, peer="airbyte"),
)
FLOORS = (
    Contestant("floor-threads", "floor: urllib3, signed by hand, threads", _floor("floor_urllib3.py"), peer="floor"),
    Contestant("floor", "floor: libcurl, one thread", _floor("floor_curl.py"), peer="floor"),
)
CONTESTANTS = (*OURS, *SCRIPTS, *TOOLS, *FLOORS)


def take_turn(contestant: Contestant, task: Task, peers: Mapping[str, Peer]) -> tuple[Turn, Log]:
    """Runs `contestant` from a clean start and looks at what landed, and at what the API was asked."""
    with tempfile.TemporaryDirectory(prefix="ingest-bench-") as home:
        task.s3.empty()
        task.api.log()
        (Path(home) / "ids.txt").write_text("\n".join(task.true))
        (Path(home) / "ids.csv").write_text("\n".join(["id", *task.true]))
        (Path(home) / "tmdb.yaml").write_text(_config(task))
        python = str(peers[contestant.peer].python) if contestant.peer else sys.executable
        load = os.getloadavg()[0]
        ended = subprocess.run(
            [sys.executable, "-I", "-S", str(HERE / "measured.py"), "cost.json", *contestant.command(task, python)],
            env={**_environment(task, home), **contestant.environment(task)},
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            print(f"{contestant.name} ended with {ended.returncode}:\n{ended.stderr[-2000:]}", file=sys.stderr)
        cost = json.loads((Path(home) / "cost.json").read_text())
    log, asked_of_s3 = task.api.log(), task.s3.requests()
    turn = Turn(
        contestant.name,
        exit=ended.returncode,
        load=load,
        landed=landed_in(task.s3, task.true),
        requests=log.requests,
        refused=log.refused,
        asking=log.seconds,
        s3={kind: count for kind, count in asked_of_s3.items() if kind != "BUCKET"},
        **cost,
    )
    return turn, log


def _config(task: Task) -> str:
    select = task.select or [{"ids": {"csv": "ids.csv"}, "as": "movie"}]
    settings = {
        "base_url": task.api.url,
        "token": "env:TMDB_TOKEN",
        "append": APPEND.split(","),
        "select": select,
    }
    config = {"source": "tmdb", "lake": "lake", "rate": task.rate, "connections": task.connections}
    return yaml.safe_dump({**config, "settings": settings}, sort_keys=False)


def _environment(task: Task, home: str) -> dict[str, str]:
    """Nothing of the shell's own but these: no proxies, no AWS profile, and no ban on .pyc files."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    tmdb = {"TMDB_URL": task.api.url, "TMDB_TOKEN": task.api.token, "TMDB_APPEND": APPEND}
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL", "DO_NOT_TRACK": "1"}
    return {**kept, **task.s3.environment, **tmdb, **quiet, "HOME": home, "LANG": "C.UTF-8"}
