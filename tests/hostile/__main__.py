"""`make hostile RESPONSES=100000 SHARE=0.2 SEED=1`: one long day of a hostile API, and where the key was seen."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from .canary import hits
from .catalog import Catalog
from .faults import ODD, TRANSIENT
from .programme import Verdict, perform

RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results"
TOKEN = "canary-7f3a-+~9b1c=d24e-ascii"
ANSWERS_A_THING = 1.16  # at a share of faults of 0.2: some answers are asked for again


def main() -> int:
    parser = argparse.ArgumentParser(prog="make hostile", description=__doc__)
    parser.add_argument("--responses", type=int, default=10_000, help="about how many answers")
    parser.add_argument("--share", type=float, default=0.2, help="how many of them have a fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="write the figures to bench/results")
    asked = parser.parse_args()
    engine = os.environ.get("INGEST_ENGINE", "default")
    catalog = Catalog(asked.seed, int(asked.responses / ANSWERS_A_THING), asked.share)
    with tempfile.TemporaryDirectory() as folder:
        verdict = perform(catalog, Path(folder) / "all", TOKEN, engine)
        searched, found = hits(Path(folder) / "all", TOKEN)
    verdict.problems += [f"the key was seen: {place}" for place in found]
    told = {**_figures(verdict), "canary": {"bytes searched": searched, "hits": len(found)}}
    about = {
        "command": f"make hostile RESPONSES={asked.responses} SHARE={asked.share} SEED={asked.seed}",
        "engine": engine,
        "day": dt.date.today().isoformat(),
        "machine": f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
    }
    text = "\n".join(_markdown(about, told))
    print(text)
    if asked.record:
        stem = f"{about['day']}-hostile" + ("" if engine == "default" else f"-{engine}")
        (RESULTS / f"{stem}.json").write_text(json.dumps({**about, **told}, indent=1) + "\n")
        (RESULTS / f"{stem}.md").write_text(text + "\n")
    return 1 if verdict.problems else 0


def _figures(verdict: Verdict) -> dict[str, Any]:
    faults = sum(verdict.sent.values()) - verdict.sent.get("sound", 0) - verdict.sent.get("a list page", 0)
    return {
        "responses": verdict.responses,
        "with a fault": faults,
        "runs until done": verdict.runs,
        "outcomes of ids": dict(verdict.outcomes),
        "problems": verdict.problems[:20],
        "seconds": round(verdict.seconds),
        "peak MB": round(verdict.peak_megabytes),
        "sent": verdict.sent,
        "by fault": {name: dict(outcomes) for name, outcomes in verdict.by_fault.items()},
    }


def _markdown(about: dict[str, str], told: dict[str, Any]) -> list[str]:
    lines = [
        "# A hostile API",
        "",
        f"{about['day']}, `{about['command']}`, engine {about['engine']}. {about['machine']}.",
        "",
        f"{told['responses']:,} answers, {told['with a fault']:,} of them with a fault; "
        f"done after {told['runs until done']} runs and {told['seconds']:,} s; {told['peak MB']} MB at most.",
        f"Landed against the server's log: {len(told['problems'])} differences. The key, in "
        f"{told['canary']['bytes searched']:,} bytes: {told['canary']['hits']} hits.",
        "",
        "| fault | answers | what became of the ids |",
        "|---|--:|---|",
    ]
    for fault in TRANSIENT:
        lines.append(f"| {fault.name} | {told['sent'].get(fault.name, 0):,} | asked for again |")
    for name in ("sound", *(fault.name for fault in ODD)):
        became = ", ".join(f"{count:,} {what}" for what, count in told["by fault"].get(name, {}).items())
        lines.append(f"| {name} | {told['sent'].get(name, 0):,} | {became} |")
    bad = told["outcomes of ids"].get("rejected: bad id", 0)
    lines.append(f"| ids that are none, in lists | {bad:,} | {bad:,} rejected |")
    return [*lines, *(f"- {problem}" for problem in told["problems"])]


if __name__ == "__main__":
    sys.exit(main())
