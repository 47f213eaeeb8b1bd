"""The parameters of /discover, by name and type. What TMDB does not know, it ignores in silence; here it is refused.

From TMDB's OpenAPI document, less `page` (see `pages`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DATE = "date"
_BOTH = {
    "include_adult": "boolean",
    "language": "string",
    "sort_by": "string",
    "vote_average.gte": "number",
    "vote_average.lte": "number",
    "vote_count.gte": "number",
    "vote_count.lte": "number",
    "watch_region": "string",
    "with_companies": "string",
    "with_genres": "string",
    "with_keywords": "string",
    "with_origin_country": "string",
    "with_original_language": "string",
    "with_runtime.gte": "integer",
    "with_runtime.lte": "integer",
    "with_watch_monetization_types": "string",
    "with_watch_providers": "string",
    "without_companies": "string",
    "without_genres": "string",
    "without_keywords": "string",
    "without_watch_providers": "string",
}
PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "movie": {
        **_BOTH,
        "certification": "string",
        "certification.gte": "string",
        "certification.lte": "string",
        "certification_country": "string",
        "include_video": "boolean",
        "primary_release_date.gte": DATE,
        "primary_release_date.lte": DATE,
        "primary_release_year": "integer",
        "region": "string",
        "release_date.gte": DATE,
        "release_date.lte": DATE,
        "with_cast": "string",
        "with_crew": "string",
        "with_people": "string",
        "with_release_type": "string",
        "year": "integer",
    },
    "tv": {
        **_BOTH,
        "air_date.gte": DATE,
        "air_date.lte": DATE,
        "first_air_date.gte": DATE,
        "first_air_date.lte": DATE,
        "first_air_date_year": "integer",
        "include_null_first_air_dates": "boolean",
        "screened_theatrically": "boolean",
        "timezone": "string",
        "with_networks": "string",
        "with_status": "string",
        "with_type": "string",
    },
}
# The date that a query is split by.
SPLIT_BY = {"movie": "primary_release_date", "tv": "first_air_date"}
_ORDERS = {
    "movie": (
        *("original_title", "popularity", "primary_release_date", "revenue", "title", "vote_average", "vote_count"),
    ),
    "tv": ("first_air_date", "name", "original_name", "popularity", "vote_average", "vote_count"),
}
SORTS = {kind: tuple(f"{name}.{way}" for name in names for way in ("asc", "desc")) for kind, names in _ORDERS.items()}

_TYPES: Mapping[str, dict[str, Any]] = {
    # Ids are numbers, and stand alone as often as in "18|35".
    "string": {"type": ["string", "integer"], "examples": ["18|35"]},
    "integer": {"type": "integer", "examples": [90]},
    "number": {"type": "number", "examples": [100]},
    "boolean": {"type": "boolean", "examples": [False]},
    DATE: {
        "type": "string",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "patternErrorMessage": "must be a day: year, month, day",
        "examples": ["2020-01-01"],
    },
}


def _property(name: str) -> dict[str, Any]:
    kinds = [kind for kind, names in PARAMETERS.items() if name in names]
    told: dict[str, Any] = {
        **_TYPES[PARAMETERS[kinds[0]][name]],
        "description": f"TMDB's {name}, of {' and '.join(f'/discover/{kind}' for kind in kinds)}.",
    }
    if name == "sort_by":
        told |= {"type": "string", "enum": sorted({*SORTS["movie"], *SORTS["tv"]}), "examples": ["vote_count.desc"]}
    return told


SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {name: _property(name) for name in sorted({*PARAMETERS["movie"], *PARAMETERS["tv"]})},
    "description": "Parameters of the query, by TMDB's names; comma is AND, pipe is OR.",
    "examples": [{"with_genres": "18|35", "vote_count.gte": 100}],
}
