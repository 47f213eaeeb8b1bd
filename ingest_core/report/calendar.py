"""The days of every config in a lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import Executor

from ingest_core.errors import LakeError
from ingest_core.lake import Lake
from ingest_core.report.picture import Calendar, Day, Line
from ingest_core.run.parallel import ordered_map
from ingest_core.state import History, Manifest, Phase
from ingest_core.upkeep import Standings, everything, standings

CONFIGS = 40
UNREAD = "unread"


def first_day(today: dt.date, months: int) -> dt.date:
    """The first day of the oldest of so many months, this one included."""
    ordinal = today.year * 12 + today.month - months
    return dt.date(ordinal // 12, ordinal % 12 + 1, 1)


def read_calendar(
    lake: Lake, own: tuple[str, str], first: dt.date, last: dt.date, pool: Executor, is_over: Callable[[], bool]
) -> Calendar:
    """Two reads a day that is done. `own`, a label and a config, is the first line.

    The newest days of all configs are read first: where `is_over` says that time is up, the oldest are missing.
    """
    # Label and config of all that have files, and of `own`, whether it has any or not.
    found = list(dict.fromkeys([own, *((history.label, history.config) for history in everything(lake))]))
    shown = found[:CONFIGS]
    histories = {one: History(lake, *one) for one in shown}
    known = dict(zip(shown, ordered_map(pool, lambda one: histories[one].days(), shown), strict=True))
    wanted = sorted(
        ((one, day) for one in shown for day in known[one] if first <= day <= last),
        key=lambda pair: pair[1],
        reverse=True,
    )
    days: dict[tuple[str, str], dict[dt.date, Day]] = {one: {} for one in shown}
    sources: dict[tuple[str, str], str] = {}

    def read(pair: tuple[tuple[str, str], dt.date]) -> tuple[Day, str] | None:
        return None if is_over() else read_day(lake, histories[pair[0]], pair[1])

    for (one, date), answer in zip(wanted, ordered_map(pool, read, wanted), strict=True):
        day, source = answer or (Day(date, UNREAD), "")
        days[one][date] = day
        if source:
            sources.setdefault(one, source)
    lines = tuple(
        Line(
            label=one[0],
            config=one[1],
            source=sources.get(one, ""),
            began=min(known[one], default=None),
            days=days[one],
            unread=sum(day.standing == UNREAD for day in days[one].values()),
        )
        for one in shown
    )
    return Calendar(first, last, lines, len(found) - len(shown))


def read_day(lake: Lake, history: History, date: dt.date) -> tuple[Day, str]:
    """One day, and the name of its source. Files that this version does not know make a day "unreadable"."""
    try:
        state = history.state(date)
        if state is not None and state.phase is Phase.DONE:
            manifest, stands = history.manifest_of(date, state.generation), Standings("done")
        else:
            manifest = history.manifest(date)
            stands = standings(lake, history.keys(date), state, manifest)
        return _told(date, stands, manifest), "" if state is None else state.frozen.source
    except LakeError:
        return Day(date, "unreadable"), ""


def _told(date: dt.date, stands: Standings, manifest: Manifest | None) -> Day:
    if manifest is None:
        return Day(date, stands.own)
    totals = manifest.totals
    records, size, rejected = (totals.get(name, 0) for name in ("records", "bytes", "rejected"))
    return Day(date, stands.own, True, records, size, rejected, stands.anew)
