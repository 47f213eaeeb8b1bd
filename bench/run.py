"""`ingest run tmdb` side by side with the script of today: python bench/run.py [--records 2000] [--rounds 3]

All contestants take turns within each round, in an order that rotates, against one simulator of TMDB in a process of
its own, warmed up before. After every turn all that landed is compared with the simulator's oracle.

The table goes to standard output, and with all figures as JSON to bench/results/; with --json the figures go to that
file and nothing to bench/results/.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from contest import CONNECTIONS, CONTESTANTS, ENGINES, HERE, Task, Turn, take_turn
from ingest_source_tmdb.simulator import Options, Simulator
from landed import Print, bodies_of, truth
from script_of_today import APPEND
from servers import Api, quick_s3, simulator
from static_api import is_there, static_api
from table import Scenario, markdown

SEED = 1
UNLIMITED = 10_000
LIMITED_RECORDS = 200
RATE = 40
LATENCY = 0.1

DISK = (
    "No latency, no rate limit. The API shares the cores with the contestant: read the CPU first, wall second. Ours "
    "also checks every body, flushes every file to the disk and keeps provenance and a manifest; the script does "
    "none of it."
)
CLOUD = (
    "An S3 that answers from memory, conditional writes included (`bench/quick_s3.py`), and the API's answers from "
    "{api}. Both share the cores with the contestant: read the CPU. Ours also puts conditionally, keeps provenance, "
    "intents, parts and a manifest; the script does none of it."
)
LIMITED = (
    f"{RATE} requests a second and {LATENCY} s for each answer; a simulator of its own for each turn, one round. Ours "
    f"has `rate: {RATE}`; the script sleeps Retry-After (else 1 s) after a 429 and tries again. The ideal is records ÷ "
    "rate; the simulator's bucket starts with one second's worth, so who bursts, and is then refused, can beat it."
)


def main() -> int:
    """Measures, prints, writes. Returns 1 where anything of ours was lost or altered."""
    parser = argparse.ArgumentParser(prog="bench/run.py", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--records", type=int, default=2000, metavar="N", help="records without a limit (2000)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of each contestant (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="figures into FILE, nothing into bench/results/")
    asked = parser.parse_args()
    if min(asked.records, asked.rounds) < 1:
        parser.error("--records and --rounds are at least 1")
    began, day = time.monotonic(), dt.datetime.now(dt.UTC).date()
    scenarios = measure(asked.records, asked.rounds)
    facts = _facts(day, asked.records, asked.rounds, time.monotonic() - began)
    text = markdown(facts, scenarios)
    sys.stdout.write(text)
    figures = asked.json or HERE / "results" / f"{day}-first.json"
    figures.parent.mkdir(parents=True, exist_ok=True)
    figures.write_text(json.dumps(_as_json(day, scenarios), indent=1) + "\n")
    if asked.json is None:
        figures.with_suffix(".md").write_text(text)
    ours = [turn for scenario in scenarios for turn in scenario.turns if turn.contestant in ENGINES]
    return int(any(turn.exit or turn.landed.identical < turn.landed.expected for turn in ours))


def measure(records: int, rounds: int) -> list[Scenario]:
    """Every scenario, each contestant in each."""
    movies = max(Options.movies, records, LIMITED_RECORDS)
    ids = range(1, max(records, LIMITED_RECORDS) + 1)
    _say("asking the oracle")
    bodies = bodies_of(Simulator(Options(seed=SEED, movies=movies)), ids, APPEND)
    true = truth(bodies)
    with _quick_api(bodies, records, movies) as (api, kind), quick_s3() as store:
        disk = Task(api, _first(true, records), UNLIMITED)
        cloud = replace(disk, s3=store)
        remark = CLOUD.format(api=kind)
        scenarios = [_free("Into S3", remark, cloud, rounds), _free("Into a folder", DISK, disk, rounds)]
    limited = _first(true, LIMITED_RECORDS)
    turns = _rounds(1, lambda contestant: _limited_turn(contestant, limited, movies))
    title = f"Into a folder, at {RATE} requests a second"
    return [*scenarios, Scenario(title, LIMITED, LIMITED_RECORDS, turns, rate=RATE)]


@contextmanager
def _quick_api(bodies: Mapping[str, bytes], records: int, movies: int) -> Iterator[tuple[Api, str]]:
    """nginx where it is installed, else the simulator; and what it is called."""
    if is_there():
        with static_api(bodies) as api:
            yield api, "nginx"
        return
    with simulator(seed=SEED, movies=movies) as api:
        _say("no nginx here: warming the simulator up")
        api.warm_up([int(id) for id in bodies][:records], APPEND)
        yield api, "the simulator"


def _free(title: str, remark: str, task: Task, rounds: int) -> Scenario:
    """Turns as fast as they go, and turns of one record. What comes first only fills caches (.pyc, pages)."""
    one = replace(task, true=_first(task.true, 1))
    for contestant in CONTESTANTS:
        take_turn(contestant, one)
    _say(title)
    starts = _rounds(rounds, lambda contestant: take_turn(contestant, one))
    turns = _rounds(rounds, lambda contestant: take_turn(contestant, task))
    return Scenario(f"{title}: {len(task.true):,} records", remark, len(task.true), turns, starts)


def _rounds(rounds: int, turn: Callable[[str], Turn]) -> list[Turn]:
    """Interleaved, and nobody always goes first."""
    turns = []
    for number in range(rounds):
        first = number % len(CONTESTANTS)
        for contestant in (*CONTESTANTS[first:], *CONTESTANTS[:first]):
            turns.append(turn(contestant))
            _say(f"  round {number + 1}, {contestant}: {turns[-1].wall:.2f} s, CPU {turns[-1].cpu:.2f} s")
    return turns


def _limited_turn(contestant: str, true: Mapping[str, Print], movies: int) -> Turn:
    """Refused is what the simulator served beyond what was needed: nobody asks twice but for a 429."""
    with simulator(seed=SEED, movies=movies, rate=RATE, latency=LATENCY) as api:
        turn = take_turn(contestant, Task(api, true, RATE))
    return replace(turn, refused=api.served - (len(true) - turn.landed.lost))


def _facts(day: dt.date, records: int, rounds: int, seconds: float) -> Sequence[str]:
    cores = len(os.sched_getaffinity(0))
    packages = " · ".join(f"{name} {version(name)}" for name in ("requests", "urllib3", "boto3", "obstore"))
    return [
        f"{day}, `python bench/run.py --records {records} --rounds {rounds}`, {seconds:.0f} s in all. "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {cores} CPUs · {packages}.",
        "",
        f"The same TMDB details (`append_to_response={APPEND}`) by id, interleaved; medians. CPU is user + system of "
        f"the process that does the work, start-up included, with its least and most in brackets: where these are far "
        f"apart, the machine was busy. Ours has `connections: {CONNECTIONS}`. Lost and byte-identical are of the worst "
        "round; the script parses and writes anew, which escapes what is not ASCII and shortens numbers (12.340).",
    ]


def _as_json(day: dt.date, scenarios: Sequence[Scenario]) -> dict[str, Any]:
    return {
        "date": day.isoformat(),
        "python": platform.python_version(),
        "cpus": len(os.sched_getaffinity(0)),
        "versions": {name: version(name) for name in ("ingest-core", "requests", "urllib3", "boto3", "obstore")},
        "scenarios": [
            {
                "title": scenario.title,
                "records": scenario.records,
                "rate": scenario.rate,
                "starts": [turn.as_json() for turn in scenario.starts],
                "turns": [turn.as_json() for turn in scenario.turns],
            }
            for scenario in scenarios
        ],
    }


def _first(true: Mapping[str, Print], count: int) -> dict[str, Print]:
    return dict(islice(true.items(), count))


def _say(text: str) -> None:
    with suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
