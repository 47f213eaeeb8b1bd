"""From a slice to records: a page of rows, several numbered pages side by side, or the documents of pinned ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest_core import (
    Answer,
    Checkpoint,
    Context,
    MalformedError,
    Missing,
    Record,
    Ref,
    Rejected,
    Request,
    Row,
    Slice,
    StopError,
    Truncated,
)
from ingest_source_rest.increment import begin, newest
from ingest_source_rest.paging import first, following, numbered, pages_told, request
from ingest_source_rest.placing import CHECKPOINT, of_date, params_of, path_with_id, placed
from ingest_source_rest.repetition import mark_after
from ingest_source_rest.settings import Stream

PAGES_IN_A_SLICE = 5

Fetched = Record | Missing | Rejected | Ref | Checkpoint | Truncated | Slice


def fetch(ctx: Context, slice: Slice) -> Iterator[Fetched]:
    """Pinned ids are documents of their own; anything else is pages of a list."""
    if slice.ids:
        yield from _details(ctx, slice)
        return
    stream = ctx.settings["streams"][slice.params["stream"]]
    words = _words(ctx, stream)
    stream = {**stream, "path": placed(stream["path"], words)}
    params = params_of(stream["params"], words)
    if "last" in slice.params:
        pages = range(slice.params["page"], slice.params["last"] + 1)
        for answer in ctx.api.get_many(request(stream, numbered(stream, page), params) for page in pages):
            yield from _records(ctx, stream, answer, _rows(stream, answer))
    else:
        at = slice.params.get("at", first(stream))
        asked = request(stream, at, params)
        yield from _page(ctx, stream, slice, ctx.api.get(asked.path, **asked.params))


def _details(ctx: Context, slice: Slice) -> Iterator[Record | Missing | Rejected]:
    stream = next(one for one in ctx.settings["streams"] if one["name"] == slice.stream and "detail" in one)
    detail = stream["detail"]
    params = params_of(detail["params"], of_date(ctx.date))
    answers = ctx.api.get_many(Request(path_with_id(detail["path"], id, ctx.date), params) for id in slice.ids)
    for id, answer in zip(slice.ids, answers, strict=True):
        yield answer.record(stream["name"], id)


def _page(ctx: Context, stream: Stream, slice: Slice, answer: Answer) -> Iterator[Fetched]:
    """One page, what it says of the checkpoint, and the rest of its list."""
    rows = _rows(stream, answer)
    yield from _records(ctx, stream, answer, rows)
    largest = None
    if "incremental" in stream:
        before = slice.params.get("newest", ctx.checkpoint.get(stream["name"]))
        largest = newest(stream["incremental"], rows, before)
        if largest is not None:
            yield Checkpoint(stream["name"], largest)
    total = pages_told(stream, answer)
    if total is not None and "incremental" not in stream:
        yield from _others(stream, slice, total)
        return
    page = slice.params["page"]
    at = None if total is not None and page >= total else following(ctx.settings, stream, answer, rows, page)
    if at is None:
        return
    mark = mark_after(slice.params.get("mark"), page, rows, at)
    if page >= stream.get("stop", {}).get("pages", page + 1):
        yield Truncated(stream["name"], f"{page} pages were read, as `stop` says; more may follow")
        return
    _require_below_cap(stream, page + 1)
    told = {} if largest is None else {"newest": largest}
    params = {"stream": slice.params["stream"], "page": page + 1, "at": at, "mark": mark, **told}
    yield Slice(f"{_base(slice)}-p{page + 1}", params)


def _others(stream: Stream, slice: Slice, total: int) -> Iterator[Truncated | Slice]:
    """The other pages of a list that tells how many there are, side by side, five to a slice."""
    last = min(total, stream.get("stop", {}).get("pages", total))
    _require_below_cap(stream, last)
    if last < total:
        yield Truncated(stream["name"], f"{last} pages of {total} were read, as `stop` says")
    for begins in range(2, last + 1, PAGES_IN_A_SLICE):
        ends = min(begins + PAGES_IN_A_SLICE - 1, last)
        params = {"stream": slice.params["stream"], "page": begins, "last": ends}
        yield Slice(f"{_base(slice)}-p{begins}", params, requests=ends - begins + 1)


def _require_below_cap(stream: Stream, page: int) -> None:
    if page > stream["max_pages"]:
        raise StopError(
            f"stream {stream['name']}: there is a page {page}, past max_pages: {stream['max_pages']}",
            hint="raise max_pages; or say stop: {pages: …}, if the first pages are all that is wanted",
        )


def _rows(stream: Stream, answer: Answer) -> list[Row]:
    """The rows of a page. Raises MalformedError where it has none, unless it says that it has none."""
    if stream["single"]:
        return [Row(answer.check().body)]
    try:
        return list(answer.rows(stream["rows"]))
    except MalformedError:
        if "count" in stream and answer.field(stream["count"]) == 0:
            return []
        raise


def _records(ctx: Context, stream: Stream, answer: Answer, rows: list[Row]) -> Iterator[Record | Ref | Rejected]:
    name = stream["name"]
    for row in rows:
        id = _id(ctx, stream, row)
        if "detail" not in stream:
            yield Record(name, id, row.body, answer)
        elif _is_askable(id):
            yield Ref(name, id)
        else:
            yield Rejected(
                name, id, f"a row without the id that its detail is asked for with: {id!r:.60}", row.body, answer
            )


def _id(ctx: Context, stream: Stream, row: Row) -> object:
    """The id of a row; that of several fields is None, which no record may have, where one of them has no value.

    Fields are joined with a dot, and dots within them are written otherwise, so that no two rows share an id.
    """
    given = stream["id"]
    if isinstance(given, str):
        return placed(given, of_date(ctx.date)) if "{" in given else row.field(given)
    values = [row.field(path) for path in given]
    if not all(isinstance(value, str | int) and not isinstance(value, bool) for value in values):
        return None
    return ".".join(str(value).replace("%", "%25").replace(".", "%2E") for value in values)


def _is_askable(id: object) -> bool:
    return bool(id) if isinstance(id, str) else isinstance(id, int) and not isinstance(id, bool)


def _words(ctx: Context, stream: Stream) -> Mapping[str, str]:
    """What stands for the words in braces in this run."""
    words = of_date(ctx.date)
    if "incremental" in stream:
        begins = begin(stream["incremental"], ctx.checkpoint.get(stream["name"]))
        if begins is not None:
            words[CHECKPOINT] = begins
    return words


def _base(slice: Slice) -> str:
    return slice.name.rpartition("-p")[0]
