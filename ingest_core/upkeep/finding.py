"""One id in the lake of a config: where its record lies, or what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import msgspec

from ingest_core.keys import ControlKeys
from ingest_core.lake import LAKE_THREADS, Lake
from ingest_core.run.parallel import ordered_map
from ingest_core.state import DAYS_LOOKED_BACK, History, Landed, Part, decode
from ingest_core.upkeep.records import Holding, bodies, holdings
from ingest_core.upkeep.relied import relied_on

# What counts where parts of one run tell several things of an id: a replay may have landed what was rejected.
_ORDER = ("record", "conflict", "missing", "rejected")


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a run says of one id of a stream.

    kind       "record": it lies in the lake · "conflict": another document was under its key, and was kept ·
               "missing": the API does not have it · "rejected": it is in the quarantine
    landed     of the first two; `holding` of a record
    reason     of the last two; `quarantine` is the key of what was rejected
    """

    date: dt.date
    run: str
    is_committed: bool
    slice: str
    stream: str
    kind: str
    landed: Landed | None = None
    holding: Holding | None = None
    reason: str = ""
    quarantine: str | None = None

    @property
    def line(self) -> int | None:
        """Which record of its file it is, from 1; None where it has an object of its own."""
        if self.landed is None or self.holding is None or self.holding.file is None:
            return None
        return self.holding.records.index(self.landed) + 1


def read_record(lake: Lake, sighting: Sighting) -> bytes:
    """The record's bytes, as they lie in the lake. Raises DamagedError where those are not what landed."""
    if sighting.holding is None:
        raise ValueError(f"a {sighting.kind} has no bytes")
    return bodies(lake, sighting.holding)[(sighting.line or 1) - 1]


def find(history: History, lake: Lake, id: str, day: dt.date | None = None, stream: str = "") -> list[Sighting]:
    """What is known of `id` on `day`, or from the newest day back to the one that has a record of it, newest first.

    Of each day one sighting a stream; only those of `stream` where it is given. Without `day`, no more than the newest
    31 days that have files are looked at. A day counts by its manifest; without one, what its run has landed so far.
    """
    found: list[Sighting] = []
    with ThreadPoolExecutor(LAKE_THREADS, "find") as pool:
        for each in [day] if day is not None else history.days()[:DAYS_LOOKED_BACK]:
            best: dict[str, Sighting] = {}
            for seen in _on(history, lake, pool, each, id):
                before = best.get(seen.stream)
                if stream in {"", seen.stream} and (
                    before is None or _ORDER.index(seen.kind) < _ORDER.index(before.kind)
                ):
                    best[seen.stream] = seen
            found += [best[name] for name in sorted(best)]
            if any(seen.kind == "record" for seen in best.values()):
                break
    return found


def _on(history: History, lake: Lake, pool: ThreadPoolExecutor, day: dt.date, id: str) -> Iterator[Sighting]:
    relied = relied_on(lake, history, day)
    if relied is None:
        return
    keys = relied.keys
    needle = msgspec.json.encode(id)

    def read_if_named(name: str) -> Part | None:
        """Most parts say nothing of the id, and need not be decoded to know that."""
        stored = lake.get(keys.part(name))
        return decode(stored.body, Part, keys.part(name)) if stored is not None and needle in stored.body else None

    for part in ordered_map(pool, read_if_named, relied.parts):
        if part is not None:
            yield from _in(part, keys, day, id, is_committed=relied.manifest is not None)


def _in(part: Part, keys: ControlKeys, day: dt.date, id: str, *, is_committed: bool) -> Iterator[Sighting]:
    def seen(stream: str, kind: str) -> Sighting:
        return Sighting(day, keys.run, is_committed, part.slice, stream, kind)

    for holding in holdings(part):
        for landed in holding.records:
            if landed.id == id:
                yield replace(seen(landed.stream, "record"), landed=landed, holding=holding)
    for landed in part.records:
        if landed.id == id and landed.outcome == "conflict":
            yield replace(seen(landed.stream, "conflict"), landed=landed)
    for absent in part.missing:
        if absent.id == id:
            yield replace(seen(absent.stream, "missing"), reason=absent.reason)
    for absent in part.rejected:
        if absent.id == id:
            yield replace(seen(absent.stream, "rejected"), reason=absent.reason, quarantine=absent.quarantine)
