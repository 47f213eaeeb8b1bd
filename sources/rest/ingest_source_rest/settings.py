"""The settings: an API's endpoints, as JSON Schema that editors complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest_source_rest.paging_schema import PAGING, STOP

Settings = Mapping[str, Any]
Stream = Mapping[str, Any]

MOST_PAGES = 100_000
PATH = {
    "pattern": "^/[^?#\\\\]*$",
    "patternErrorMessage": "must begin with '/', and has no '?', '#' or '\\\\': parameters go into `params`",
}
_PLAIN = {"pattern": "^[ -~]*$", "patternErrorMessage": "must be plain characters (ASCII) alone"}
HTTPS = "^(https://|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?(/|$))"

_PARAMS = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
    "default": {},
    "description": "The query. {date}, {year}, {month}, {day} and {checkpoint} are placed; one whose checkpoint "
    "is not known yet is left out.",
    "examples": [{"per_page": 100, "since": "{checkpoint}"}],
}

_AUTH = {
    "type": "object",
    "additionalProperties": False,
    "description": "How requests are signed: one of these, its secret by reference. Left out: the API is open.",
    "examples": [{"bearer": "env:THINGS_KEY"}],
    "properties": {
        "bearer": {
            "type": "string",
            "format": "secret",
            "description": "Authorization: Bearer …",
            "examples": ["env:THINGS_KEY"],
        },
        "header": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "key"],
            "description": "The key in a header of its own.",
            "examples": [{"name": "X-Api-Key", "key": "env:THINGS_KEY"}],
            "properties": {
                "name": {
                    "type": "string",
                    "pattern": "^[A-Za-z0-9-]{1,64}$",
                    "patternErrorMessage": "must be letters, digits and '-' alone",
                    "description": "The header's name.",
                    "examples": ["X-Api-Key"],
                },
                "key": {
                    "type": "string",
                    "format": "secret",
                    "description": "The key, by reference.",
                    "examples": ["env:THINGS_KEY"],
                },
                "prefix": {
                    "type": "string",
                    **_PLAIN,
                    "default": "",
                    "description": "What stands before the key.",
                    "examples": ["Token "],
                },
            },
        },
        "query": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "key"],
            "description": "The key as a parameter, for APIs that take it no other way. It is never kept with a URL.",
            "examples": [{"name": "api_key", "key": "env:THINGS_KEY"}],
            "properties": {
                "name": {
                    "type": "string",
                    "minLength": 1,
                    "description": "The parameter's name.",
                    "examples": ["api_key"],
                },
                "key": {
                    "type": "string",
                    "format": "secret",
                    "description": "The key, by reference.",
                    "examples": ["env:THINGS_KEY"],
                },
            },
        },
        "basic": {
            "type": "object",
            "additionalProperties": False,
            "description": "HTTP basic: user and password; or key alone, where an API takes its key as the user.",
            "examples": [{"user": "me@example.org", "password": "env:THINGS_PASSWORD"}, {"key": "env:THINGS_KEY"}],
            "properties": {
                "user": {"type": "string", "description": "The user's name.", "examples": ["me@example.org"]},
                "password": {
                    "type": "string",
                    "format": "secret",
                    "description": "The password, by reference.",
                    "examples": ["env:THINGS_PASSWORD"],
                },
                "key": {
                    "type": "string",
                    "format": "secret",
                    "description": "The key as the user's name, with an empty password.",
                    "examples": ["env:THINGS_KEY"],
                },
            },
        },
    },
}

_DETAIL = {
    "type": "object",
    "additionalProperties": False,
    "required": ["path"],
    "description": "Land each row's own document instead of the row: one request a row, each id once.",
    "examples": [{"path": "/things/{id}"}],
    "properties": {
        "path": {
            "type": "string",
            **PATH,
            "description": "Below the base URL; {id} is the row's id.",
            "examples": ["/things/{id}"],
        },
        "params": _PARAMS,
    },
}

_INCREMENTAL = {
    "type": "object",
    "additionalProperties": False,
    "required": ["field"],
    "description": "The largest value of a field that a run saw is the checkpoint, and {checkpoint} in the next run.",
    "examples": [{"field": "updated_at", "lag": "1h"}],
    "properties": {
        "field": {
            "type": "string",
            "minLength": 1,
            "description": "Where in a row it stands.",
            "examples": ["updated_at"],
        },
        "type": {
            "enum": ["timestamp", "unix", "number"],
            "default": "timestamp",
            "description": "What it is: ISO 8601, seconds since 1970, or a number such as an id (text of digits too).",
            "examples": ["timestamp"],
        },
        "lag": {
            "type": "string",
            "format": "duration",
            "description": "How far before the checkpoint the next run begins, for rows that show up late.",
            "examples": ["1h", "2d"],
        },
        "start": {
            "type": ["string", "integer"],
            "description": "What {checkpoint} is in the first run. Left out: its parameter is left out too.",
            "examples": ["2026-01-01T00:00:00Z"],
        },
    },
}

_STREAM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "path"],
    "properties": {
        "name": {
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]{0,63}$",
            "patternErrorMessage": "must be a lower-case word: letters, digits and '_'",
            "description": "What its records are: a lower-case word.",
            "examples": ["thing"],
        },
        "path": {
            "type": "string",
            **PATH,
            "description": "Below the base URL. {date}, {year}, {month} and {day} are placed.",
            "examples": ["/things"],
        },
        "params": _PARAMS,
        "rows": {
            "type": "string",
            "default": "",
            "description": "Where the array of rows is in the answer; left out: the answer is that array.",
            "examples": ["items", "data.things"],
        },
        "single": {
            "type": "boolean",
            "default": False,
            "description": "The answer is one record, not a list of rows.",
            "examples": [True],
        },
        "count": {
            "type": "string",
            "minLength": 1,
            "description": "Where a page says how many rows it has, for APIs that leave the array out at 0.",
            "examples": ["meta.result_count"],
        },
        "id": {
            "type": ["string", "array"],
            "minLength": 1,
            "minItems": 1,
            "items": {"type": "string", "minLength": 1},
            "default": "id",
            "description": "Where in a row its id is; several fields are joined with a dot. With single, text in which "
            "the date is placed will do too.",
            "examples": ["id", ["country.code", "year"], "{date}"],
        },
        "detail": _DETAIL,
        "paging": PAGING,
        "stop": STOP,
        "max_pages": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_PAGES,
            "default": 1000,
            "description": "The hard cap: a list that goes on past it is an error, and nothing of it is committed.",
            "examples": [1000],
        },
        "incremental": _INCREMENTAL,
    },
}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["base_url", "streams"],
    "properties": {
        "base_url": {
            "type": "string",
            "pattern": HTTPS,
            "patternErrorMessage": "must be an https URL (http on loopback alone)",
            "description": "The API, https (or http on loopback).",
            "examples": ["https://api.example.org/v1"],
        },
        "hosts": {
            "type": "array",
            "items": {
                "type": "string",
                "pattern": "^[A-Za-z0-9.-]+(:[0-9]+)?$",
                "patternErrorMessage": "must be a host alone, without https:// and without a path",
                "examples": ["eu.api.example.org"],
            },
            "default": [],
            "description": "Further hosts that the API's next pages may lie on.",
            "examples": [["eu.api.example.org"]],
        },
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "string", **_PLAIN, "examples": ["application/json"]},
            "default": {},
            "description": "Headers that go along with each request, such as the API's version; never a key.",
            "examples": [{"Accept": "application/vnd.github+json"}],
        },
        "auth": _AUTH,
        "error": {
            "type": "string",
            "minLength": 1,
            "description": "Where an answer with status 200 says that it is an error after all.",
            "examples": ["error"],
        },
        "probe": {
            "type": "string",
            **PATH,
            "description": "A cheap path that `ingest check` asks.",
            "examples": ["/status"],
        },
        "streams": {
            "type": "array",
            "minItems": 1,
            "items": _STREAM,
            "description": "What to ingest: an endpoint each.",
            "examples": [[{"name": "thing", "path": "/things", "rows": "items"}]],
        },
    },
}
