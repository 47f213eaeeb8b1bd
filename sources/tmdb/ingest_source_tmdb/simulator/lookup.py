"""/find: what TMDB has under an id of IMDb. Two kinds may answer at once, as they do there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ingest_source_tmdb.simulator.catalog import Catalog, Kind
from ingest_source_tmdb.simulator.lists import language_of, trending_row
from ingest_source_tmdb.simulator.refusals import MALFORMED, Answer
from ingest_source_tmdb.simulator.subject import FIRST_ALIAS, FIRST_IMDB_ID
from ingest_source_tmdb.simulator.wire import encode

_ARRAYS: Final = ("movie_results", "person_results", "tv_results", "tv_episode_results", "tv_season_results")
_SOURCES: Final = {
    "imdb_id",
    "facebook_id",
    "instagram_id",
    "tvdb_id",
    "tiktok_id",
    "twitter_id",
    "wikidata_id",
    "youtube_id",
}
# One film in so many shares its IMDb id with an unrelated show.
_SHARED_EVERY: Final = 50
_IMDB_ID: Final = re.compile("(tt|nm)([0-9]{7,12})")


def find(catalog: Catalog, ids: tuple[str, ...], query: Mapping[str, str]) -> Answer:
    if query.get("external_source") not in _SOURCES:
        return MALFORMED
    found: dict[str, list[Any]] = {name: [] for name in _ARRAYS}
    language = language_of(query)
    for kind, number in _named(catalog, ids[0]) if query["external_source"] == "imdb_id" else ():
        if catalog.standing(kind, number) == "here":
            found[f"{kind}_results"].append(trending_row(catalog, kind, number, language))
    return 200, encode(found)


def _named(catalog: Catalog, id: str) -> list[tuple[Kind, int]]:
    """The kinds and numbers under an id: the inverse of `subject.imdb_id`, with an alias for each film."""
    match = _IMDB_ID.fullmatch(id)
    if match is None:
        return []
    digits = int(match[2])
    if match[1] == "nm":
        return [("person", digits - FIRST_IMDB_ID)]
    if digits >= FIRST_ALIAS:
        return [("movie", digits - FIRST_ALIAS)]
    number, is_show = divmod(digits - FIRST_IMDB_ID, 2)
    if is_show:
        return [("tv", number)]
    shared: list[tuple[Kind, int]] = [("tv", 1 + number % catalog.count("tv"))] if number % _SHARED_EVERY == 0 else []
    return [("movie", number), *shared]
