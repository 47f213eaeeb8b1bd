"""One bad answer among twenty: what becomes of it, and of its neighbours, here, in dlt and in a Singer tap.

    .venv/bin/python bench/hostile_peers.py --dlt DLT_PYTHON --singer SINGER_PYTHON

The server of `make hostile` answers for twenty things; the seventh has one fault, for good or in its first two answers.
Each tool asks for all of them by its own means, once. The peers run in environments of their own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.hostile.catalog import ODD_ONE, Catalog  # noqa: E402 -- after its path
from tests.hostile.faults import MISSING, ODD, REJECTED, TRANSIENT  # noqa: E402
from tests.hostile.programme import perform, serving  # noqa: E402

THINGS = 20
LONGEST_SECONDS = 60.0
CHOSEN = (
    "503", "429, Retry-After of years", "reset after the headers", "reset inside the headers",
    "cut short of its Content-Length", "a body that drips", "100 Continue for ever",
    "duplicate keys", "an escaped lone surrogate", "HTML with status 200", "malformed JSON", "NaN", "a BOM",
    "an empty body", "a gzip bomb", "a redirect to another port", "404",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--dlt", required=True)
    parser.add_argument("--singer", required=True)
    asked = parser.parse_args()
    print("| the seventh of twenty | ingest_core | dlt | Singer tap |\n|---|---|---|---|")
    for name in CHOSEN:
        catalog = Catalog(1, THINGS, 0.0, name)
        peers = [_peer(catalog, python, script) for python, script in ((asked.dlt, "dlt"), (asked.singer, "singer"))]
        print(f"| {name} | {_ours(catalog)} | {' | '.join(peers)} |", flush=True)


def _ours(catalog: Catalog) -> str:
    with tempfile.TemporaryDirectory() as folder:
        verdict = perform(catalog, Path(folder) / "all", "no-key-of-anybody", timeout="20s")
    if verdict.problems:
        return "; ".join(verdict.problems)
    odd = next(iter(verdict.by_fault.get(catalog.only, {"landed": 1})))
    asked = THINGS - 1
    others = sum(sum(outcomes.values()) for name, outcomes in verdict.by_fault.items() if name == "sound")
    landed = others if catalog.only in {fault.name for fault in ODD} else others - 1
    runs = f", after {verdict.runs} runs" if verdict.runs > 1 else ""
    return f"{odd}; {landed} of {asked} others landed{runs}"


def _peer(catalog: Catalog, python: str, script: str) -> str:
    command = [python, str(HERE / "peers" / f"hostile_{script}.py")]
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
    with tempfile.TemporaryDirectory() as folder, serving(catalog) as url:
        try:
            ended = subprocess.run(
                [*command, url, str(THINGS)],  # the id 0 is no name: theirs begin at 1
                cwd=folder,
                env={**os.environ, **quiet},
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"still at it after {LONGEST_SECONDS:.0f} s"
    ids = Counter(ended.stdout.split())
    doubled = sum(count - 1 for count in ids.values())
    becomes = {fault.name: fault.becomes for fault in (*ODD, *TRANSIENT)}[catalog.only]
    landed = ids.pop(ODD_ONE, 0)
    odd = "landed" if landed else "no record" if becomes in {MISSING, REJECTED} else "lost"
    stopped = "" if ended.returncode == 0 else f"; stopped: {_why(ended.stderr)}"
    return f"{odd}; {len(ids)} of {THINGS - 2} others landed{f', {doubled} doubled' if doubled else ''}{stopped}"


def _why(said: str) -> str:
    """The name of the last exception."""
    named = [line.split(":")[0].split(".")[-1] for line in said.splitlines() if line[:1].isalpha() and "Error" in line]
    return named[-1][:40] if named else "without a word"


if __name__ == "__main__":
    main()
