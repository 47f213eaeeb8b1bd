"""The kinds of paging, and when it stops, as JSON Schema."""

from __future__ import annotations

from typing import Any


def _kind(description: str, example: dict[str, Any], required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "description": description,
        "examples": [example],
        "properties": properties,
    }


def _param(default: str) -> dict[str, Any]:
    return {
        "type": "string",
        "minLength": 1,
        "default": default,
        "description": "The parameter's name.",
        "examples": [default],
    }


def _first(default: int) -> dict[str, Any]:
    return {
        "type": "integer",
        "minimum": 0,
        "default": default,
        "description": "What the first page is called.",
        "examples": [default],
    }


def _at(description: str, example: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "description": description, "examples": [example]}


_SIZE = {
    "type": "integer",
    "minimum": 1,
    "maximum": 100_000,
    "description": "Rows on a full page.",
    "examples": [100],
}
_SIZE_PARAM = {
    "type": "string",
    "minLength": 1,
    "description": "The parameter that asks for so many rows.",
    "examples": ["limit"],
}

PAGING = {
    "type": "object",
    "additionalProperties": False,
    "description": "How the next page is asked for: one of these kinds. Left out: there is one page.",
    "examples": [{"page": {"param": "page"}}],
    "properties": {
        "page": _kind(
            "Pages have numbers. The first one without rows is the last, unless total_pages tells.",
            {"param": "page", "total_pages": "total_pages"},
            [],
            param=_param("page"),
            first=_first(1),
            size=_SIZE,
            size_param=_SIZE_PARAM | {"examples": ["per_page"]},
            total_pages=_at(
                "Where a page says how many there are: the others are then asked side by side.", "total_pages"
            ),
        ),
        "offset": _kind(
            "Pages begin after so many rows. The first one without rows is the last, unless total tells.",
            {"size": 100, "size_param": "limit"},
            ["size"],
            param=_param("offset"),
            first=_first(0),
            size=_SIZE,
            size_param=_SIZE_PARAM,
            total=_at("Where a page says how many rows there are: pages are then asked side by side.", "total"),
        ),
        "cursor": _kind(
            "Each page gives the cursor of the next one, and the last one none.",
            {"param": "cursor", "at": "meta.next_cursor"},
            ["at"],
            param=_param("cursor"),
            at=_at("Where the next cursor is in the answer.", "meta.next_cursor"),
        ),
        "link": _kind(
            "The Link header of a page names the URL of the next one (RFC 8288).",
            {"rel": "next"},
            [],
            rel={
                "type": "string",
                "minLength": 1,
                "default": "next",
                "description": "What the link to the next page is called.",
                "examples": ["next"],
            },
        ),
        "next_url": _kind(
            "Each page gives the URL of the next one, and the last one none.",
            {"at": "next"},
            ["at"],
            at=_at("Where the next URL is in the answer.", "next"),
        ),
        "last_id": _kind(
            "The next page begins after the last row of this one. One without rows is the last.",
            {"param": "starting_after", "field": "id"},
            ["param"],
            param={
                "type": "string",
                "minLength": 1,
                "description": "The parameter's name.",
                "examples": ["starting_after"],
            },
            field={
                "type": "string",
                "minLength": 1,
                "default": "id",
                "description": "Where in a row stands what the next page is asked for with.",
                "examples": ["id"],
            },
        ),
    },
}

STOP = {
    "type": "object",
    "additionalProperties": False,
    "description": "When a list ends before its own end; what then may be left is reported as cut off.",
    "examples": [{"pages": 5}],
    "properties": {
        "pages": {
            "type": "integer",
            "minimum": 1,
            "description": "Read no more than so many pages.",
            "examples": [5],
        },
        "more": {
            "type": "string",
            "minLength": 1,
            "description": "Where a page says whether more follow; the last one says false, or nothing.",
            "examples": ["has_more"],
        },
        "short_page": {
            "type": "boolean",
            "default": False,
            "description": "A page with fewer rows than the size is the last, so that no empty one is asked for.",
            "examples": [True],
        },
    },
}
