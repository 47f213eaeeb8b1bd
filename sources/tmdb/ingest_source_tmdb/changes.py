"""What was changed, day by day: /movie/changes, /tv/changes, /person/changes.

A request covers 14 days at most (422, code 20) and serves 500 pages of 100 rows at most. TMDB does not say whether
`end_date` is included: the day after the last wanted one is named, which is right either way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from ingest_core import Answer, Checkpoint, Context, Note, Ref, Rejected, Request, Slice, StopError
from ingest_source_tmdb.pages import slices_of, total_pages
from ingest_source_tmdb.selection import MAX_PAGES

# About 60 to 76 pages a day for films: a week, and the day that may come on top, stay below 500 pages on most days.
DAYS_IN_A_WINDOW = 6
_DAY = dt.timedelta(days=1)

Fetched = Ref | Rejected | Checkpoint | Slice


def plan_changes(ctx: Context, number: int, select: Mapping[str, Any]) -> Iterator[Slice | Note]:
    """Windows of whole days from the checkpoint's on, or from `since`, up to yesterday."""
    kind, name, yesterday = select["changes"], _checkpoint(select), ctx.date - _DAY
    covered = ctx.checkpoint.get(name)
    first = (
        dt.date.fromisoformat(covered) + _DAY if covered else dt.date.fromisoformat(select.get("since", f"{yesterday}"))
    )
    if first > yesterday:
        yield Note(f"changes {kind}", f"nothing to ask for: all days up to {covered or yesterday} are covered")
    while first <= yesterday:
        last = min(first + (DAYS_IN_A_WINDOW - 1) * _DAY, yesterday)
        yield window(f"{number}-changes-{kind}", first, last, {"kind": kind, "checkpoint": name})
        first = last + _DAY


def window(name: str, first: dt.date, last: dt.date, more: Mapping[str, Any]) -> Slice:
    """The first page of the days `first` to `last`, both included."""
    params = {**more, "what": "changes", "days": [first.isoformat(), last.isoformat()], "first": 1, "last": 1}
    return Slice(f"{name}-{first}-{last}-p1", params)


def fetch_changes(ctx: Context, slice: Slice) -> Iterator[Fetched]:
    """A ref for each row; the first page says what is left, and how far the checkpoint goes."""
    kind, (since, until) = slice.params["kind"], map(dt.date.fromisoformat, slice.params["days"])
    days = {"start_date": since.isoformat(), "end_date": (until + _DAY).isoformat()}
    pages = range(slice.params["first"], slice.params["last"] + 1)
    answers = ctx.api.get_many(Request(f"/{kind}/changes", {**days, "page": page}) for page in pages)
    rest: list[Slice] = []
    for page, answer in zip(pages, answers, strict=True):
        total = total_pages(answer) if page == 1 else 0
        if total > MAX_PAGES:
            yield from _halves(slice, since, until)
            return
        yield from _rows(answer, kind, only_known=slice.params["checkpoint"].endswith(_KNOWN))
        if page == 1:
            rest = list(slices_of(slice.name.removesuffix("-p1"), slice.params, 2, total))
            yield from _covered(slice.params["checkpoint"], since, until, answer)
    yield from rest


def _rows(answer: Answer, kind: str, *, only_known: bool) -> Iterator[Ref | Rejected]:
    for row in answer.rows("results"):
        id = row.field("id")
        if isinstance(id, int):
            yield Ref(kind, id, if_landed=only_known)
        else:
            yield Rejected(kind, id, f"a change with id {id!r}", row.body, answer)


def _covered(name: str, since: dt.date, until: dt.date, answer: Answer) -> Iterator[Checkpoint]:
    """The last day that is covered: one that was not over yet, in UTC, when it was asked for is asked for again."""
    whole = min(until, answer.fetched_at.astimezone(dt.UTC).date() - _DAY)
    if whole >= since:
        yield Checkpoint(name, whole.isoformat())


def _halves(slice: Slice, since: dt.date, until: dt.date) -> Iterator[Slice]:
    if since == until:
        raise StopError(
            f"changes {slice.params['kind']}: {since} alone has more than the {MAX_PAGES} pages that TMDB serves",
            hint="take this day's ids from an export instead, and set `since` behind it",
        )
    name, middle = slice.name.partition(f"-{since}-")[0], since + (until - since) // 2
    yield window(name, since, middle, slice.params)
    yield window(name, middle + _DAY, until, slice.params)


_KNOWN = "/known"


def _checkpoint(select: Mapping[str, Any]) -> str:
    """`changes/movie`, or `changes/movie/known`: each kind of entry goes on from where it was itself."""
    return f"changes/{select['changes']}{_KNOWN if select.get('only_known') else ''}"
