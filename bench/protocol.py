"""What the protocol costs: a whole run against putting the same records and nothing else, side by side in one run.

    python bench/protocol.py [--records 10000] [--rounds 3]

Both land made-up records of 2 KB in moto's S3 (a process of its own) through the same lake and client, 16 at a time.
The run claims, plans, writes intents and parts and a manifest; the other one puts. Requests are counted at the client.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers import BUCKET, S3, s3

from ingest_core import Context, Record, Slice, Source
from ingest_core.aws import Aws
from ingest_core.clock import SystemClock
from ingest_core.keys import RecordKeys
from ingest_core.lake import LAKE_THREADS, S3Options
from ingest_core.lake.s3 import S3Lake, client_of
from ingest_core.model import Batch
from ingest_core.run import Job, run

HERE = Path(__file__).parent
DAY = dt.date(2026, 11, 23)
IN_A_SLICE = 100
BODY = json.dumps({"text": "x" * 1980, "id": 0}).encode()


@dataclass(frozen=True)
class Turn:
    """What one contestant spent: requests by kind, CPU and wall in seconds."""

    requests: Counter[str]
    cpu: float
    wall: float


def main() -> int:
    parser = argparse.ArgumentParser(description="What the protocol costs.")
    parser.add_argument("--records", type=int, default=10_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="figures into FILE, nothing into bench/results/")
    asked = parser.parse_args()
    contestants: dict[str, Callable[[Any, int], None]] = {
        "put alone": put_alone,
        "run, one object a record": lambda lake, records: run_whole(lake, records, None),
        "run, files of 100 records": lambda lake, records: run_whole(lake, records, Batch()),
        "rerun of the done run": rerun,
    }
    turns: dict[str, list[Turn]] = {name: [] for name in contestants}
    with s3() as store:
        os.environ.update(store.environment)
        for number in range(asked.rounds):
            for name in contestants if number % 2 == 0 else reversed(contestants):
                print(f"round {number + 1}: {name}", file=sys.stderr, flush=True)
                turns[name].append(take_turn(store, contestants[name], asked.records))
    text = table(turns, asked.records, asked.rounds)
    print(text)
    figures = asked.json or HERE / "results" / f"{dt.datetime.now(dt.UTC).date()}-protocol.json"
    figures.write_text(json.dumps(_as_json(turns), indent=1) + "\n")
    if asked.json is None:
        figures.with_suffix(".md").write_text(text + "\n")
    return 0


def take_turn(store: S3, contestant: Callable[[Any, int], None], records: int) -> Turn:
    """One turn in an empty bucket, through a client that counts."""
    store.empty()
    client = client_of(Aws(), S3Options(), LAKE_THREADS)
    counted: Counter[str] = Counter()
    client.meta.events.register("before-send.s3", lambda request, **_: counted.update([kind_of(request)]))
    lake = S3Lake(client, BUCKET)
    if contestant is rerun:
        run_whole(lake, records, None)
        counted.clear()
    wall, cpu = time.monotonic(), time.process_time()
    contestant(lake, records)
    turn = Turn(counted, time.process_time() - cpu, time.monotonic() - wall)
    client.close()
    return turn


def kind_of(request: Any) -> str:
    """PUT, GET, LIST, DELETE."""
    if request.method == "GET" and "list-type" in request.url:
        return "LIST"
    return str(request.method)


def put_alone(lake: S3Lake, records: int) -> None:
    """Each record under its key, and nothing else: no plan, no part, no manifest."""
    keys = RecordKeys("Things", DAY)
    with ThreadPoolExecutor(LAKE_THREADS) as pool:
        for done in pool.map(lambda id: lake.put_if_absent(keys.key("thing", str(id)), BODY, {}), range(records)):
            assert done


def job_for(lake: S3Lake, records: int, batch: Batch | None) -> Job:
    """A run of a source without a network, so that what is measured is landing."""

    def plan(ctx: Context) -> Iterator[Slice]:
        return (Slice(f"s{start:07d}", {"from": start}) for start in range(0, records, IN_A_SLICE))

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        start = slice.params["from"]
        yield from (Record("thing", id, BODY) for id in range(start, min(start + IN_A_SLICE, records)))

    return Job(
        config="things",
        source=Source("things", "Things", {}, plan, fetch),
        label="Things",
        settings={},
        date=DAY,
        lake=lake,
        transport=_no_network,
        open_file=_no_file,
        clock=SystemClock(),
        batch=batch,
        chance=random.Random(),
    )


def _no_file(uri: str) -> Any:
    raise AssertionError("this source reads no file")


def _no_network() -> Any:
    raise AssertionError("this source asks nobody")


def run_whole(lake: S3Lake, records: int, batch: Batch | None) -> None:
    report = run(job_for(lake, records, batch))
    assert (report.status.value, report.counts.records) == ("done", records), report


def rerun(lake: S3Lake, records: int) -> None:
    assert run(job_for(lake, records, None)).already_done


def table(turns: dict[str, list[Turn]], records: int, rounds: int) -> str:
    """Medians, and each beside putting alone."""
    alone = statistics.median(turn.cpu for turn in turns["put alone"])
    lines = [
        f"# What the protocol costs: {records:,} records of {len(BODY):,} bytes, S3 (moto), {rounds} rounds, medians",
        "",
        f"`python bench/protocol.py --records {records} --rounds {rounds}`, Python {sys.version.split()[0]}, "
        f"{os.cpu_count()} cores. CPU is the client's, user and system.",
        "",
        "| what | PUT | GET | LIST | DELETE | CPU s | CPU beside putting alone | wall s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, taken in turns.items():
        counts = taken[0].requests
        cpu, wall = (statistics.median(getattr(turn, what) for turn in taken) for what in ("cpu", "wall"))
        kinds = " | ".join(f"{counts[kind]:,}" for kind in ("PUT", "GET", "LIST", "DELETE"))
        lines.append(f"| {name} | {kinds} | {cpu:.2f} | {cpu / alone:.2f} times | {wall:.1f} |")
    return "\n".join(lines)


def _as_json(turns: dict[str, list[Turn]]) -> Any:
    return {name: [{"requests": turn.requests, "cpu": turn.cpu, "wall": turn.wall} for turn in taken]
            for name, taken in turns.items()}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
