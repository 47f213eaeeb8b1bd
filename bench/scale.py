"""One run by 1, 2, 4 and 8 workers: `python bench/scale.py` (`make bench-scale`). Writes bench/results/.

Films of TMDB's simulator, which counts what is asked and refuses whoever is too fast: throughput, refusals and
repetitions, with a rate and without, and with a worker killed. Records that cost a source nothing but processor time:
what two cores are worth. All compare within one run alone.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest_source_tmdb.simulator import Options, Simulator
from servers import quick_s3

RESULTS = Path(__file__).parent / "results"
DATE = "2026-11-23"
BUSY = """
import hashlib
from ingest_core import Record, Ref, Source, hookimpl

SCHEMA = {"type": "object", "additionalProperties": False, "properties": {"ids": {"type": "integer"}}}


def plan(ctx):
    return (Ref("thing", id) for id in range(ctx.settings["ids"]))


def fetch(ctx, slice):
    for id in slice.ids:
        digest = id.encode()
        rows = []
        for _ in range(40):
            digest = hashlib.sha256(digest).hexdigest().encode()
            rows.append('"' + digest.decode() + '"')
        yield Record("thing", id, ('{"id": %s, "rows": [%s]}' % (id, ",".join(rows))).encode())


@hookimpl
def ingest_sources():
    return [Source("busy", "Busy", SCHEMA, plan, fetch, streams=("thing",))]
"""


@dataclass(frozen=True)
class Turn:
    """One run. `twice`: documents that were asked for again; `doubled`: ids that a second part names."""

    what: str
    workers: int
    rate: float | None
    records: int
    seconds: float
    refused: int = 0
    twice: int = 0
    doubled: int = 0
    fastest: int = 0

    @property
    def throughput(self) -> float:
        return self.records / self.seconds


def main() -> int:
    """Everything, or the parts that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["films", "processor", "dask"])
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--rate", type=float, default=1000.0)
    asked = parser.parse_args()
    turns: list[Turn] = []
    for part in asked.parts:
        if part == "films":
            turns += films(asked.records, asked.workers, asked.rate)
        elif part == "processor":
            turns += processor(asked.records, asked.workers)
        elif part == "dask":
            turns += dask(asked.records, [count for count in asked.workers if count <= 4], asked.rate)
    text = table(turns)
    print(text)
    command = f"python bench/scale.py {' '.join(sys.argv[1:])}".strip()
    about = (
        f"# {asked.records:,} records by several workers\n\n`{command}`, {os.cpu_count()} cores shared with others.\n\n"
    )
    (RESULTS / f"{dt.date.today():%Y-%m-%d}-scale.md").write_text(about + text)
    return 0


def films(records: int, workers: Sequence[int], rate: float) -> list[Turn]:
    """Through processes into a folder: without a limit, with one, and with a worker killed."""
    turns = []
    for limit in (None, rate):
        for count in workers:
            turns.append(one_of_films(records, count, limit))
            print(turns[-1], flush=True)
    turns.append(one_of_films(records, 2, rate, kill=True))
    print(turns[-1], flush=True)
    return turns


def one_of_films(records: int, workers: int, limit: float | None, *, kill: bool = False) -> Turn:
    with home() as folder, Simulator(Options(movies=records, shows=1, people=1, rate=limit)) as api:
        configure(folder, api, records, limit or 10_000.0)
        began = time.monotonic()
        run = begin(folder, api.options.token, "--workers", str(workers))
        if kill:
            while len(api.log) < records // 3:
                time.sleep(0.05)
            children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)
        report = ended(run)
        seconds = time.monotonic() - began
        parts = [json.loads(path.read_bytes()) for path in (folder / "lake").rglob("parts/*.json")]
        name = "processes, a worker killed" if kill else "processes"
        return judged(name, workers, limit, report, seconds, api, parts)


