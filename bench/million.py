"""How memory grows with the number of records: a whole run of pinned ids into a lake that keeps no record.

    python bench/million.py [--counts 10000 100000 1000000]

Each count is a process of its own. The lake keeps the framework's own files on disk and only counts records: what is
measured is what the run itself holds. Then a second process resumes the run after half of its parts were removed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest_core import Context, Record, Ref, Slice, Source
from ingest_core.clock import SystemClock
from ingest_core.lake import DiskLake, Stored
from ingest_core.run import Job, run

HERE = Path(__file__).parent
BODY = b'{"id":1,"title":"made up"}'


class CountingLake(DiskLake):
    """A folder for control files; of records it only says that they were not there."""

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        return key.startswith("Raw/") or super().put_if_absent(key, body, metadata)

    def get(self, key: str) -> Stored | None:
        return None if key.startswith("Raw/") else super().get(key)


def main() -> int:
    parser = argparse.ArgumentParser(description="Memory against the number of records.")
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], metavar="N")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one is not None:
        print(json.dumps(measure(asked.one, asked.folder)))
        return 0
    lines = [
        "# Memory against the number of records: pinned ids, parts, intents and manifest, no network",
        "",
        f"`python bench/million.py`, Python {sys.version.split()[0]}. Each run is a process of its own.",
        "",
        "| records | parts | run: RSS MB | CPU s | wall s | resumed at half: RSS MB | CPU s | wall s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for count in asked.counts:
        with tempfile.TemporaryDirectory(prefix="ingest-million-") as folder:
            whole = _measured(count, folder)
            parts = sorted(Path(folder).rglob("parts/*.json"))
            for part in parts[::2]:
                part.unlink()
            for left in [*Path(folder).rglob("manifest.json"), *Path(folder).rglob("state.json")]:
                left.unlink()
            half = _measured(count, folder)
        numbers = [f"{found['rss']:.0f} | {found['cpu']:.1f} | {found['wall']:.1f}" for found in (whole, half)]
        lines.append(f"| {count:,} | {len(parts):,} | {numbers[0]} | {numbers[1]} |")
        print(lines[-1], file=sys.stderr, flush=True)
    text = "\n".join(lines) + "\n"
    (HERE / "results" / f"{dt.datetime.now(dt.UTC).date()}-million.md").write_text(text)
    sys.stdout.write(text)
    return 0


def _measured(count: int, folder: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", str(count), "--folder", folder]
    done: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return done


def measure(count: int, folder: Path) -> dict[str, float]:
    """One run of `count` pinned ids."""

    def plan(ctx: Context) -> Iterator[Ref]:
        return (Ref("thing", id) for id in range(count))

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", id, BODY) for id in slice.ids)

    wall = time.monotonic()
    report = run(
        Job(
            config="things",
            source=Source("things", "Things", {}, plan, fetch),
            label="Things",
            settings={},
            date=dt.date(2026, 11, 23),
            lake=CountingLake(folder),
            transport=_no_network,
            open_file=_no_file,
            clock=SystemClock(),
            chance=random.Random(),
        )
    )
    assert (report.status.value, report.counts.records) == ("done", count), report
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"rss": used.ru_maxrss / 1000, "cpu": used.ru_utime + used.ru_stime, "wall": time.monotonic() - wall}


def _no_file(uri: str) -> Any:
    raise AssertionError("this source reads no file")


def _no_network() -> Any:
    raise AssertionError("this source asks nobody")


if __name__ == "__main__":
    sys.exit(main())
