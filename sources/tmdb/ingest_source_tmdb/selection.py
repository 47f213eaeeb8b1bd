"""The entries of `select`: their schema, and what a schema cannot say of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ingest_core import Mistake
from ingest_source_tmdb import discover
from ingest_source_tmdb.resources import CHANGING, FOUND, KINDS, REFERENCE

MAX_PAGES = 500
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

# What each kind of entry is told by, and which other keys it may have.
WAYS: Mapping[str, tuple[str, ...]] = {
    "list": ("pages",),
    "trending": ("pages",),
    "discover": ("pages", "params"),
    "ids": ("as",),
    "changes": ("since", "only_known"),
    "export": ("min_popularity", "adult"),
    "reference": (),
}
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

_FILE = {
    "csv": {
        "type": "string",
        "minLength": 1,
        "description": "The file, on disk or in S3; .gz is unpacked on the way.",
        "examples": ["s3://my-data-lake/Raw/Local/CSV/Movies/2026/11/23/movies.csv", "movies.csv"],
    },
    "column": {
        "type": "string",
        "default": "id",
        "description": "The column of the ids, by its name in the first line.",
        "examples": ["id"],
    },
    "separator": {
        "type": "string",
        "pattern": "^[^\\r\\n]$",
        "patternErrorMessage": "must be one character",
        "default": ",",
        "description": "What stands between columns.",
        "examples": ["|"],
    },
    "quote": {
        "type": "string",
        "pattern": "^[^\\r\\n]?$",
        "patternErrorMessage": "must be one character, or nothing",
        "description": "What a cell with a separator in it is put in; empty: cells are as they stand. Left out: "
        "a double quote where the separator is a comma or a semicolon, nothing for any other.",
        "examples": ['"'],
    },
    "null": {
        "type": "string",
        "default": "",
        "description": "How the file says that a cell has no value; an empty cell has none anyway.",
        "examples": ["\\N"],
    },
    "encoding": {
        "enum": ["utf-8", "latin-1", "cp1252", "utf-16"],
        "default": "utf-8",
        "description": "How the file's text is written.",
        "examples": ["latin-1"],
    },
    "where": {
        "type": "object",
        "additionalProperties": {"type": ["array", "string"], "items": {"type": "string"}},
        "description": "Rows to take: column and values, all columns given. A cell has a value where it is it, or has "
        "it in a list with commas.",
        "examples": [{"genero": ["Drama"]}],
    },
}

_PROPERTIES: Mapping[str, Any] = {
    "list": {"enum": list(LISTS), "description": "One of TMDB's lists.", "examples": ["movie/popular"]},
    "trending": {
        "enum": list(TRENDING),
        "description": "What is trending, by kind and window.",
        "examples": ["movie/week"],
    },
    "discover": {
        "enum": list(discover.PARAMETERS),
        "description": "What a query finds; more than 500 pages are split by date.",
        "examples": ["movie"],
    },
    "params": discover.SCHEMA,
    "pages": {
        "type": ["integer", "string"],
        "minimum": 1,
        "maximum": MAX_PAGES,
        "pattern": "^all$",
        "patternErrorMessage": "must be a number, or the word all",
        "description": "Pages of 20 rows to read, 500 at most (TMDB serves no more). Left out, or all: what there is.",
        "examples": [5, "all"],
    },
    "ids": {
        "type": ["array", "object"],
        "minItems": 1,
        "items": {
            "type": ["integer", "string"],
            "minimum": 1,
            "pattern": "^(tt|nm)[0-9]{1,12}$",
            "patternErrorMessage": "must be TMDB's number, or IMDb's id: tt or nm and digits",
            "examples": ["tt0137523", 603],
        },
        "required": ["csv"],
        "additionalProperties": False,
        "properties": _FILE,
        "description": "TMDB's own ids or IMDb's (which are looked up), here or in a column of a CSV file.",
        "examples": [[603, "tt0137523"], {"csv": "movies.csv", "separator": "|", "column": "id", "null": "\\N"}],
    },
    "as": {"enum": list(KINDS), "description": "What the ids are ids of.", "examples": ["movie"]},
    "changes": {
        "enum": list(CHANGING),
        "description": "What was changed since the last committed run, in whole UTC days up to yesterday.",
        "examples": ["movie"],
    },
    "since": {
        "type": "string",
        "pattern": _DAY,
        "patternErrorMessage": "must be a day: year, month, day",
        "description": "The first day of changes, for the first run. Left out: yesterday.",
        "examples": ["2026-11-01"],
    },
    "only_known": {
        "type": "boolean",
        "description": "Of the changes, only ids that an earlier run has landed.",
        "examples": [True],
    },
    "export": {
        "enum": list(KINDS),
        "description": "Every id that TMDB has of a kind, from its daily file.",
        "examples": ["movie"],
    },
    "min_popularity": {
        "type": "number",
        "minimum": 0,
        "description": "Of the export, ids of at least this popularity.",
        "examples": [10],
    },
    "adult": {
        "type": "boolean",
        "description": "Of the export, false leaves out what is marked as adult; true takes nothing else.",
        "examples": [False],
    },
    "reference": {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"enum": list(REFERENCE)},
        "description": "Lists that other documents refer to: a request each, two for genres.",
        "examples": [["genres", "configuration"]],
    },
}

SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "minItems": 1,
    "description": "What to ingest. Several at once: an id that two of them name is taken once.",
    "examples": [[{"list": "movie/popular", "pages": 5}, {"ids": [603, 550], "as": "movie"}]],
    "items": {
        "type": "object",
        "additionalProperties": False,
        "oneOf": [{"required": [way]} for way in WAYS],
        "properties": _PROPERTIES,
    },
}


def way_of(select: Mapping[str, Any]) -> str:
    """The key that tells what kind of entry this is."""
    return next(way for way in WAYS if way in select)


def kinds_of(select: Mapping[str, Any]) -> Iterable[str]:
    """The kinds of thing that an entry can name."""
    way = way_of(select)
    named = str(select.get("as", "")) if way == "ids" else "" if way == "reference" else select[way].split("/")[0]
    return ("movie", "tv", "person") if named == "all" else tuple(filter(None, [named]))


def check(selects: Iterable[Mapping[str, Any]], *, detail: bool) -> Iterator[Mistake]:
    """Keys that do not belong together, parameters of another query, days that are none."""
    changes: set[tuple[str, bool]] = set()
    for number, select in enumerate(selects):
        way, place = way_of(select), ("select", number)
        for key in sorted(set(select) - {way} - set(WAYS[way])):
            ways = [other for other in WAYS if key in WAYS[other]]
            if key == "skip_landed":
                yield Mistake((*place, key), "skip_landed stands beside `select`, and goes for all that it names")
            elif ways:
                about = "`ids` and `as` go together" if key == "as" else f"`{key}` goes with {' and '.join(ways)}"
                yield Mistake((*place, key), f"{about}: `{way}` has no use for it")
        if way in {"ids", "changes", "export"} and not detail:
            yield Mistake((*place, way), f"{way} have no list rows to land: they need detail: true")
        if way == "ids":
            yield from _check_ids(select, place)
        elif way == "discover":
            yield from _check_parameters(select, place)
        elif way == "changes":
            one = (select["changes"], bool(select.get("only_known")))
            if one in changes:
                yield Mistake(place, f"changes: {one[0]} stands here twice; each has a checkpoint of its own")
            changes.add(one)
            if "since" in select and not _is_day(select["since"]):
                yield Mistake((*place, "since"), f"since: {select['since']!r} is no day of the calendar")


def _check_ids(select: Mapping[str, Any], place: tuple[str | int, ...]) -> Iterator[Mistake]:
    if "as" not in select:
        yield Mistake(place, f"`ids` and `as` go together: as: {', '.join(KINDS)}")
        return
    if isinstance(select["ids"], list) and select["as"] not in FOUND:
        for number, id in enumerate(select["ids"]):
            if isinstance(id, str):
                yield Mistake(
                    (*place, "ids", number), f"{id}: IMDb's ids name {', '.join(FOUND)}, and no {select['as']}"
                )


def _check_parameters(select: Mapping[str, Any], place: tuple[str | int, ...]) -> Iterator[Mistake]:
    kind, given = select["discover"], select.get("params", {})
    known = discover.PARAMETERS[kind]
    for name, value in given.items():
        where = (*place, "params", name)
        if name not in known and any(name in names for names in discover.PARAMETERS.values()):
            yield Mistake(where, f"{name} is not a parameter of /discover/{kind}: TMDB would ignore it")
        elif known.get(name) == discover.DATE and not _is_day(value):
            yield Mistake(where, f"{name}: {value!r} is no day of the calendar")
        elif name == "sort_by" and value not in discover.SORTS[kind]:
            yield Mistake(where, f"sort_by: {value!r} is not an order of /discover/{kind}")


def _is_day(text: object) -> bool:
    """False for a day that the calendar does not have; what is not written as one is the schema's to judge."""
    try:
        dt.date.fromisoformat(str(text))
    except ValueError:
        return not re.fullmatch(_DAY, str(text))
    return True
