"""/discover/movie and /discover/tv: what a query finds, in its order. Like TMDB, it ignores what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

from ingest_source_tmdb.simulator.catalog import LAST_PAGE, ROWS_A_PAGE, Catalog, Kind
from ingest_source_tmdb.simulator.lists import language_of, page_of, paged
from ingest_source_tmdb.simulator.refusals import INVALID_DATE, INVALID_PAGE, Answer
from ingest_source_tmdb.simulator.wire import encode

_DATES: Final[Mapping[Kind, str]] = {"movie": "primary_release_date", "tv": "first_air_date"}
_ALSO: Final[Mapping[Kind, str]] = {"movie": "release_date", "tv": "air_date"}


class Fact(NamedTuple):
    """What queries look at of one title; `popularity` and `average` in the units of their last decimal."""

    day: str
    number: int
    genres: frozenset[int]
    language: str
    votes: int
    average: int
    popularity: int


def discover(catalog: Catalog, kind: Kind, query: Mapping[str, str]) -> Answer:
    page = page_of(query)
    if page is None:
        return INVALID_PAGE
    for name in (f"{by}.{side}" for by in (_DATES[kind], _ALSO[kind]) for side in ("gte", "lte")):
        if query.get(name) and not is_day(query[name]):
            return INVALID_DATE
    asked = {name: value for name, value in query.items() if name not in {"page", "language"} and value}
    found = _found(catalog, kind, tuple(sorted(asked.items())))
    language = language_of(query)
    shown = found[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE] if page <= LAST_PAGE else []
    return 200, encode(paged(page, [catalog.row(kind, number, language) for number in shown], len(found)))


def is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@lru_cache(64)
def _found(catalog: Catalog, kind: Kind, asked: tuple[tuple[str, str], ...]) -> list[int]:
    """The ids that a query finds, in its order."""
    query = dict(asked)
    found = list(filter(_test(kind, query), _facts(catalog, kind)))
    by, _, way = query.get("sort_by", "popularity.desc").partition(".")
    order = {"vote_count": "votes", "vote_average": "average", _DATES[kind]: "day"}.get(by, "popularity")
    found.sort(key=attrgetter(order, "number"), reverse=way != "asc")
    return [fact.number for fact in found]


def _test(kind: Kind, query: Mapping[str, str]) -> Callable[[Fact], bool]:
    """Whether a title is one that the query finds."""
    dates = (_DATES[kind], _ALSO[kind])
    first = max(query.get(f"{by}.gte", "") for by in dates)
    last = min(query.get(f"{by}.lte", "9999") for by in dates)
    is_dated = (first, last) != ("", "9999")
    years = [f"{query[name]}-" for name in ("primary_release_year", "first_air_date_year", "year") if name in query]
    languages = query.get("with_original_language", "").split("|")
    wanted, unwanted = _genres(query.get("with_genres", "")), _genres(query.get("without_genres", ""))
    either = "|" in query.get("with_genres", "")
    votes, average = _bounds(query, "vote_count"), _bounds(query, "vote_average")

    def test(fact: Fact) -> bool:
        return (
            (not is_dated or (fact.day != "" and first <= fact.day <= last))
            and all(fact.day.startswith(year) for year in years)
            and (languages == [""] or fact.language in languages)
            and (bool(wanted & fact.genres) if either else wanted <= fact.genres)
            and not unwanted & fact.genres
            and votes[0] <= fact.votes <= votes[1]
            and average[0] <= fact.average / 100 <= average[1]
        )

    return test


def _genres(text: str) -> frozenset[int]:
    return frozenset(int(word) for word in text.replace("|", ",").split(",") if word.strip().isdecimal())


def _bounds(query: Mapping[str, str], name: str) -> tuple[float, float]:
    return float(query.get(f"{name}.gte", "-inf")), float(query.get(f"{name}.lte", "inf"))


@lru_cache(4)
def _facts(catalog: Catalog, kind: Kind) -> list[Fact]:
    """One for each title that is there."""
    date_key = "release_date" if kind == "movie" else "first_air_date"
    facts = []
    for number in range(1, catalog.count(kind) + 1):
        row = catalog.bare_row(kind, number)
        facts.append(
            Fact(
                row[date_key],
                number,
                frozenset(row["genre_ids"]),
                row["original_language"],
                row["vote_count"],
                _units(row["vote_average"]),
                _units(row["popularity"]),
            )
        )
    return facts


def _units(decimal: str) -> int:
    return int("".join(digit for digit in decimal if digit.isdecimal()))
