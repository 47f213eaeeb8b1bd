"""From the JSON that records are to the columns that a view has.

A structure is what DuckDB's `json_structure` says of a document: the name of a type, `[structure]`, or a mapping of
fields. A text is a text here, whatever it looks like: a date that the API leaves empty once in a thousand records would
else break the query.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

OWN = ("date", "id", "source", "config", "key")
RECORD = "record"
MOST_COLUMNS = 500
MOST_FIELDS = 200  # an object with more is a map by data, not a record
DEEPEST = 12
_ABSENT = "NULL"
_WHOLE = ("UBIGINT", "BIGINT", "HUGEINT")
_ANYTHING = "JSON"


def merged(one: Any, other: Any) -> Any:
    """The structure that documents of both have: numbers widen, fields add up, what does not go together is JSON."""
    if _ABSENT in (one, other):
        return one if other == _ABSENT else other
    if one == other:
        return one
    if isinstance(one, dict) and isinstance(other, dict):
        return one | {name: merged(one.get(name, _ABSENT), structure) for name, structure in other.items()}
    if isinstance(one, list) and isinstance(other, list):
        return [merged(one[0], other[0])]
    if isinstance(one, str) and isinstance(other, str) and {one, other} <= {*_WHOLE, "DOUBLE"}:
        return "DOUBLE" if "DOUBLE" in {one, other} else "HUGEINT"
    return _ANYTHING


def parsed(text: str) -> Any:
    """The structure that DuckDB wrote; of one that is too deep to be read, nothing is known."""
    try:
        return json.loads(text)
    except RecursionError:
        return {}


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the records as a column: the SQL that takes it out of `record`, and its type where that is checked.

    `type` is None where whatever there is has its place: text, and JSON.
    """

    name: str
    sql: str
    type: str | None = None

    @property
    def untyped(self) -> str:
        """The value as JSON."""
        return f"json_extract({RECORD}, {_pointer(self.name)})"


def columns(structure: Mapping[str, Any], as_json: frozenset[str] = frozenset()) -> Iterator[Column]:
    """The columns of a view: a field each but those whose names are the view's own; those of `as_json` stay JSON.

    Names that differ by case alone are one to SQL: the first has the column.
    """
    taken = {*OWN, RECORD}
    for name, found in structure.items():
        if len(taken) - len(OWN) > MOST_COLUMNS:
            return
        if name and "\0" not in name and name.casefold() not in taken:
            taken.add(name.casefold())
            yield _column(name, _ANYTHING if name in as_json else found)


def _column(name: str, structure: Any) -> Column:
    value = f"json_extract({RECORD}, {_pointer(name)})"
    if structure == "VARCHAR":
        return Column(name, f"json_extract_string({RECORD}, {_pointer(name)})")
    if isinstance(structure, str) and structure in {"DOUBLE", "BOOLEAN", *_WHOLE}:
        type = "BIGINT" if structure in _WHOLE else structure
        return Column(name, f"CAST({value} AS {type})", type)
    nested = _nested(structure, DEEPEST)
    if nested == _ANYTHING:
        return Column(name, f"nullif({value}, 'null')")
    return Column(name, f"json_transform({value}, {quoted(json.dumps(nested))})")


def _nested(structure: Any, depth: int) -> Any:
    """What `json_transform` takes. Objects that no STRUCT can be are JSON."""
    if isinstance(structure, str):
        return _ANYTHING if structure == _ABSENT else structure
    if depth == 0:
        return _ANYTHING
    if isinstance(structure, list):
        return [_nested(structure[0], depth - 1)]
    names = {name.casefold() for name in structure}
    if not names or len(names) < len(structure) or len(names) > MOST_FIELDS or any(not n or "\0" in n for n in names):
        return _ANYTHING
    return {name: _nested(below, depth - 1) for name, below in structure.items()}


def _pointer(name: str) -> str:
    """The field as a JSON Pointer (RFC 6901), which has two escapes and no more."""
    return quoted("/" + name.replace("~", "~0").replace("/", "~1"))


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
