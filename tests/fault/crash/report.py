"""Figures as files: JSON for programs, Markdown for people. No path of this machine is in them."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from importlib.metadata import version

from crash.figures import FAULTS, Figures
from crash.servers import S3_VARIABLE
from crash.starts import HERE

RESULTS = HERE.parents[1] / "bench" / "results"


def write(found: Mapping[str, Figures], lake: str, day: dt.date) -> None:
    """Writes both, named after the day, the lake and what was done."""
    server = "" if lake == "disk" else ", moto" if not os.environ.get(S3_VARIABLE) else ", a second S3"
    command = shlex.join(["PYTHONPATH=tests/fault", "python", "-m", "crash", *sys.argv[1:]])
    about = {
        "command": command,
        "day": day.isoformat(),
        "lake": f"{lake}{server}",
        "machine": f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} CPUs, boto3 {version('boto3')}",
    }
    told = {**about, **{name: figures.as_json() for name, figures in found.items()}}
    stem = f"{day.isoformat()}-crash-{lake}{'-second' if 'second' in server else ''}-{'-'.join(found)}"
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{stem}.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    (RESULTS / f"{stem}.md").write_text(_markdown(about, found))


def _markdown(about: Mapping[str, str], found: Mapping[str, Figures]) -> str:
    rows = [
        ("kills (`SIGKILL`)", "kills"),
        ("pairs of runs at once", "pairs"),
        ("dates", "dates"),
        ("records", "records"),
    ]
    rows += [(name.replace("_", " "), name) for name in FAULTS]
    rows += [("requests to the API", "requests"), ("of them made twice", "requests made twice")]
    told = {name: figures.as_json() for name, figures in found.items()}
    table = [f"| | {' | '.join(told)} |", f"|---|{'--:|' * len(told)}"]
    table += [f"| {title} | {' | '.join(f'{one[key]:,}' for one in told.values())} |" for title, key in rows]
    for kind in ("median", "p95", "most"):
        spreads = (one["seconds to take over"].get(kind, "") for one in told.values())
        table.append(f"| seconds to take over after a kill, {kind} | {' | '.join(map(str, spreads))} |")
    exits = [
        f"- {name}: {', '.join(f'{code}: {count}' for code, count in one['exit codes'].items())}"
        for name, one in told.items()
    ]
    return "\n".join(
        [
            f"# Real crashes: {about['lake']}",
            "",
            f"{about['day']}, `{about['command']}`. {about['machine']}.",
            "",
            "Real `ingest run` processes over HTTP. Each date is judged when it is done, against what the API sent.",
            "",
            *table,
            "",
            "Exit codes of runs that ended by themselves:",
            "",
            *exits,
            "",
        ]
    )