def dask(records: int, workers: Sequence[int], rate: float) -> list[Turn]:
    """Through a Dask cluster on this machine into S3, with a rate."""
    turns = []
    for count, kill in [*((count, False) for count in workers), (2, True)]:
        with (
            home() as folder,
            quick_s3() as s3,
            Simulator(Options(movies=records, shows=1, people=1, rate=rate)) as api,
        ):
            s3.empty()
            configure(folder, api, records, rate)
            environment = {**s3.environment, "TMDB_TOKEN": api.options.token, "INGEST_CONFIG_DIR": str(folder)}
            with cluster(folder, count, environment) as (address, processes):
                began = time.monotonic()
                more = ("--map", address, "--workers", str(count), "--lake", "s3://bench-lake")
                run = begin(folder, api.options.token, *more, **s3.environment)
                if kill:
                    while len(api.log) < records // 3:
                        time.sleep(0.05)
                    processes[0].kill()
                report = ended(run)
                seconds = time.monotonic() - began
            client = s3.client
            keys = [
                found["Key"]
                for page in client.get_paginator("list_objects_v2").paginate(Bucket="bench-lake", Prefix="_ingest/")
                for found in page.get("Contents", [])
            ]
            parts = [
                json.loads(client.get_object(Bucket="bench-lake", Key=key)["Body"].read())
                for key in keys
                if "/parts/" in key
            ]
            turns.append(judged("Dask, a worker killed" if kill else "Dask", count, rate, report, seconds, api, parts))
            print(turns[-1], flush=True)
    return turns


def processor(records: int, workers: Sequence[int]) -> list[Turn]:
    """Records that cost processor time alone, into a folder: the best of three of each, in turns."""
    best: dict[int, Turn] = {}
    for _ in range(3):
        for count in workers:
            with home() as folder:
                (folder / "plugins").mkdir()
                (folder / "plugins/busy.py").write_text(BUSY)
                (folder / "tmdb.yaml").write_text(
                    f"source: busy\nlake: lake\nlayout: batch\nsettings: {{ids: {records}}}\n"
                )
                began = time.monotonic()
                run = begin(folder, "", "--workers", str(count), INGEST_PLUGINS=str(folder / "plugins"))
                report = ended(run)
                seconds = time.monotonic() - began
            turn = Turn("processor alone, best of 3", count, None, report["counts"]["records"], seconds)
            print(turn, flush=True)
            if count not in best or turn.seconds < best[count].seconds:
                best[count] = turn
    return list(best.values())


def judged(
    what: str, workers: int, limit: float | None, report: Any, seconds: float, api: Simulator, parts: list[Any]
) -> Turn:
    """The run against the simulator's own log, and against its parts."""
    asked = Counter(line.path for line in api.log if line.status == 200)
    named = Counter(one["id"] for part in parts for one in part.get("records", ()) if one.get("outcome") != "repeated")
    a_second = Counter(int(line.seconds) for line in api.log)
    return Turn(
        what=what,
        workers=workers,
        rate=limit,
        records=len(named),
        seconds=seconds,
        refused=sum(line.status == 429 for line in api.log),
        twice=sum(asked.values()) - len(asked),
        doubled=sum(named.values()) - len(named),
        fastest=max(a_second.values()),
    )


@contextlib.contextmanager
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        yield Path(folder)


def configure(folder: Path, api: Simulator, records: int, rate: float) -> None:
    (folder / "ids.csv").write_text("tmdb_id\n" + "".join(f"{id}\n" for id in range(1, records + 1)))
    (folder / "tmdb.yaml").write_text(
        f"source: tmdb\nlake: lake\nlayout: batch\nrate: {rate}\nconnections: 32\nsettings:\n"
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


def table(turns: Sequence[Turn]) -> str:
    lines = [
        "| engine | workers | rate | records | seconds | records/s | most in a second "
        "| refused | asked twice | landed twice |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for turn in turns:
        rate = "-" if turn.rate is None else f"{turn.rate:g}"
        lines.append(
            f"| {turn.what} | {turn.workers} | {rate} | {turn.records:,} | {turn.seconds:.1f} | {turn.throughput:,.0f} "
            f"| {turn.fastest or '-'} | {turn.refused} | {turn.twice} | {turn.doubled} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
