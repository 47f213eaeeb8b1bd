"""What lies in a lake, by config, day and stream: in numbers, as the parts of its runs say."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

from ingest_core.keys import labels_root
from ingest_core.lake import Lake
from ingest_core.run.parallel import ordered_map
from ingest_core.state import History, Manifest, Part, RunStore, histories
from ingest_core.upkeep.overview import standings
from ingest_core.upkeep.records import holdings
from ingest_core.upkeep.relied import relied_on

DAYS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Amount:
    """Of one stream on one day: records, the objects they lie in, and the bytes of those."""

    stream: str
    records: int
    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DayContents:
    """One day of one config.

    standing      of `run`, as `ingest runs` has it; `anew` of another one that was begun after a committed one
    is_committed  readers may rely on it; else the amounts are those of the slices that are closed so far
    is_pruned     its parts are gone: the one amount, of no stream, is the manifest's, its objects unknown (0)
    """

    label: str
    config: str
    source: str
    date: dt.date
    run: str
    standing: str
    is_committed: bool
    is_pruned: bool
    amounts: tuple[Amount, ...]
    missing: int = 0
    rejected: int = 0
    anew: str = ""


def everything(lake: Lake) -> list[History]:
    """Every config that has files in the lake, whether a YAML of it is at hand or not."""
    return [history for label in lake.folders(labels_root()) for history in histories(lake, label)]


def contents(
    lake: Lake, history: History, days: Iterable[dt.date], pool: Executor, on_part: Callable[[], None] = lambda: None
) -> Iterator[DayContents]:
    """What these days hold, in that order. Reads their parts by `pool`, and no record; `on_part` is called at each."""

    def look(day: dt.date) -> DayContents | None:
        return _on(lake, history, day, pool, on_part)

    with ThreadPoolExecutor(DAYS_AT_ONCE, "days") as days_pool:
        yield from filter(None, ordered_map(days_pool, look, days, ahead=2 * DAYS_AT_ONCE))


def _on(lake: Lake, history: History, day: dt.date, pool: Executor, on_part: Callable[[], None]) -> DayContents | None:
    relied = relied_on(lake, history, day)
    if relied is None:
        return None
    keys, manifest, state = relied.keys, relied.manifest, relied.state
    tally = _Tally()
    for part in ordered_map(pool, RunStore(lake, keys).read_part, relied.parts):
        if part is not None:
            tally.add(part)
            on_part()
    is_pruned = manifest is not None and tally.parts < len(relied.parts)
    stands = standings(lake, keys, state, manifest)
    return DayContents(
        label=keys.label,
        config=keys.config,
        source=manifest.source if manifest is not None else state.frozen.source if state is not None else "",
        date=day,
        run=keys.run,
        standing=stands.own,
        is_committed=manifest is not None,
        is_pruned=is_pruned,
        amounts=_as_committed(manifest) if manifest is not None and is_pruned else tally.amounts(),
        missing=tally.missing if manifest is None else manifest.totals.get("missing", 0),
        rejected=tally.rejected if manifest is None else manifest.totals.get("rejected", 0),
        anew=stands.anew,
    )


def _as_committed(manifest: Manifest) -> tuple[Amount, ...]:
    return (Amount("", manifest.totals.get("records", 0), 0, manifest.totals.get("bytes", 0)),)


class _Tally:
    """Sums parts, a number for each stream."""

    def __init__(self) -> None:
        self.parts = self.missing = self.rejected = 0
        self._records: Counter[str] = Counter()
        self._objects: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def add(self, part: Part) -> None:
        self.parts += 1
        self.missing += len(part.missing)
        self.rejected += len(part.rejected)
        for holding in holdings(part):
            if holding.records:
                stream = holding.records[0].stream  # a file of many records has one stream
                self._records[stream] += len(holding.records)
                self._objects[stream] += 1
                self._bytes[stream] += holding.records[0].bytes if holding.file is None else holding.file.bytes

    def amounts(self) -> tuple[Amount, ...]:
        return tuple(
            Amount(stream, count, self._objects[stream], self._bytes[stream])
            for stream, count in sorted(self._records.items())
        )
