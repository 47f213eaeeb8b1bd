"""`make crash`: python -m crash [--kills 60] [--pairs 10] [--lake disk|s3] [--steps 1] [--whole 2000]
              [--commands] [--record]

Kills runs, lets pairs of runs meet, and judges the lake after each date. Exits 1 where anything was lost, doubled,
torn or left behind. With --record the figures go to bench/results/.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from crash.figures import Figures, sum_up
from crash.lane import DAYS, Lane
from crash.launch import Lease
from crash.report import write
from crash.series import Series, lines
from crash.servers import Api, api, s3
from crash.shelf import Folder, Shelf
from crash.site import Site
from crash.starts import Start, Warm, command

SHORT_LEASE = Lease(1.2)


def main() -> int:
    """Runs what the arguments ask for; returns the exit code."""
    asked = _arguments()
    logging.basicConfig(format="%(message)s", level="INFO")
    found: dict[str, Figures] = {}
    with api() as made_up, tempfile.TemporaryDirectory(prefix="crash-") as folder, _shelves(asked.lake) as shelf:
        lanes = Lanes(asked, made_up, Path(folder), shelf)
        if asked.kills:
            found["kills"] = _told(asked.lake, "kills", lanes.run(Series.kill, asked.kills))
        if asked.pairs:
            found["pairs"] = _told(asked.lake, "pairs", lanes.run(Series.pair, asked.pairs))
        if asked.steps:
            found["steps"] = _told(asked.lake, "steps", lanes.series(things=12, rows=8).step(asked.steps))
        if asked.whole:
            found["whole"] = _told(asked.lake, "whole", lanes.series(things=asked.whole, rows=0).whole(10))
    if asked.record:
        write(found, asked.lake, dt.datetime.now(dt.UTC).date())
    return 0 if all(figures.is_clean for figures in found.values()) else 1


class Lanes:
    """Series side by side, each with a lake and days of its own: on S3 they mostly wait for leases to run out."""

    def __init__(self, asked: argparse.Namespace, api: Api, folder: Path, shelf: Callable[[Path], Shelf]) -> None:
        self._asked = asked
        self._api = api
        self._folder = folder
        self._shelf = shelf
        self._start: Start = command if asked.commands else Warm()
        self._lease = None if asked.real_lease else SHORT_LEASE
        self._begun = 0

    def series(self, **sizes: int) -> Series:
        """One more."""
        folder = self._folder / str(self._begun)
        site = Site(folder, self._shelf(folder / "lake"), self._api, self._start, self._lease)
        lane = Lane(site, self._asked.seed + self._begun, **sizes, first=DAYS * self._begun)
        self._begun += 1
        return Series(lane)

    def run(self, work: Callable[[Series, int], Figures], count: int) -> Figures:
        """`count` shared out among the lanes; their figures added up."""
        lanes = min(self._asked.lanes or (1 if self._asked.lake == "disk" else 3), count)
        shares = [count // lanes + (number < count % lanes) for number in range(lanes)]
        with ThreadPoolExecutor(lanes) as pool:
            return sum_up(list(pool.map(work, [self.series() for _ in shares], shares)))


def _told(lake: str, name: str, figures: Figures) -> Figures:
    sys.stdout.writelines(f"{lake}, {name}: {line}\n" for line in lines(figures))
    sys.stdout.flush()
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=60, help="runs to kill at random moments")
    parser.add_argument("--pairs", type=int, default=10, help="pairs of runs of one date at once")
    parser.add_argument("--steps", type=int, default=0, metavar="STRIDE", help="kill at each I/O step (1), or each nth")
    parser.add_argument("--whole", type=int, default=0, help="records of one run that is killed ten times")
    parser.add_argument("--lake", choices=["disk", "s3"], default="disk")
    parser.add_argument("--lanes", type=int, default=0, help="series side by side: 1 on disk, 3 on S3")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commands", action="store_true", help="start the command itself, not forks of a warm process")
    parser.add_argument("--real-lease", action="store_true", help="on S3, keep the lease of 90 s")
    parser.add_argument("--record", action="store_true", help="write the figures to bench/results/")
    return parser.parse_args()


@contextmanager
def _shelves(lake: str) -> Iterator[Callable[[Path], Shelf]]:
    """What makes a new, empty lake."""
    if lake == "disk":
        yield Folder
        return
    with s3() as server:
        yield lambda _: server.shelf()


if __name__ == "__main__":
    sys.exit(main())
