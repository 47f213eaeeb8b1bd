"""`make crash`: python -m crash [--kills 60] [--pairs 10] [--lake disk|s3] [--whole 2000] [--commands] [--record]

Kills runs, lets pairs of runs meet, and judges the lake after each date. Exits 1 where anything was lost, doubled,
torn or left behind. With --record the figures go to bench/results/.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crash.figures import Figures
from crash.launch import Lease
from crash.report import write
from crash.series import DAYS, Series, lines
from crash.servers import api, s3
from crash.shelf import Folder, Shelf
from crash.site import Site
from crash.starts import Start, Warm, command

SHORT_LEASE = Lease(1.2)


def main() -> int:
    """Runs what the arguments ask for; returns the exit code."""
    asked = _arguments()
    start: Start = command if asked.commands else Warm()
    lease = None if asked.real_lease else SHORT_LEASE
    found: dict[str, Figures] = {}
    with api() as made_up, tempfile.TemporaryDirectory(prefix="crash-") as folder, _shelf(asked.lake, folder) as shelf:

        def series(name: str, **sizes: int) -> Series:
            # Each begins on days of its own: they share the lake.
            site = Site(Path(folder) / name, shelf, made_up, start, lease)
            return Series(site, asked.seed, **sizes, first=DAYS * len(found))

        if asked.kills:
            found["kills"] = _told(asked.lake, "kills", series("kills").kill(asked.kills))
        if asked.pairs:
            found["pairs"] = _told(asked.lake, "pairs", series("pairs").pair(asked.pairs))
        if asked.whole:
            whole = series("whole", things=asked.whole, rows=0).whole(10)
            found["whole"] = _told(asked.lake, "whole", whole)
    if asked.record:
        write(found, asked.lake, dt.datetime.now(dt.UTC).date())
    return 0 if all(figures.is_clean for figures in found.values()) else 1


def _told(lake: str, name: str, figures: Figures) -> Figures:
    sys.stdout.writelines(f"{lake}, {name}: {line}\n" for line in lines(figures))
    sys.stdout.flush()
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=60, help="runs to kill at random moments")
    parser.add_argument("--pairs", type=int, default=10, help="pairs of runs of one date at once")
    parser.add_argument("--whole", type=int, default=0, help="records of one run that is killed ten times")
    parser.add_argument("--lake", choices=["disk", "s3"], default="disk")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commands", action="store_true", help="start the command itself, not forks of a warm process")
    parser.add_argument("--real-lease", action="store_true", help="on S3, keep the lease of 90 s")
    parser.add_argument("--record", action="store_true", help="write the figures to bench/results/")
    return parser.parse_args()


@contextmanager
def _shelf(lake: str, folder: str) -> Iterator[Shelf]:
    if lake == "disk":
        yield Folder(Path(folder) / "lake")
        return
    with s3() as server:
        bucket = server.shelf()
        yield bucket
        bucket.close()


if __name__ == "__main__":
    sys.exit(main())
