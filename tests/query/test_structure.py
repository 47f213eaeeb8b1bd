"""From what documents look like to the columns of a view."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

import duckdb
import pytest

from ingest_core.query.structure import MOST_COLUMNS, columns, identifier, merged, parsed, quoted

DOCUMENTS: list[dict[str, Any]] = [
    {"a": 1, "b": "x", "c": None, "d": [{"e": 1}], "f": {"g": 1, "h": [1]}},
    {"a": -1, "b": None, "c": 1.5, "d": [], "f": {"g": 1.5}},
    {"a": 2**63, "b": "", "c": 2, "d": [{"e": "x", "i": True}], "f": None},
    {"b": "y", "d": None, "f": {"h": []}},
]
NAMES = [
    "a'b",
    'a"b',
    "a/b",
    "a~b",
    "~1",
    "*",
    "$",
    "$.x",
    "a\nb",
    "a\\b",
    "\U0001f3ac",
    "0",
    "-",
    " ",
    "x" * 2000,
    "; --",
]


def structures(documents: list[dict[str, Any]]) -> list[Any]:
    asked = duckdb.connect()
    return [
        parsed(asked.execute("SELECT json_structure(?::JSON)", [json.dumps(one)]).fetchall()[0][0]) for one in documents
    ]


def selected(document: Mapping[str, Any], structure: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of one document."""
    fields = ", ".join(f"{column.sql} AS {identifier(column.name)}" for column in columns(structure))
    asked = duckdb.connect().execute(f"SELECT {fields} FROM (SELECT {quoted(json.dumps(document))}::JSON AS record)")
    names = [name for name, *_ in asked.description or []]
    return dict(zip(names, asked.fetchall()[0], strict=True))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_what_is_known_of_records_does_not_depend_on_their_order(order: tuple[int, ...]) -> None:
    every = structures(DOCUMENTS)
    found: Any = {}
    for number in order:
        found = merged(found, every[number])
    types = {column.name: column.type for column in columns(found)}
    assert types == {"a": "BIGINT", "b": None, "c": "DOUBLE", "d": None, "f": None}
    assert found["d"] == [{"e": "JSON", "i": "BOOLEAN"}]
    assert found["f"] == {"g": "DOUBLE", "h": ["UBIGINT"]}


def test_every_document_has_its_values_in_the_columns_of_all() -> None:
    found: Any = {}
    for structure in structures(DOCUMENTS):
        found = merged(found, structure)
    assert selected(DOCUMENTS[0], found) == {
        "a": 1, "b": "x", "c": None, "d": [{"e": "1", "i": None}], "f": {"g": 1.0, "h": [1]}
    }  # fmt: skip
    assert selected(DOCUMENTS[3], found) == {"a": None, "b": "y", "c": None, "d": None, "f": {"g": None, "h": []}}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_field_of_any_name_is_a_column(name: str) -> None:
    document = {name: 7}
    (structure,) = structures([document])
    assert selected(document, structure) == {name: 7}


def test_names_that_sql_cannot_tell_apart_or_a_view_has_itself_are_no_columns() -> None:
    names = ["id", "Date", "RECORD", "a", "A", "x\0", ""]
    structure = dict.fromkeys(names, "VARCHAR")
    assert [column.name for column in columns(structure)] == ["a"]


def test_a_record_of_very_many_fields_has_no_more_columns_than_sql_can_take() -> None:
    document = {f"field {number}": number for number in range(5_000)}
    (structure,) = structures([document])
    assert len(selected(document, structure)) == MOST_COLUMNS


@pytest.mark.parametrize(
    "value",
    [
        {str(number): {"x": 1} for number in range(300)},
        {"a": 1, "A": 2},
        {"": 1},
        {"x\0": 1},
        {},
        json.loads('{"a":' * 50 + "1" + "}" * 50),
    ],
    ids=["a map", "case", "nameless", "nul", "empty", "deep"],
)
def test_an_object_that_no_struct_can_be_stays_whole(value: Any) -> None:
    (structure,) = structures([{"value": value}])
    found = selected({"value": value}, structure)["value"]
    while isinstance(found, dict):  # the deep one: its upper part is a STRUCT
        value, found = value["a"], found["a"]
    assert json.loads(found) == value


def test_a_structure_that_is_too_deep_to_be_read_tells_nothing() -> None:
    assert parsed('{"a":' * 100_000 + '"JSON"' + "}" * 100_000) == {}
