"""/movie/changes and its like: which ids changed on which day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from ingest_source_tmdb.simulator.catalog import Catalog, Kind
from ingest_source_tmdb.simulator.discovery import is_day
from ingest_source_tmdb.simulator.lists import page_of
from ingest_source_tmdb.simulator.refusals import INVALID_DATE, INVALID_PAGE, RANGE_TOO_LONG, Answer
from ingest_source_tmdb.simulator.wire import encode
from ingest_source_tmdb.simulator.works import TODAY

ROWS_A_PAGE: Final = 100
MOST_DAYS: Final = 14
_DAY: Final = timedelta(days=1)


def changes(catalog: Catalog, kind: Kind, query: Mapping[str, str]) -> Answer:
    """Changes from the beginning of `start_date` to the beginning of `end_date`; by default, those of the last day.

    TMDB does not say whether `end_date` is included. Here it is not: a client that counts on it misses a day.
    """
    page = page_of(query)
    if page is None:
        return INVALID_PAGE
    given = [query.get("start_date", ""), query.get("end_date", "")]
    if not all(is_day(text) for text in given if text):
        return INVALID_DATE
    end = date.fromisoformat(given[1]) if given[1] else TODAY
    start = date.fromisoformat(given[0]) if given[0] else end - _DAY
    if (end - start).days > MOST_DAYS:
        return RANGE_TOO_LONG
    found = _between(catalog, kind, start, end)
    rows: list[Any] = [
        {"id": number, "adult": None if number % 7 == 0 else False}
        for number in found[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]
    ]
    pages = -(-len(found) // ROWS_A_PAGE)
    return 200, encode({"results": rows, "page": page, "total_pages": pages, "total_results": len(found)})


@lru_cache(64)
def _between(catalog: Catalog, kind: Kind, start: date, end: date) -> tuple[int, ...]:
    days = (start + number * _DAY for number in range((end - start).days))
    return tuple(dict.fromkeys(number for day in days for number in changed_on(catalog, kind, day)))


def changed_on(catalog: Catalog, kind: Kind, day: date) -> tuple[int, ...]:
    """The ids of a kind that changed on a day, each once."""
    draw = catalog.draw("changes", kind, day.isoformat())
    total = catalog.count(kind)
    return tuple(dict.fromkeys(1 + draw.below(total) for _ in range(catalog.changes)))
