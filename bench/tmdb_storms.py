"""An API that refuses: 429 without Retry-After, for whoever is faster than it likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ingest_source_tmdb.simulator import Options, Simulator
from tmdb_runs import home, require

RECORDS = 1_000


def storms() -> Iterator[str]:
    """`rate: 40`, against APIs that allow 40, 30, 20 and 10 a second."""
    yield f"## 429 without Retry-After: {RECORDS:,} details at `rate: 40`"
    yield ""
    yield "| the API allows | requests | refused with 429 | share refused | seconds | N ÷ what is allowed | landed |"
    yield "|---|---|---|---|---|---|---|"
    for allowed in (40, 30, 20, 10):
        with Simulator(Options(rate=allowed)) as simulator, home(simulator) as place:
            place.configure([{"ids": list(range(1, RECORDS + 1)), "as": "movie"}], settings={}, layout="batch")
            report, _ = place.run()
            statuses = Counter(entry.status for entry in simulator.log)
            require(report["status"] == "done" and report["counts"]["records"] == RECORDS, str(report["error"]))
            require(report["counts"]["throttled"] == statuses[429], "the report counts every refusal")
            total, seconds = len(simulator.log), report["seconds"]
            yield (
                f"| {allowed}/s | {total:,} | {statuses[429]} | {100 * statuses[429] / total:.1f} % | {seconds:.1f} | "
                f"{RECORDS / allowed:.1f} s | {report['counts']['records']:,} |"
            )
