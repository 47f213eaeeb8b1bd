"""From an id of IMDb to TMDB's own: /find, while landing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest_core import Answer, Context, MalformedError, Missing, Ref, Rejected, Request, Slice
from ingest_source_tmdb.resources import IMDB, RESOURCES
from ingest_source_tmdb.settings import skipped_since

_IMDB_ID = re.compile("(tt|nm)[0-9]{1,12}")


def fetch_found(ctx: Context, slice: Slice) -> Iterator[Missing | Rejected | Ref]:
    """For each pinned id of IMDb, a ref to what TMDB has under it of the kind that is wanted.

    /find answers in several arrays, and more than one may be filled: tt0137523 names a film and an unrelated show.
    """
    stream = slice.stream or ""
    good = [id for id in slice.ids if _IMDB_ID.fullmatch(id)]
    yield from (Rejected(stream, id, f"{id!r} is no id of TMDB's or IMDb's") for id in slice.ids if id not in good)
    params = {"external_source": "imdb_id"}
    answers = ctx.api.get_many(Request(f"/find/{id}", params) for id in good)
    for id, answer in zip(good, answers, strict=True):
        yield from _found(ctx, stream, id, answer)


def _found(ctx: Context, stream: str, id: str, answer: Answer) -> Iterator[Missing | Rejected | Ref]:
    if not answer.ok:
        outcome = answer.record(stream, id)
        if isinstance(outcome, Missing | Rejected):
            yield outcome
        return
    kind = stream.removeprefix(IMDB)
    try:
        rows = list(answer.rows(RESOURCES[kind].found))
    except MalformedError as error:
        yield Rejected(stream, id, error.what, answer.body, answer)
        return
    if not rows:
        yield Missing(stream, id, f"TMDB knows it as no {kind}{_as_what_else(answer)}")
    for row in rows:
        found = row.field("id")
        if isinstance(found, int):
            yield Ref(kind, found, answers=id, unless_landed=skipped_since(ctx.settings, ctx.date))
        else:
            yield Rejected(stream, id, f"found under the id {found!r}", row.body, answer)


def _as_what_else(answer: Answer) -> str:
    arrays = ("movie_results", "tv_results", "tv_season_results", "tv_episode_results", "person_results")
    others = [name.removesuffix("_results").replace("_", " ") for name in arrays if answer.field(name)]
    return f", but as {' and '.join(others)}" if others else ""
