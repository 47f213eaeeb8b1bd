"""Pages of twenty rows: TMDB's lists, trending, and what a query finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ingest_core import Answer, Context, MalformedError, Note, Record, Ref, Rejected, Request, Slice, Truncated
from ingest_source_tmdb.resources import FOUND, KINDS
from ingest_source_tmdb.selection import MAX_PAGES
from ingest_source_tmdb.settings import skipped_since

ROWS_ON_A_PAGE = 20
PAGES_IN_A_SLICE = 5

Fetched = Record | Ref | Rejected | Truncated | Note | Slice


def fetch_pages(ctx: Context, slice: Slice) -> Iterator[Fetched]:
    """The rows of some pages; the first page says how many there are, and hands over to the others."""
    for page, answer in answers_of(ctx, slice.params):
        yield from rows_of_page(ctx, slice.params["kind"], answer)
        if page == 1:
            yield from _rest(slice, answer)


def answers_of(ctx: Context, params: Mapping[str, Any]) -> Iterator[tuple[int, Answer]]:
    """Number and answer of the pages `first` to `last` of the path and query in `params`."""
    # Of the lists, those of films alone know a region; a query has its own parameters.
    ordered = {"region": ctx.settings.get("region")} if params["path"].startswith("/movie/") else {}
    query = {"language": ctx.settings.get("language"), **params.get("query", ordered)}
    pages = range(params["first"], params["last"] + 1)
    answers = ctx.api.get_many(Request(params["path"], {**query, "page": page}) for page in pages)
    return zip(pages, answers, strict=True)


def rows_of_page(ctx: Context, kind: str, answer: Answer) -> Iterator[Record | Ref | Rejected]:
    """A ref or a record for each row; where the list mixes kinds, the row's own media_type says which."""
    since = skipped_since(ctx.settings, ctx.date)
    for row in answer.rows("results"):
        stream = row.field("media_type") if kind == "all" else kind
        id = row.field("id")
        if stream not in (FOUND if kind == "all" else KINDS) or not isinstance(id, int):
            yield Rejected(kind, id, f"a row with id {id!r} and media_type {stream!r}", row.body, answer)
        elif ctx.settings["detail"]:
            yield Ref(stream, id, unless_landed=since)
        else:
            yield Record(stream, id, row.body, answer)


def total_pages(answer: Answer) -> int:
    """How many pages the list says it has. Raises MalformedError where it does not say."""
    total = answer.field("total_pages")
    if not isinstance(total, int) or isinstance(total, bool):
        raise MalformedError(f"GET {answer.url}: the page does not say total_pages, so its rest cannot be known")
    return total


def slices_of(name: str, params: Mapping[str, Any], first: int, last: int) -> Iterator[Slice]:
    """The pages `first` to `last`, five to a slice, to be read side by side."""
    for begin in range(first, last + 1, PAGES_IN_A_SLICE):
        end = min(begin + PAGES_IN_A_SLICE - 1, last)
        yield Slice(f"{name}-p{begin}", {**params, "first": begin, "last": end}, requests=end - begin + 1)


def _rest(slice: Slice, answer: Answer) -> Iterator[Truncated | Slice]:
    """The other pages; what TMDB will not serve is said."""
    total, wanted = total_pages(answer), slice.params["pages"]
    if wanted in {"all", MAX_PAGES} and total > MAX_PAGES:
        rows = answer.field("total_results")
        of = f"{rows:,}" if isinstance(rows, int) else "an unknown number of"
        yield Truncated(
            slice.params["path"].strip("/"),
            f"TMDB serves {MAX_PAGES} pages of {total}: {MAX_PAGES * ROWS_ON_A_PAGE:,} of {of} rows",
        )
    last = min(total, MAX_PAGES, total if wanted == "all" else wanted)
    yield from slices_of(slice.name.removesuffix("-p1"), slice.params, 2, last)
