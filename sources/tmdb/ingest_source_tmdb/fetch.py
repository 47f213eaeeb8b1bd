"""From a slice to records: pages of lists become refs or rows, pinned ids become details."""

from __future__ import annotations

from collections.abc import Iterator

from ingest_core import Answer, Context, MalformedError, Missing, Record, Ref, Rejected, Request, Slice, Truncated
from ingest_source_tmdb.plan import ROWS_ON_A_PAGE
from ingest_source_tmdb.settings import MAX_PAGES, STREAMS, appends

PAGES_IN_A_SLICE = 5

Fetched = Record | Missing | Rejected | Ref | Truncated | Slice


def fetch(ctx: Context, slice: Slice) -> Iterator[Fetched]:
    """Pinned ids are details; anything else is pages of a list."""
    if slice.ids:
        yield from _details(ctx, slice)
    else:
        yield from _pages(ctx, slice)


def _details(ctx: Context, slice: Slice) -> Iterator[Record | Missing | Rejected]:
    kind = slice.stream or ""
    params = {
        "language": ctx.settings.get("language"),
        "append_to_response": ",".join(appends(ctx.settings, kind)) or None,
    }
    answers = ctx.api.get_many(Request(f"/{kind}/{id}", params) for id in slice.ids)
    for id, answer in zip(slice.ids, answers, strict=True):
        yield answer.record(kind, id)


def _pages(ctx: Context, slice: Slice) -> Iterator[Fetched]:
    path, first, last = slice.params["path"], slice.params["first"], slice.params["last"]
    settings = {"language": ctx.settings.get("language"), "region": ctx.settings.get("region")}
    requests = (Request(path, {**settings, "page": page}) for page in range(first, last + 1))
    for page, answer in enumerate(ctx.api.get_many(requests), first):
        yield from _rows(ctx, slice.params["kind"], answer)
        if page == 1:
            yield from _rest(slice, answer)


def _rows(ctx: Context, kind: str, answer: Answer) -> Iterator[Record | Ref | Rejected]:
    """A ref or a record for each row; where the list mixes kinds, the row's own media_type says which."""
    for row in answer.rows("results"):
        stream = row.field("media_type") if kind == "all" else kind
        id = row.field("id")
        if stream not in STREAMS or not isinstance(id, int):
            yield Rejected(kind, id, f"a row with id {id!r} and media_type {stream!r}", row.body, answer)
        elif ctx.settings["detail"]:
            yield Ref(stream, id)
        else:
            yield Record(stream, id, row.body, answer)


def _rest(slice: Slice, answer: Answer) -> Iterator[Truncated | Slice]:
    """The other pages, side by side, five to a slice; what TMDB will not serve is said."""
    total = answer.field("total_pages")
    if not isinstance(total, int) or isinstance(total, bool):
        raise MalformedError(f"GET {answer.url}: the page does not say total_pages, so its rest cannot be known")
    wanted = slice.params["pages"]
    if wanted in {"all", MAX_PAGES} and total > MAX_PAGES:
        rows = answer.field("total_results")
        of = f"{rows:,}" if isinstance(rows, int) else "an unknown number of"
        yield Truncated(
            slice.params["path"].strip("/"),
            f"TMDB serves {MAX_PAGES} pages of {total}: {MAX_PAGES * ROWS_ON_A_PAGE:,} of {of} rows",
        )
    last = min(total, MAX_PAGES, total if wanted == "all" else wanted)
    for first in range(2, last + 1, PAGES_IN_A_SLICE):
        until = min(first + PAGES_IN_A_SLICE - 1, last)
        name = f"{slice.name.removesuffix('-p1')}-p{first}"
        yield Slice(name, {**slice.params, "first": first, "last": until}, requests=until - first + 1)
