"""Documents by id: titles and whatever else has one, the seasons of shows, and what those lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest_core import Answer, Context, MalformedError, Missing, Record, Ref, Rejected, Request, Row, Slice
from ingest_source_tmdb.resources import RESOURCES, SEASON
from ingest_source_tmdb.settings import TITLES, appends, credits_of, skipped_since

Fetched = Record | Missing | Rejected | Ref
Params = Mapping[str, str | None]


def fetch_titles(ctx: Context, slice: Slice) -> Iterator[Fetched]:
    """A document for each pinned id; a title's is followed by refs to its seasons and its persons."""
    kind = slice.stream or ""
    params = _params(ctx, kind, speaks=RESOURCES[kind].speaks)
    answers = ctx.api.get_many(Request(f"{RESOURCES[kind].path}/{id}", params) for id in slice.ids)
    for id, answer in zip(slice.ids, answers, strict=True):
        document = answer.record(kind, id)
        yield document
        if kind in TITLES and isinstance(document, Record):
            yield from _seasons(ctx, kind, id, answer)
            yield from _persons(ctx, kind, id, answer)


def fetch_seasons(ctx: Context, slice: Slice) -> Iterator[Fetched]:
    """A season for each pinned id, `<show>-<number>`."""
    params = _params(ctx, SEASON, speaks=True)
    answers = ctx.api.get_many(Request("/tv/{}/season/{}".format(*id.split("-")), params) for id in slice.ids)
    for id, answer in zip(slice.ids, answers, strict=True):
        yield answer.record(SEASON, id)


def _params(ctx: Context, stream: str, *, speaks: bool) -> Params:
    return {
        "language": ctx.settings.get("language") if speaks else None,
        "append_to_response": ",".join(appends(ctx.settings, stream)) or None,
    }


def _seasons(ctx: Context, kind: str, id: str, answer: Answer) -> Iterator[Ref | Rejected]:
    if kind != "tv" or not ctx.settings["seasons"]:
        return
    for row in _rows(answer, "seasons"):
        number = row.field("season_number")
        if isinstance(number, int):
            yield Ref(SEASON, f"{id}-{number}")
        else:
            yield Rejected(SEASON, f"{id}-?", f"a season with number {number!r}", row.body, answer)


def _persons(ctx: Context, kind: str, id: str, answer: Answer) -> Iterator[Ref | Rejected]:
    since = skipped_since(ctx.settings, ctx.date)
    for part, most in ctx.settings.get("persons", {}).items():
        rows = _rows(answer, f"{credits_of(ctx.settings, kind)}.{part}")
        for row in rows if most == "all" else rows[:most]:
            person = row.field("id")
            if isinstance(person, int):
                yield Ref("person", person, unless_landed=since)
            else:
                yield Rejected("person", None, f"a credit of {kind} {id} with id {person!r}", row.body, answer)


def _rows(answer: Answer, path: str) -> list[Row]:
    """The rows at `path`; none where the document has no such array: it has landed all the same, as it is."""
    try:
        return list(answer.rows(path))
    except MalformedError:
        return []
