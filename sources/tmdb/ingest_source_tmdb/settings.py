"""The settings of the TMDB source: their schema, and what a schema cannot say."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ingest_core import Mistake
from ingest_source_tmdb import selection
from ingest_source_tmdb.resources import APPENDS, MAX_APPENDS

TITLES = ("movie", "tv")

BASE_URL = "https://api.themoviedb.org/3"
EXPORTS_URL = "https://files.tmdb.org/p/exports"
DAYS = re.compile("[1-9][0-9]{0,3}d")

_HOW_MANY = {
    "type": ["integer", "string"],
    "minimum": 0,
    "maximum": 10_000,
    "pattern": "^all$",
    "patternErrorMessage": "must be a number, or the word all",
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
        "exports_url": {
            "type": "string",
            "default": EXPORTS_URL,
            "description": "Where TMDB's daily files of ids lie, https (or http on loopback). They are asked for "
            "without a key.",
            "examples": [EXPORTS_URL],
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
            "patternErrorMessage": "must be a language, or a language and its country",
            "description": "Language of titles and texts; TMDB's default is en-US, and it does not fall back.",
            "examples": ["pt-BR"],
        },
        "region": {
            "type": "string",
            "pattern": "^[A-Z]{2}$",
            "patternErrorMessage": "must be a country's two capital letters",
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
            "properties": {stream: _appends_of(stream) for stream in APPENDS},
            "default": [],
            "description": "Documents to ask along with each title, in the same request: 20 at most. "
            "A list goes for films and shows alike; a mapping gives each kind its own.",
            "examples": [["credits", "keywords", "external_ids"], {"movie": ["credits"], "person": ["images"]}],
        },
        "seasons": {
            "type": "boolean",
            "default": False,
            "description": "Land each season of each show too, specials included: a request a season.",
            "examples": [True],
        },
        "persons": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "cast": {**_HOW_MANY, "description": "The first so many of the cast; or all.", "examples": [10, "all"]},
                "crew": {**_HOW_MANY, "description": "The first so many of the crew; or all.", "examples": [5, "all"]},
            },
            "description": "Land the persons of each title's credits too, which must be appended: a request a person.",
            "examples": [{"cast": 10}],
        },
        "skip_landed": {
            "type": "string",
            "pattern": f"^{DAYS.pattern}$",
            "patternErrorMessage": "must be a number of days",
            "description": "What a committed run landed within so many days before this one is not asked for again, "
            "except for what `changes` names.",
            "examples": ["30d"],
        },
        "select": selection.SCHEMA,
    },
}


def check(settings: Mapping[str, Any], lake: str) -> Iterator[Mistake]:
    """What the schema cannot say: keys that need each other, and appends that a resource does not have."""
    yield from selection.check(settings["select"], detail=settings["detail"])
    append = settings["append"]
    if isinstance(append, list):
        yield from _check_common_appends(append, set(kinds(settings)) & set(TITLES))
    for key in ("seasons", "persons"):
        if settings.get(key) and not settings["detail"]:
            yield Mistake((key,), f"{key} are named by details: they need detail: true")
    if settings.get("persons"):
        for kind in sorted(set(kinds(settings)) & set(TITLES)):
            if not credits_of(settings, kind):
                yield Mistake(("persons",), f"persons are named by credits: append credits to each {kind}")


def kinds(settings: Mapping[str, Any]) -> Iterable[str]:
    """The kinds of thing that `select` can name."""
    for select in settings["select"]:
        yield from selection.kinds_of(select)


def appends(settings: Mapping[str, Any], stream: str) -> tuple[str, ...]:
    """What to append to a document of `stream`: a plain list goes for films and shows, and for nothing else."""
    append = settings["append"]
    if isinstance(append, Mapping):
        return tuple(append.get(stream, ()))
    return tuple(append) if stream in TITLES else ()


def credits_of(settings: Mapping[str, Any], kind: str) -> str:
    """The appended document that names the persons of a title; "" where none does."""
    names = appends(settings, kind)
    return next((name for name in ("credits", "aggregate_credits") if name in names), "")


def skipped_since(settings: Mapping[str, Any], date: dt.date) -> dt.date | None:
    """What was landed on this day or later is skipped; None where nothing is."""
    days = settings.get("skip_landed")
    return None if days is None else date - dt.timedelta(days=int(days.removesuffix("d")))


def _check_common_appends(append: list[str], selected: set[str]) -> Iterator[Mistake]:
    for number, name in enumerate(append):
        for kind in sorted(selected):
            if name not in APPENDS[kind] and any(name in names for names in APPENDS.values()):
                others = "; write append as a mapping, {movie: […], tv: […]}" if len(selected) > 1 else ""
                yield Mistake(("append", number), f"append: a {kind} has no {name!r}{others}")
