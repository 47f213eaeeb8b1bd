"""The settings of the TMDB source: their schema, and what a schema cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ingest_core import Mistake

BASE_URL = "https://api.themoviedb.org/3"
MAX_PAGES = 500
MAX_APPENDS = 20
STREAMS = ("movie", "tv", "person")

LISTS = (
    "movie/popular",
    "movie/top_rated",
    "movie/now_playing",
    "movie/upcoming",
    "tv/popular",
    "tv/top_rated",
    "tv/on_the_air",
    "tv/airing_today",
)
TRENDING = tuple(f"{kind}/{window}" for kind in ("all", "movie", "tv", "person") for window in ("day", "week"))

# https://developer.themoviedb.org/docs/append-to-response, and the paths below /movie/{id} … of TMDB's OpenAPI document
_TITLE = (
    "alternative_titles",
    "changes",
    "credits",
    "external_ids",
    "images",
    "keywords",
    "lists",
    "recommendations",
    "reviews",
    "similar",
    "translations",
    "videos",
    "watch/providers",
)
APPENDS: Mapping[str, tuple[str, ...]] = {
    "movie": tuple(sorted([*_TITLE, "release_dates"])),
    "tv": tuple(sorted([*_TITLE, "aggregate_credits", "content_ratings", "episode_groups", "screened_theatrically"])),
    "person": (
        "changes",
        "combined_credits",
        "external_ids",
        "images",
        "movie_credits",
        "tagged_images",
        "translations",
        "tv_credits",
    ),
}

_PAGES = {
    "type": ["integer", "string"],
    "minimum": 1,
    "maximum": MAX_PAGES,
    "pattern": "^all$",
    "description": "Pages of 20 rows to read, 500 at most (TMDB serves no more). Left out, or all: what TMDB serves.",
    "examples": [5, "all"],
}


def _appends_of(kind: str) -> dict[str, Any]:
    return {
        "type": "array",
        "maxItems": MAX_APPENDS,
        "uniqueItems": True,
        "items": {"enum": list(APPENDS[kind])},
        "description": f"What is asked along with each {kind}.",
        "examples": [["external_ids"]],
    }


SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["select"],
    "properties": {
        "base_url": {
            "type": "string",
            "default": BASE_URL,
            "description": "TMDB's API, https (or http on loopback, for the simulator).",
            "examples": [BASE_URL],
        },
        "token": {
            "type": "string",
            "format": "secret",
            "default": "env:TMDB_TOKEN",
            "description": "The API Read Access Token, by reference.",
            "examples": ["env:TMDB_TOKEN", "aws-ssm:/ingest/tmdb/token"],
        },
        "api_key": {
            "type": "string",
            "format": "secret",
            "description": "The v3 API key, by reference, instead of the token. It travels in the query.",
            "examples": ["env:TMDB_API_KEY"],
        },
        "language": {
            "type": "string",
            "pattern": "^[a-z]{2}(-[A-Z]{2})?$",
            "description": "Language of titles and texts; TMDB's default is en-US, and it does not fall back.",
            "examples": ["pt-BR"],
        },
        "region": {
            "type": "string",
            "pattern": "^[A-Z]{2}$",
            "description": "Country whose release dates order the lists of films (ISO 3166-1).",
            "examples": ["BR"],
        },
        "detail": {
            "type": "boolean",
            "default": True,
            "description": "Land each title's own document; false lands the lists' rows, which lack imdb_id and more.",
            "examples": [True],
        },
        "append": {
            "type": ["array", "object"],
            "maxItems": MAX_APPENDS,
            "uniqueItems": True,
            "items": {"enum": sorted({name for names in APPENDS.values() for name in names})},
            "additionalProperties": False,
            "properties": {kind: _appends_of(kind) for kind in STREAMS},
            "default": [],
            "description": "Documents to ask along with each title, in the same request: 20 at most. "
            "A list goes for films and shows alike; a mapping gives each kind its own.",
            "examples": [["credits", "keywords", "external_ids"], {"movie": ["credits"], "person": ["images"]}],
        },
        "select": {
            "type": "array",
            "minItems": 1,
            "description": "What to ingest. Several at once: an id that two of them name is taken once.",
            "examples": [[{"list": "movie/popular", "pages": 5}, {"ids": [603, 550], "as": "movie"}]],
            "items": {
                "type": "object",
                "additionalProperties": False,
                "oneOf": [{"required": ["list"]}, {"required": ["trending"]}, {"required": ["ids"]}],
                "properties": {
                    "list": {
                        "enum": list(LISTS),
                        "description": "One of TMDB's lists.",
                        "examples": ["movie/popular"],
                    },
                    "trending": {
                        "enum": list(TRENDING),
                        "description": "What is trending, by kind and window.",
                        "examples": ["movie/week"],
                    },
                    "pages": _PAGES,
                    "ids": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "integer", "minimum": 1},
                        "description": "TMDB's own ids.",
                        "examples": [[603, 550]],
                    },
                    "as": {"enum": list(STREAMS), "description": "What the ids are ids of.", "examples": ["movie"]},
                },
            },
        },
    },
}


def check(settings: Mapping[str, Any], lake: str) -> Iterator[Mistake]:
    """What the schema cannot say: keys that need each other, and appends that a resource does not have."""
    for number, select in enumerate(settings["select"]):
        if ("ids" in select) != ("as" in select):
            yield Mistake(("select", number), "`ids` and `as` go together: as: movie, tv or person")
        if "ids" in select and "pages" in select:
            yield Mistake(("select", number, "pages"), "ids have no pages: leave `pages` out")
        if "ids" in select and not settings["detail"]:
            yield Mistake(("select", number, "ids"), "ids have no list rows to land: they need detail: true")
    append = settings["append"]
    if isinstance(append, list):
        yield from _check_common_appends(append, set(kinds(settings)) & {"movie", "tv"})


def kinds(settings: Mapping[str, Any]) -> Iterable[str]:
    """The kinds of title that `select` can name."""
    for select in settings["select"]:
        named = select.get("as") or select.get("list", select.get("trending", "")).split("/")[0]
        yield from STREAMS if named == "all" else (named,)


def appends(settings: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    """What to append to a `kind`: a plain list goes for films and shows, never for persons."""
    append = settings["append"]
    if isinstance(append, Mapping):
        return tuple(append.get(kind, ()))
    return tuple(append) if kind != "person" else ()


def _check_common_appends(append: list[str], selected: set[str]) -> Iterator[Mistake]:
    for number, name in enumerate(append):
        for kind in sorted(selected):
            if name not in APPENDS[kind] and any(name in names for names in APPENDS.values()):
                others = "; write append as a mapping, {movie: […], tv: […]}" if len(selected) > 1 else ""
                yield Mistake(("append", number), f"append: a {kind} has no {name!r}{others}")
