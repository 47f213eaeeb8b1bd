"""One run by 1, 2, 4 and 8 workers: `python bench/scale.py` (`make bench-scale`). Writes bench/results/.

Films of TMDB's simulator, which counts what is asked and refuses whoever is too fast: throughput, refusals and
repetitions, with a rate and without, and with a worker killed. Records that cost a source nothing but processor time,
little of it or a millisecond: what two cores are worth. All compare within one run alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest_source_tmdb.simulator import Options, Simulator
from scaled_run import DATE, begin, cluster, configure, ended, home
from servers import BUCKET, S3, quick_s3

CHEAP, DEAR = 40, 1_000  # hashes: some 40 µs of a processor, and a millisecond
RESULTS = Path(__file__).parent / "results"
UNLIMITED = 10_000.0  # requests a second, which no machine here comes near to
# The handler as it is, but for segments of a few seconds' work instead of five minutes'.
SHORT = """
import json, sys
from ingest_core.run import handing
handing.SEGMENT_SECONDS = {seconds}
from ingest_core.lambda_handler import handler
print(json.dumps(handler(json.loads(sys.argv[1]), None)))
"""
BUSY = """
import hashlib
from ingest_core import Record, Ref, Source, hookimpl

SCHEMA = {"type": "object", "additionalProperties": False, "properties": {"ids": {}, "turns": {}}}


def plan(ctx):
    return (Ref("thing", id) for id in range(ctx.settings["ids"]))


def fetch(ctx, slice):
    for id in slice.ids:
        digest = id.encode()
        rows = []
        for turn in range(ctx.settings["turns"]):
            digest = hashlib.sha256(digest).hexdigest().encode()
            if turn < 40:
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
    parser.add_argument("parts", nargs="*", default=["films", "dask", "steps", "processor", "dear"])
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--rate", type=float, default=1000.0)
    asked = parser.parse_args()
    turns: list[Turn] = []
    for part in asked.parts:
        if part == "films":
            turns += films(asked.records, asked.workers, asked.rate)
        elif part == "processor":
            turns += processor(asked.records, asked.workers, CHEAP)
        elif part == "dear":
            turns += processor(asked.records, asked.workers, DEAR)
        elif part == "dask":
            turns += dask(asked.records, asked.workers, asked.rate)
        elif part == "steps":
            turns += steps(asked.records, asked.workers, asked.rate)
    text = table(turns)
    print(text)
    command = f"python bench/scale.py {' '.join(sys.argv[1:])}".strip()
    about = (
        f"# {asked.records:,} records by several workers\n\n`{command}`, {os.cpu_count()} cores shared with others.\n\n"
    )
    name = f"{dt.date.today():%Y-%m-%d}-scale"
    (RESULTS / f"{name}.md").write_text(about + text)
    told = [{**dataclasses.asdict(turn), "throughput": round(turn.throughput, 1)} for turn in turns]
    (RESULTS / f"{name}.json").write_text(json.dumps({"command": command, "turns": told}, indent=1) + "\n")
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
        configure(folder, api, records, limit or UNLIMITED)
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
    """Through a Dask cluster on this machine into S3: without a limit, with one, and with a worker killed."""
    turns = []
    series = [(count, limit, False) for limit in (None, rate) for count in workers]
    for count, limit, kill in [*series, (2, rate, True)]:
        with (
            home() as folder,
            quick_s3() as s3,
            Simulator(Options(movies=records, shows=1, people=1, rate=limit)) as api,
        ):
            s3.empty()
            configure(folder, api, records, limit or UNLIMITED)
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
            name = "Dask, a worker killed" if kill else "Dask"
            turns.append(judged(name, count, limit, report, seconds, api, parts_in(s3)))
            print(turns[-1], flush=True)
    return turns


def parts_in(s3: S3) -> list[Any]:
    """Every part that lies in the bucket."""
    pages = s3.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="_ingest/")
    keys = [found["Key"] for page in pages for found in page.get("Contents", []) if "/parts/" in found["Key"]]
    return [json.loads(s3.get(key)) for key in keys]


def steps(records: int, workers: Sequence[int], rate: float) -> list[Turn]:
    """As the state machine calls the handler: plan, a process for each segment of the map, so many at once, commit."""
    turns = []
    for limit in (None, rate):
        for count in workers:
            with (
                home() as folder,
                quick_s3() as s3,
                Simulator(Options(movies=records, shows=1, people=1, rate=limit)) as api,
            ):
                s3.empty()
                configure(folder, api, records, limit or UNLIMITED, f"workers: {count}\n")
                # Some eight segments a worker, as a long run has, not the one or two of five minutes each.
                share = (limit or UNLIMITED) / count
                short = SHORT.format(seconds=records / (8 * count) / share)
                call = functools.partial(called, folder, api, s3.environment, short)
                began = time.monotonic()
                answer = call({"source": "tmdb", "date": DATE, "step": "plan"})
                while "map" in answer:
                    items = json.loads(s3.get(answer["map"]["key"]))
                    with ThreadPoolExecutor(answer["map"]["workers"]) as lanes:
                        list(lanes.map(functools.partial(landed, call), items))
                    answer = call({"source": "tmdb", "date": DATE, "step": "commit"})
                seconds = time.monotonic() - began
                if answer["status"] != "done":
                    raise SystemExit(f"the commit says {answer}")
                turns.append(judged("steps", count, limit, answer, seconds, api, parts_in(s3)))
                print(turns[-1], flush=True)
    return turns


def landed(call: Callable[[Any], Any], item: Any) -> None:
    """One segment, called again while it says partial."""
    while (answer := call(item))["status"] == "partial":
        time.sleep(1)
    if answer["status"] != "done":
        raise SystemExit(f"{item} says {answer}")


def called(folder: Path, api: Simulator, environment: dict[str, str], short: str, event: Any) -> Any:
    """The handler in a process of its own, as a cold container has it; what it answers."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {"INGEST_CONFIG_DIR": str(folder), "TMDB_TOKEN": api.options.token, "INGEST_LAKE": f"s3://{BUCKET}"}
    command = [sys.executable, "-c", short, json.dumps(event)]
    ran = subprocess.run(
        command, check=False, cwd=folder, env={**kept, **environment, **own}, capture_output=True, text=True
    )
    if ran.returncode:
        raise SystemExit(f"the handler ended with {ran.returncode}:\n{ran.stderr[-3000:]}")
    return json.loads(ran.stdout.splitlines()[-1])


def processor(records: int, workers: Sequence[int], hashes: int) -> list[Turn]:
    """Records that cost processor time alone, so many hashes each, into a folder: the best of three, in turns."""
    best: dict[int, Turn] = {}
    for _ in range(3):
        for count in workers:
            with home() as folder:
                (folder / "plugins").mkdir()
                (folder / "plugins/busy.py").write_text(BUSY)
                (folder / "tmdb.yaml").write_text(
                    f"source: busy\nlake: lake\nlayout: batch\nsettings: {{ids: {records}, turns: {hashes}}}\n"
                )
                began = time.monotonic()
                run = begin(folder, "", "--workers", str(count), INGEST_PLUGINS=str(folder / "plugins"))
                report = ended(run)
                seconds = time.monotonic() - began
            turn = Turn(
                f"processor, {hashes:,} hashes a record",
                count,
                None,
                report["counts"]["records"],
                seconds,
            )
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
