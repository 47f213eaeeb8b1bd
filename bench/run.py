"""`ingest run tmdb` side by side with the script of today and other tools: python bench/run.py [--scenario cpu …]

Everybody takes turns within each round, in an order that rotates, against the same servers; after every turn all that
landed is compared with what the API sent. The table goes to standard output, and with all figures as JSON to
bench/results/; with --json the figures go to that file and nothing to bench/results/.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contest import CONTESTANTS, HERE, OURS
from environments import Peer, prepare
from scenarios import Bench, CannotMeasureError, Measured, say
from table import markdown
from targets import targets

SCENARIOS = ("cpu", "limited", "latency", "rounds", "large")
PACKAGES = ("ingest-core", "requests", "urllib3", "boto3", "pycurl")


def main() -> int:
    """Measures, prints, writes. Returns 1 where anything of ours was lost or altered."""
    parser = argparse.ArgumentParser(prog="bench/run.py", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--records", type=int, default=2000, metavar="N", help="records without a limit (2000)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of each contestant (3)")
    parser.add_argument("--scenario", nargs="+", choices=SCENARIOS, default=SCENARIOS, help="which ones (all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="figures into FILE, nothing into bench/results/")
    asked = parser.parse_args()
    if asked.records < 100 or asked.rounds < 1:
        parser.error("--records is at least 100, --rounds at least 1")
    began, day = time.monotonic(), dt.datetime.now(dt.UTC).date()
    peers = {name: prepare(name) for name in sorted({each.peer for each in CONTESTANTS if each.peer})}
    absent = [f"{peer.versions}: {peer.absent}" for peer in peers.values() if peer.absent]
    scenarios, bench = [], Bench(asked.records, asked.rounds, peers)
    for name in asked.scenario:
        say(name)
        try:
            scenarios.append(getattr(bench, name)())
        except CannotMeasureError as error:
            absent.append(f"{name}: {error}")
    command = f"python bench/run.py --records {asked.records} --rounds {asked.rounds}"
    if tuple(asked.scenario) != SCENARIOS:
        command += f" --scenario {' '.join(asked.scenario)}"
    machine = _machine(day, scenarios, peers)
    text = markdown(_facts(command, time.monotonic() - began, machine, absent), targets(scenarios), scenarios)
    sys.stdout.write(text)
    name = "-".join(["bench", *(asked.scenario if tuple(asked.scenario) != SCENARIOS else [])])
    figures = asked.json or HERE / "results" / f"{day}-{name}.json"
    figures.parent.mkdir(parents=True, exist_ok=True)
    whole = {**machine, "command": command, "absent": absent, "scenarios": [one.as_json() for one in scenarios]}
    figures.write_text(json.dumps(whole, indent=1) + "\n")
    if asked.json is None:
        figures.with_suffix(".md").write_text(text)
    ours = [turn for scenario in scenarios for each in OURS for turn in scenario.of(each.name)]
    return int(any(turn.exit or turn.landed.identical < turn.landed.expected for turn in ours))


def _machine(day: dt.date, scenarios: Sequence[Measured], peers: dict[str, Peer]) -> dict[str, Any]:
    loads = [turn.load for scenario in scenarios for turn in scenario.turns]
    return {
        "date": day.isoformat(),
        "commit": _commit(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_model(),
        "cpus": len(os.sched_getaffinity(0)),
        "load": [min(loads, default=0.0), max(loads, default=0.0)],
        "versions": {name: version(name) for name in PACKAGES},
        "peers": {peer.name: peer.versions for peer in peers.values()},
    }


def _commit() -> str:
    """What was measured; empty outside a repository."""
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False).stdout.strip()


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _facts(command: str, seconds: float, machine: dict[str, Any], absent: Sequence[str]) -> list[str]:
    packages = " · ".join(f"{name} {number}" for name, number in machine["versions"].items())
    peers = " · ".join(machine["peers"].values())
    return [
        f"{machine['date']}, `{command}`, {seconds:.0f} s in all, at {machine['commit']}. "
        f"Python {machine['python']}, {machine['system']}, "
        f"{machine['cpus']} CPUs ({machine['cpu']}), load {machine['load'][0]:.1f} to {machine['load'][1]:.1f}. "
        f"{packages}. Peers: {peers}.",
        "",
        "Interleaved, medians. CPU is user and system of all processes that do the work, start-up included, with its "
        "least and most in brackets: where these are far apart, the machine was busy. RSS is that of the largest "
        "process. Lost and byte-identical are of the worst round.",
        *(["", "Absent: " + "; ".join(absent)] if absent else []),
    ]


if __name__ == "__main__":
    sys.exit(main())
