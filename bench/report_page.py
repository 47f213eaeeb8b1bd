"""What a page of `ingest report` weighs, and what it costs: reads of the lake, seconds, and what a run pays for it.

    .venv/bin/python bench/report_page.py

The lakes are made up (tests/report/made_up.py) and lie on a disk; what S3 would add is the reads, sixteen at a time.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/report"))

from made_up import NOW, TODAY, detailed, fill

from ingest_core.api import Meter
from ingest_core.lake.disk import DiskLake
from ingest_core.lake.port import Stored
from ingest_core.report import Subject, page, read_picture

TIMES = 7
EVENTS = 200_000


class CountedLake(DiskLake):
    """A folder that counts what is read of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.reads: Counter[str] = Counter()

    def get(self, key: str) -> Stored | None:
        self.reads["records" if key.startswith("Raw/") else "control files"] += 1
        return super().get(key)


def main() -> None:
    print("lake                        bytes   read s  write s  CPU s  reads")
    for name, days, configs in (("1 day of one config", 1, 1), ("a year of five configs", 365, 5)):
        with tempfile.TemporaryDirectory() as home:
            lake = CountedLake(Path(home))
            fill(lake, days, configs)
            subject = Subject(lake, "TMDB", "tmdb", "tmdb", detailed(lake), TODAY, NOW)
            told = [_made(subject, lake) for _ in range(TIMES)]
            reading, writing, cpu = (
                statistics.median(numbers) for numbers in zip(*(one[1] for one in told), strict=True)
            )
            reads = ", ".join(f"{number:,} {kind}" for kind, number in sorted(lake.reads.items()))
            print(f"{name:<25} {told[0][0]:>7,} {reading:>8.2f} {writing:>8.2f} {cpu:>6.2f}  {reads}")
    print()
    for what, seconds in (("a request", _exchange()), ("a record", _landing())):
        print(f"counting {what:<9} costs a run {1e6 * seconds:.2f} µs of CPU")


def _made(subject: Subject, lake: CountedLake) -> tuple[int, tuple[float, float, float]]:
    lake.reads.clear()
    began, cpu = time.perf_counter(), time.process_time()
    picture = read_picture(subject)
    read = time.perf_counter()
    document = page(picture)
    return len(document.encode()), (read - began, time.perf_counter() - read, time.process_time() - cpu)


def _exchange() -> float:
    meter = Meter()

    def one() -> None:
        meter.answered(meter.sent(is_retry=False))

    return min(_timed(one) for _ in range(TIMES))


def _landing() -> float:
    return min(_timed(Meter().landed) for _ in range(TIMES))


def _timed(call: Callable[[], None]) -> float:
    began = time.process_time()
    for _ in range(EVENTS):
        call()
    return (time.process_time() - began) / EVENTS


if __name__ == "__main__":
    main()
