"""A query that finds more than TMDB serves of one, split by date into pieces that it serves whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ingest_core import Answer, Context, Note, Request, Slice, StopError, Truncated
from ingest_source_tmdb.discover import SPLIT_BY
from ingest_source_tmdb.pages import ROWS_ON_A_PAGE, Fetched, fetch_pages, rows_of_page, slices_of, total_pages
from ingest_source_tmdb.selection import MAX_PAGES

# Wide enough for whatever is dated; a half without a title costs one request.
_BEGINNING, _END = dt.date(1800, 1, 1), dt.date(2199, 12, 31)
_DAY = dt.timedelta(days=1)


class Span(NamedTuple):
    """Days, both included."""

    first: dt.date
    last: dt.date

    def halves(self) -> Iterator[Span]:
        middle = self.first + (self.last - self.first) // 2
        yield Span(self.first, middle)
        yield Span(middle + _DAY, self.last)


def fetch_discovered(ctx: Context, slice: Slice) -> Iterator[Fetched]:
    """As any list; but where all is wanted and more than 500 pages are there, in pieces."""
    if slice.params["first"] > 1 or slice.params["pages"] != "all":
        yield from fetch_pages(ctx, slice)
        return
    kind, query = slice.params["kind"], slice.params["query"]
    whole = next(iter(ctx.api.get_many([_request(ctx, slice, query)])))
    if total_pages(whole) <= MAX_PAGES:
        yield from rows_of_page(ctx, kind, whole)
        yield from slices_of(slice.name.removesuffix("-p1"), slice.params, 2, total_pages(whole))
        return
    by, total = SPLIT_BY[kind], _hits(whole)
    pieces, hits = [], 0
    for span, answer in _pieces(ctx, slice, by):
        yield from rows_of_page(ctx, kind, answer)
        params = {**slice.params, "query": _within(query, by, span)}
        pieces.append(
            list(
                slices_of(f"{slice.name.removesuffix('-p1')}-{span.first}-{span.last}", params, 2, total_pages(answer))
            )
        )
        hits += _hits(answer)
    yield Note(
        f"discover {kind}",
        f"{total:,} hits are more than the {MAX_PAGES * ROWS_ON_A_PAGE:,} that TMDB serves of one query: "
        f"read in {len(pieces)} pieces by {by}, {hits:,} hits together",
    )
    if hits < total:
        yield Truncated(
            f"discover {kind}",
            f"{total - hits:,} of {total:,} hits lie in no piece: titles without a {by} cannot be reached by a split",
        )
    for piece in pieces:
        yield from piece


def _pieces(ctx: Context, slice: Slice, by: str) -> Iterator[tuple[Span, Answer]]:
    """Spans that TMDB serves whole, with their first pages; those without a hit are left out."""
    query = slice.params["query"]
    spans = [Span(_day(query.get(f"{by}.gte"), _BEGINNING), _day(query.get(f"{by}.lte"), _END))]
    while spans:
        _require_more_than_a_day(spans, slice, by)
        halves = [half for span in spans for half in span.halves()]
        asked = (_request(ctx, slice, _within(query, by, half)) for half in halves)
        spans = []
        for half, answer in zip(halves, ctx.api.get_many(asked), strict=True):
            pages = total_pages(answer)
            if pages > MAX_PAGES:
                spans.append(half)
            elif _hits(answer):
                yield half, answer


def _require_more_than_a_day(spans: Iterable[Span], slice: Slice, by: str) -> None:
    for span in spans:
        if span.first >= span.last:
            raise StopError(
                f"discover {slice.params['kind']}: one day, {by} {span.first}, finds more than the "
                f"{MAX_PAGES * ROWS_ON_A_PAGE:,} titles that TMDB serves of one query, and cannot be split further",
                hint="narrow the query, for example by with_genres or with_original_language, in several selects",
            )


def _request(ctx: Context, slice: Slice, query: Mapping[str, Any]) -> Request:
    return Request(slice.params["path"], {"language": ctx.settings.get("language"), **query, "page": 1})


def _within(query: Mapping[str, Any], by: str, span: Span) -> dict[str, Any]:
    """The query for one span. What has no date is in none, or it would be in each."""
    dated = {name: value for name, value in query.items() if name != "include_null_first_air_dates"}
    return {**dated, f"{by}.gte": span.first.isoformat(), f"{by}.lte": span.last.isoformat()}


def _day(given: str | None, default: dt.date) -> dt.date:
    return default if given is None else dt.date.fromisoformat(given)


def _hits(answer: Answer) -> int:
    hits = answer.field("total_results")
    return hits if isinstance(hits, int) else 0
