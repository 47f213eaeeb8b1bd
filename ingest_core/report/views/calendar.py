"""The calendar: a row a month, a cell a day, a table a config."""

from __future__ import annotations

import calendar as months
import datetime as dt
import itertools
import statistics
from collections.abc import Iterator

from ingest_core import figures
from ingest_core.report.markup import Html
from ingest_core.report.picture import Calendar, Day, Line
from ingest_core.report.views.words import anew

LEVELS = 4
NAMED = 40
# What a day is to be looked at for. Its cell has a pattern of its own beside its colour.
_CELLS = {"running": "r", "unread": "q", "unreadable": "u", "trial": "t", "given up": "t"}
_OPEN = {"unfinished", "interrupted", "unreadable"}
_NO_TROUBLE = {"", "running", "trial"}
_LEGEND = [
    ("a0", "landed, empty"),
    ("a2 w", "some rejected, or a newer run unfinished"),
    ("u", "not finished"),
    ("r", "under way"),
    ("g", "no run"),
    ("t", "trial, or given up"),
]


def calendar(told: Calendar) -> Html:
    """Every config, the newest month first."""
    more = f"{figures.many(told.left_out, 'config')} more in this lake." if told.left_out else ""
    return Html(
        "section",
        Html("h2", "Calendar", id="calendar"),
        _legend(),
        (_line(line, told) for line in told.lines),
        Html("p", more, class_="soft") if more else None,
        aria_labelledby="calendar",
    )


def _legend() -> Html:
    scale = Html("li", "fewer records", (Html("i", class_=f"key a{level}") for level in range(1, LEVELS + 1)), "more")
    others = (Html("li", Html("i", class_=f"key {kind}"), words) for kind, words in _LEGEND)
    return Html("ul", scale, others, class_="legend")


def _line(line: Line, told: Calendar) -> Html:
    name = Html("h3", Html("bdi", figures.cut(line.config, 64)), " ", Html("span", line.label, class_="soft"))
    if line.began is None:
        return Html("div", name, Html("p", "No run yet.", class_="soft"), class_="line")
    gaps = list(_gaps(line, told))
    looked_at = [(day.date, _trouble(day)) for day in line.days.values() if _trouble(day)]
    looked_at = sorted([*looked_at, *((gap, "no run") for gap in gaps)], reverse=True)
    top = max((day.records for day in line.days.values()), default=0)
    rows = [_month(first, line, set(gaps), top) for first in _months(line.began, told)]
    head = Html(
        "tr",
        Html("td"),
        (Html("th", number, scope="col") for number in range(1, 32)),
        Html("th", "records", scope="col"),
    )
    return Html(
        "div",
        name,
        Html("p", _summary(line, gaps), class_="soft"),
        Html(
            "table",
            Html("caption", f"{line.config}, day by day"),
            Html("thead", head),
            Html("tbody", rows),
            class_="days",
        ),
        _looked_at(looked_at),
        class_="line",
    )


def _summary(line: Line, gaps: list[dt.date]) -> str:
    landed = [day for day in line.days.values() if day.is_committed]
    rejected = sum(bool(day.rejected) for day in landed)
    open_days = sum(not _OPEN.isdisjoint({day.standing, day.anew}) for day in line.days.values())
    parts = [f"{figures.many(len(landed), 'day')} landed, {figures.size(sum(day.bytes for day in landed))}"]
    parts += [figures.many(len(gaps), "day") + " without a run"] if gaps else []
    parts += [f"{figures.count(open_days)} not finished"] if open_days else []
    parts += [f"{figures.count(rejected)} with rejected records"] if rejected else []
    parts += [f"{figures.count(line.unread)} not looked at, for want of time"] if line.unread else []
    return " · ".join(parts)


def _looked_at(days: list[tuple[dt.date, str]]) -> Html | None:
    if not days:
        return None
    more = f"and {len(days) - NAMED} more, further back" if len(days) > NAMED else ""
    named = [Html("li", Html("time", date.isoformat()), f" {words}") for date, words in days[:NAMED]]
    return Html(
        "details",
        Html("summary", f"{figures.many(len(days), 'day')} to look at"),
        Html("ul", named, Html("li", more) if more else None, class_="columns"),
    )


def _trouble(day: Day) -> str:
    """What a day is to be looked at for; nothing where it landed whole, or is landing."""
    if day.standing in {"running", "unread"}:
        return ""
    if day.standing == "done":
        rejected = f"{figures.many(day.rejected, 'record')} rejected" if day.rejected else ""
        return "; ".join(filter(None, [rejected, anew(day) if day.anew not in _NO_TROUBLE else ""]))
    return day.standing


def _gaps(line: Line, told: Calendar) -> Iterator[dt.date]:
    """Days on which a run was due and none was: as far apart as its runs usually are, from the first to yesterday.

    Today may still come. How often a config runs that ran just once, nobody knows.
    """
    days = sorted(line.days)
    if len(days) < 2:
        return
    usual = statistics.median_low((later - day).days for day, later in itertools.pairwise(days))
    for day, later in itertools.pairwise([*days, told.last]):
        for missed in range(usual, (later - day).days, usual):
            yield day + dt.timedelta(days=missed)


def _months(began: dt.date, told: Calendar) -> Iterator[dt.date]:
    """The first of each month since the config began, the newest first."""
    first = told.last.replace(day=1)
    while first >= max(told.first, began.replace(day=1)):
        yield first
        first = (first - dt.timedelta(days=1)).replace(day=1)


def _month(first: dt.date, line: Line, gaps: set[dt.date], top: int) -> Html:
    length = months.monthrange(first.year, first.month)[1]
    days = [first.replace(day=number) for number in range(1, length + 1)]
    records = sum(line.days[day].records for day in days if day in line.days)
    rest = Html("td", colspan=31 - length) if length < 31 else None
    return Html(
        "tr",
        Html("th", f"{first:%b} ", Html("span", f"{first:%Y}"), scope="row"),
        (_cell(day, line.days.get(day), day in gaps, top) for day in days),
        rest,
        Html("td", figures.brief(records) if records else None),
    )


def _cell(date: dt.date, day: Day | None, is_gap: bool, top: int) -> Html:
    if day is None:
        return Html("td", Html("b", "no run"), class_="g") if is_gap else Html("td")
    if not day.is_committed or day.standing != "done":
        words = "not looked at" if day.standing == "unread" else day.standing
        return Html("td", Html("b", words), class_=_CELLS.get(day.standing, "u"))
    rejected = f", {day.rejected:,} rejected" if day.rejected else ""
    level = f"a{_level(day.records, top)}"
    more = f"{rejected}; {anew(day)}" if day.anew else rejected
    is_well = not day.rejected and day.anew in _NO_TROUBLE
    return Html("td", Html("b", f"{day.records:,}{more}"), class_=level if is_well else f"{level} w")


def _level(records: int, top: int) -> int:
    """Of LEVELS, by the config's own best day; 0 where nothing landed."""
    return -(-records * LEVELS // top) if records else 0
