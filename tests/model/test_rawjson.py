"""JSON that stays bytes: judging it, and cutting rows and fields out of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest_core.errors import MalformedError
from ingest_core.model import field_of, rows_of
from ingest_core.model.rawjson import is_json, value_at

DEEP = b"[" * 100_000 + b"]" * 100_000

KEPT_EXACTLY = [
    b"7.10",
    b"1e400",
    b"-0.0",
    b"36893488147419103232123",
    b"null",
    b'"\\u00e9 \\/ \\ud83d\\ude00"',
    '"é 😀"'.encode(),
    b'{"z" : 1,\t"a":2 , "z2":[ 1,2 ]}',
    b'"\\ud800 alone"',
]


@pytest.mark.parametrize("row", KEPT_EXACTLY)
def test_a_row_keeps_every_byte(row: bytes) -> None:
    page = b'{ "items" : [ ' + row + b" , " + row + b'\n], "total": 2 }'
    assert [found.body for found in rows_of(page, "items")] == [row, row]
    assert is_json(row)


@pytest.mark.parametrize("value", KEPT_EXACTLY)
def test_a_value_inside_a_document_keeps_every_byte(value: bytes) -> None:
    assert value_at(b'{"a": {"b":  ' + value + b' }, "c": 1}', "a.b") == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"tru",
        b"NaN",
        b"[Infinity]",
        b"-",
        b"01",
        b"1 2",
        b"[1,]",
        b'{"a":1,}',
        b"{'a':1}",
        b'"\x01"',
        b'"open',
        b"\xef\xbb\xbf{}",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'{"a": "\\ud800", "b": "\xff"}',
        b'{"a": "\\ud800", "b": NaN}',
        '{"a": 1}'.encode("utf-16"),
        b"<html></html>",
        DEEP[:-1],
    ],
)
def test_what_rfc_8259_does_not_allow_is_not_json(body: bytes) -> None:
    assert not is_json(body)


@pytest.mark.parametrize("body", [b"{}", b" [ ] ", b'{"a":1,"a":2}', b'"\xc3\xa9"', b'{"a":"\\ud800","n":1e999}'])
def test_what_rfc_8259_allows_is_json(body: bytes) -> None:
    assert is_json(body)


def test_an_escaped_lone_surrogate_costs_neither_its_row_nor_the_neighbours() -> None:
    page = b'{"items": [{"id": 1}, {"id": 2, "t": "\\ud800"}, {"id": 3}], "next": "x"}'
    rows = list(rows_of(page, "items"))
    assert [row.body for row in rows] == [b'{"id": 1}', b'{"id": 2, "t": "\\ud800"}', b'{"id": 3}']
    assert [row.field("id") for row in rows] == [1, 2, 3]
    assert all(is_json(row.body) for row in rows)
    assert field_of(page, "next") == "x"


def test_raw_invalid_utf8_costs_its_own_row_alone() -> None:
    page = b'{"items": [{"id":1},{"id":2,"t":"\xff"},{"id":3}]}'
    rows = list(rows_of(page, "items"))
    assert [is_json(row.body) for row in rows] == [True, False, True]
    assert [rows[0].field("id"), rows[2].field("id")] == [1, 3]


@pytest.mark.parametrize("broken", [b"tru", b"NaN", b'{"id": }', b"[1,,2]", b"01", b'{"id":2 "x":1}'])
def test_a_broken_row_costs_itself_alone(broken: bytes) -> None:
    page = b'{"meta": {"n": 3}, "items": [{"id":1}, ' + broken + b' , {"id":"]}"}], "last": true}'
    rows = list(rows_of(page, "items"))
    assert [row.body for row in rows] == [b'{"id":1}', broken, b'{"id":"]}"}']
    assert [is_json(row.body) for row in rows] == [True, False, True]
    assert rows[2].field("id") == "]}"
    assert field_of(page, "meta.n") == 3
    assert field_of(page, "last") is True


@pytest.mark.parametrize("page", [b'[{"id":1}]', b' \n[ {"id":1} ] '])
def test_rows_may_stand_at_the_top(page: bytes) -> None:
    assert [row.body for row in rows_of(page)] == [b'{"id":1}']


def test_an_empty_array_has_no_rows() -> None:
    assert list(rows_of(b'{"items": []}', "items")) == []
    assert list(rows_of(b"[ ]")) == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"{}", "items"),
        (b'{"items": {}}', "items"),
        (b'{"items": null}', "items"),
        (b'{"items": "[1]"}', "items"),
        (b"[]", "items"),
        (b"", "items"),
        (b"", ""),
        (b'{"a":1}', ""),
        (b"<html>", "items"),
        (b'{"items": [1, 2', "items"),
        (b"[1, 2", ""),
        (b'{"meta": 5}', "meta.items"),
    ],
)
def test_a_missing_or_cut_array_is_malformed(body: bytes, path: str) -> None:
    with pytest.raises(MalformedError):
        list(rows_of(body, path))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("meta.next_token", "abc"),
        ("meta.count", 2**70),
        ("meta.none", None),
        ("meta", {"next_token": "abc", "count": 2**70, "none": None}),
        ("meta.absent", None),
        ("absent.next_token", None),
        ("meta.next_token.deeper", None),
        ("list.0", None),
        ("é", "accent"),
    ],
)
def test_a_field_is_found_by_its_path(path: str, value: Any) -> None:
    body = '{"meta": {"next_token": "abc", "count": 1180591620717411303424, "none": null}, "list": [1], "é": "accent"}'
    assert field_of(body.encode(), path) == value


@pytest.mark.parametrize("body", [b"", b"tru", b"[]", b'"id"', b'{"id":', b"\xff"])
def test_a_field_of_what_is_no_object_is_none(body: bytes) -> None:
    assert field_of(body, "id") is None


def test_a_number_of_five_thousand_digits_lands_and_is_no_field() -> None:
    body = b'{"id": ' + b"9" * 5000 + b"}"
    assert is_json(body)
    assert field_of(body, "id") is None


def test_depth_one_hundred_thousand_costs_its_own_row_alone() -> None:
    assert not is_json(DEEP)
    rows = list(rows_of(b'{"items": [{"id":1}, ' + DEEP + b', {"id":2}], "next": "t"}', "items"))
    assert [row.body for row in rows] == [b'{"id":1}', DEEP, b'{"id":2}']
    assert field_of(b'{"deep": ' + DEEP + b', "id": 5}', "id") == 5


def test_rows_behind_a_byte_order_mark_are_found() -> None:
    assert [row.body for row in rows_of(b'\xef\xbb\xbf{"items": [1]}', "items")] == [b"1"]


def test_the_last_of_two_equal_keys_wins_as_in_the_standard_library() -> None:
    body = b'{"id": 1, "id": 2}'
    assert field_of(body, "id") == json.loads(body)["id"]
