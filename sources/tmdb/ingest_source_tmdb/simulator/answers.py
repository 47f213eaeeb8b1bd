"""Which path is answered by what: the one table of routes, and the way from a path and a query to an answer.

A new endpoint is a function shaped like `Handler` and one line in `_routes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Literal, TypeAlias

from ingest_source_tmdb.simulator import (
    appends,
    changed,
    details,
    discovery,
    lists,
    lookup,
    others,
    series,
    settings,
)
from ingest_source_tmdb.simulator.appends import Append
from ingest_source_tmdb.simulator.catalog import Catalog, Kind
from ingest_source_tmdb.simulator.refusals import (
    ENTRY_NOT_FOUND,
    INVALID_ID,
    NOT_FOUND,
    SUCCESS,
    TOO_MANY_APPENDS,
    Answer,
)
from ingest_source_tmdb.simulator.subject import Subject, episodes_by_season
from ingest_source_tmdb.simulator.wire import Json, encode
from ingest_source_tmdb.simulator.words import MOVIE_GENRES, TV_GENRES

# The variable parts of the path, in order, and the query.
Handler: TypeAlias = Callable[[Catalog, tuple[str, ...], Mapping[str, str]], Answer]

# TMDB's own ids are 32-bit; anything longer than this cannot be one.
_ID_DIGITS: Final = 10


def answer(catalog: Catalog, path: str, query: Mapping[str, str]) -> Answer:
    """The status and body of an authenticated GET that meets no fault. The path may start with /3 or leave it out."""
    path = path.removeprefix("/3/").strip("/")
    handler = ROUTES.get(path)
    if handler is not None:
        return handler(catalog, (), query)
    # TMDB's paths alternate nouns and ids: movie/{}, tv/{}/season/{}.
    parts = path.split("/")
    shape = "/".join("{}" if place % 2 else part for place, part in enumerate(parts))
    handler = ROUTES.get(shape)
    return handler(catalog, tuple(parts[1::2]), query) if handler is not None else NOT_FOUND


def detail(
    kind: Kind,
    body: Callable[[Subject], Json],
    allowed: Mapping[str, Append],
    catalog: Catalog,
    ids: tuple[str, ...],
    query: Mapping[str, str],
) -> Answer:
    """One resource by its id, with what was asked to be appended. A second id is the number of a season."""
    numbers = [int(text) for text in ids if text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS]
    if len(numbers) < len(ids) or numbers[0] == 0:
        return INVALID_ID
    names = appends.asked(query)
    if len(names) > appends.MOST:
        return TOO_MANY_APPENDS
    standing = catalog.standing(kind, numbers[0])
    if standing != "here":
        return NOT_FOUND if standing == "gone" else ENTRY_NOT_FOUND
    season = 0
    if len(numbers) > 1:
        season = numbers[1]
        if not 1 <= season <= len(episodes_by_season(catalog, numbers[0])):
            return NOT_FOUND
    subject = Subject(catalog, kind, numbers[0], lists.language_of(query), season)
    found = body(subject)
    return 200, encode(found | appends.appended(subject, allowed, names) if names else found)


def fixed(result: Answer) -> Handler:
    return lambda _catalog, _ids, _query: result


def listing(kind: Kind, name: str) -> Handler:
    return lambda catalog, _ids, query: lists.listing(catalog, kind, name, query)


def changes(kind: Kind) -> Handler:
    return lambda catalog, _ids, query: changed.changes(catalog, kind, query)


def trending(scope: Literal["all", "movie", "tv", "person"], window: Literal["day", "week"]) -> Handler:
    return lambda catalog, _ids, query: lists.trending(catalog, scope, window, query)


def _routes() -> dict[str, Handler]:
    table: dict[str, Handler] = {
        "authentication": fixed(SUCCESS),
        "configuration": fixed((200, encode(settings.CONFIGURATION))),
        "configuration/countries": fixed((200, encode(settings.CONFIGURATION_COUNTRIES))),
        "configuration/jobs": fixed((200, encode(settings.CONFIGURATION_JOBS))),
        "configuration/languages": fixed((200, encode(settings.CONFIGURATION_LANGUAGES))),
        "configuration/primary_translations": fixed((200, encode(settings.PRIMARY_TRANSLATIONS))),
        "configuration/timezones": fixed((200, encode(settings.CONFIGURATION_TIMEZONES))),
        "genre/movie/list": fixed((200, encode(settings.genres(MOVIE_GENRES)))),
        "genre/tv/list": fixed((200, encode(settings.genres(TV_GENRES)))),
        "discover/movie": lambda catalog, _ids, query: discovery.discover(catalog, "movie", query),
        "discover/tv": lambda catalog, _ids, query: discovery.discover(catalog, "tv", query),
        "find/{}": lookup.find,
        "movie/{}": partial(detail, "movie", details.movie, appends.MOVIE),
        "person/{}": partial(detail, "person", details.person, appends.PERSON),
        "tv/{}": partial(detail, "tv", series.show, appends.TV),
        "tv/{}/season/{}": partial(detail, "tv", series.season, appends.SEASON),
    }
    kinds: tuple[Kind, ...] = ("movie", "tv", "person")
    table |= {f"{kind}/changes": changes(kind) for kind in kinds}
    table |= {f"{kind}/{{}}": partial(others.other, kind) for kind in others.BODIES}
    table |= {f"movie/{name}": listing("movie", name) for name in lists.MOVIE_LISTS}
    table |= {f"tv/{name}": listing("tv", name) for name in lists.TV_LISTS}
    for scope in ("all", "movie", "tv", "person"):
        table[f"trending/{scope}/day"] = trending(scope, "day")
        table[f"trending/{scope}/week"] = trending(scope, "week")
    return table


ROUTES: Final[Mapping[str, Handler]] = _routes()
