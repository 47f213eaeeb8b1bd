"""The paged lists: popular and its like, and trending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from ingest_source_tmdb.simulator.catalog import LAST_PAGE, ROWS_A_PAGE, Catalog, Kind
from ingest_source_tmdb.simulator.refusals import INVALID_PAGE, Answer
from ingest_source_tmdb.simulator.wire import Json, encode
from ingest_source_tmdb.simulator.works import TODAY

MOVIE_LISTS: Final = ("popular", "top_rated", "now_playing", "upcoming")
TV_LISTS: Final = ("popular", "top_rated", "on_the_air", "airing_today")
# Days from today that the list says it covers.
_WINDOWS: Final = {"now_playing": (-42, 6), "upcoming": (7, 28)}
_TRENDING_ALL: Final[tuple[Kind, ...]] = ("movie", "tv", "person")
_MOVIE_TRENDING_ORDER: Final = (
    *("adult", "backdrop_path", "id", "title", "original_language", "original_title", "overview", "poster_path"),
    *("media_type", "genre_ids", "popularity", "release_date", "video", "vote_average", "vote_count"),
)
_TV_TRENDING_ORDER: Final = (
    *("adult", "backdrop_path", "id", "name", "original_language", "original_name", "overview", "poster_path"),
    *("media_type", "genre_ids", "popularity", "first_air_date", "vote_average", "vote_count", "origin_country"),
)
_PERSON_TRENDING_ORDER: Final = (
    *("adult", "id", "name", "original_name", "media_type", "popularity", "gender", "known_for_department"),
    "profile_path",
)
_ORDERS: Final = {"movie": _MOVIE_TRENDING_ORDER, "tv": _TV_TRENDING_ORDER, "person": _PERSON_TRENDING_ORDER}


def language_of(query: Mapping[str, str]) -> str:
    """The two letters that decide the texts; a country after them changes nothing here."""
    return query.get("language", "en-US")[:2].lower()


def page_of(query: Mapping[str, str]) -> int | None:
    """The page asked for, 1 to 500; None where TMDB refuses it (code 22)."""
    text = query.get("page", "1")
    # isdecimal also takes other scripts' digits, which TMDB does not.
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        return None
    page = int(text)
    return page if 1 <= page <= LAST_PAGE else None


def listing(catalog: Catalog, kind: Kind, name: str, query: Mapping[str, str]) -> Answer:
    """/movie/popular and its like. A region or a time zone makes it another list over the same ids."""
    page = page_of(query)
    if page is None:
        return INVALID_PAGE
    ids = catalog.listed(kind, f"{name}/{query.get('region', '')}/{query.get('timezone', '')}")
    language = language_of(query)
    rows = [catalog.row(kind, number, language) for number in ids[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]]
    dates = _WINDOWS.get(name)
    if dates is None:
        return 200, encode(paged(page, rows, catalog.list_total))
    minimum, maximum = ((TODAY + timedelta(days=offset)).isoformat() for offset in dates)
    return 200, encode({"dates": {"maximum": maximum, "minimum": minimum}, **paged(page, rows, catalog.list_total)})


def trending(catalog: Catalog, scope: str, window: str, query: Mapping[str, str]) -> Answer:
    """/trending/{all,movie,tv,person}/{day,week}: rows say their media_type."""
    page = page_of(query)
    if page is None:
        return INVALID_PAGE
    language = language_of(query)
    places = range((page - 1) * ROWS_A_PAGE, min(page * ROWS_A_PAGE, catalog.list_total))
    found = _trending_ids(catalog, scope, window, places)
    rows = [trending_row(catalog, kind, number, language) for kind, number in found]
    return 200, encode(paged(page, rows, catalog.list_total))


def paged(page: int, rows: list[Json], total: int) -> Json:
    """One page of a list; total_pages is said as it is, even where pages above 500 are refused."""
    return {"page": page, "results": rows, "total_pages": -(-total // ROWS_A_PAGE), "total_results": total}


def trending_row(catalog: Catalog, kind: Kind, number: int, language: str) -> Json:
    facts = catalog.row(kind, number, language) | {"media_type": kind}
    row: Json = {key: facts[key] for key in _ORDERS[kind]}
    if kind == "person":
        draw = catalog.draw("known for", number)
        row["known_for"] = [
            trending_row(catalog, "movie", 1 + draw.below(catalog.count("movie")), language) for _ in range(3)
        ]
    return row


def _trending_ids(catalog: Catalog, scope: str, window: str, places: range) -> Iterator[tuple[Kind, int]]:
    for place in places:
        if scope == "all":
            kind = _TRENDING_ALL[place % 3]
            yield kind, catalog.listed(kind, f"trending/{window}")[place // 3]
        else:
            kind = "movie" if scope == "movie" else "tv" if scope == "tv" else "person"
            yield kind, catalog.listed(kind, f"trending/{window}")[place]
