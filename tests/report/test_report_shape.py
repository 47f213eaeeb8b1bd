"""What counts as a change in the shape of records, and what may be chance."""

from __future__ import annotations

import json
from typing import Any

from ingest_core.report.shape import MOST_FIELDS, Shape, changes


def shape(*records: Any) -> Shape:
    made = Shape()
    for record in records:
        made.add(record if isinstance(record, bytes) else json.dumps(record).encode())
    return made


def told(before: Shape, after: Shape) -> dict[str, str]:
    return {change.name: change.kind for change in changes(before, after)}


def test_fields_that_are_gone_added_and_retyped_are_told_with_their_shares() -> None:
    before = shape(*[{"id": 1, "old": "x", "runtime": 90}] * 20)
    after = shape(*[{"id": 1, "new": True, "runtime": 90}] * 10, *[{"id": 1, "new": True, "runtime": "90 min"}] * 10)
    assert told(before, after) == {"old": "gone", "runtime": "retyped", "new": "added"}
    retyped = next(change for change in changes(before, after) if change.name == "runtime")
    assert (retyped.before, retyped.after) == ({"number": 1.0}, {"number": 0.5, "text": 0.5})


def test_of_a_branch_that_is_gone_its_root_is_told() -> None:
    before = shape(*[{"credits": {"cast": [{"name": "x", "id": 1}]}, "credits_note": "x"}] * 10)
    after = shape(*[{"credits_note": "x"}] * 10)
    assert told(before, after) == {"credits": "gone"}


def test_a_rare_field_that_does_not_show_is_no_change() -> None:
    before = shape(*[{"id": 1, "rare": 1}] * 4, *[{"id": 1}] * 96)
    after = shape(*[{"id": 1}] * 100)
    assert told(before, after) == {}
    assert told(after, before) == {}
    assert told(shape(*[{"id": 1, "rare": 1}] * 5, *[{"id": 1}] * 95), after) == {"rare": "gone"}


def test_of_few_records_only_what_each_of_them_had_counts() -> None:
    assert told(shape({"a": 1, "b": 1}), shape({"a": 1})) == {"b": "gone"}
    assert told(shape({"a": 1, "b": 1}, {"a": 1}), shape({"a": 1})) == {}
    assert told(Shape(), shape({"a": 1})) == {}


def test_a_share_that_moves_a_lot_is_told_and_one_that_moves_a_little_is_not() -> None:
    before = shape(*[{"id": 1, "x": 1}] * 95, *[{"id": 1}] * 5)
    after = shape(*[{"id": 1, "x": 1}] * 40, *[{"id": 1}] * 60)
    assert told(before, after) == {"x": "rarer"}
    assert told(after, before) == {"x": "more frequent"}
    assert told(before, shape(*[{"id": 1, "x": 1}] * 80, *[{"id": 1}] * 20)) == {}


def test_a_null_here_and_there_is_a_type_as_any_other() -> None:
    before = shape(*[{"x": "a"}] * 20)
    after = shape(*[{"x": "a"}] * 10, *[{"x": None}] * 10)
    assert told(before, after) == {"x": "retyped"}


def test_whole_numbers_and_decimals_are_numbers_and_truth_is_none() -> None:
    assert told(shape(*[{"x": 7}] * 9), shape(*[{"x": 7.5}] * 9)) == {}
    assert told(shape(*[{"x": 1}] * 9), shape(*[{"x": True}] * 9)) == {"x": "retyped"}


def test_a_map_of_ids_is_one_field_and_no_record_makes_more_than_so_many() -> None:
    mapped = shape({str(number): {"n": 1} for number in range(1000)})
    assert set(mapped.fields) == {"*", "*.n"}
    wide = shape(*[{f"f{record}_{number}": 1 for number in range(200)} for record in range(50)])
    assert len(wide.fields) == MOST_FIELDS


def test_bottomless_and_broken_records_do_no_harm() -> None:
    deep = b'{"a":' * 5000 + b"1" + b"}" * 5000
    made = shape(deep, b"{", b"\xff", b'{"ok": "\\ud800"}', b"[1, [2]]", b"7")
    assert made.records <= 4
    assert {"ok", "[]", "(record)"} < set(made.fields)
    assert shape(b'{"<script>": 1}').fields.keys() == {"<script>"}
