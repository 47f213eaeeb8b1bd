"""One contract over every lake."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest_core.lake import Entry, Lake

KEY = "Raw/Things/JSON/2026/11/23/7.json"


def body_of(lake: Lake, key: str) -> bytes | None:
    stored = lake.get(key)
    return None if stored is None else stored.body


def test_the_first_body_under_a_key_is_kept(any_lake: Lake) -> None:
    assert any_lake.put_if_absent(KEY, b'{"first": 1}', {}) is True
    assert any_lake.put_if_absent(KEY, b'{"second": 2}', {}) is False
    assert body_of(any_lake, KEY) == b'{"first": 1}'


def test_of_sixteen_racing_writers_one_wins_and_its_body_stands(any_lake: Lake) -> None:
    together = threading.Barrier(16)

    def write(number: int) -> bool:
        together.wait(timeout=10)
        return any_lake.put_if_absent(KEY, b"%d" % number * 1000, {})

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(write, range(16)))
    assert won.count(True) == 1
    assert body_of(any_lake, KEY) == b"%d" % won.index(True) * 1000


def test_a_key_that_nothing_has_is_none(any_lake: Lake) -> None:
    assert any_lake.get("Raw/nothing.json") is None


def test_put_replaces_what_was_there(any_lake: Lake) -> None:
    any_lake.put(KEY, b"old and longer")
    any_lake.put(KEY, b"new")
    assert body_of(any_lake, KEY) == b"new"


def test_put_if_absent_does_not_replace_what_put_wrote(any_lake: Lake) -> None:
    any_lake.put(KEY, b"there")
    assert any_lake.put_if_absent(KEY, b"late", {}) is False
    assert body_of(any_lake, KEY) == b"there"


@pytest.mark.parametrize("body", [b"", b"\x00\xff\r\n", b"x" * 5_000_000], ids=["empty", "binary", "5 MB"])
def test_a_body_comes_back_byte_for_byte(any_lake: Lake, body: bytes) -> None:
    assert any_lake.put_if_absent(KEY, body, {}) is True
    assert body_of(any_lake, KEY) == body


@pytest.mark.parametrize("name", ["a b.json", "ação-日本.json", "a+b&c=d%20e.json", "'quoted'.json"])
def test_any_name_leads_back_to_its_own_body(any_lake: Lake, name: str) -> None:
    assert any_lake.put_if_absent(f"Raw/{name}", name.encode(), {}) is True
    assert body_of(any_lake, f"Raw/{name}") == name.encode()
    assert list(any_lake.entries("Raw/")) == [Entry(f"Raw/{name}", len(name.encode()))]


def test_entries_are_in_the_order_of_keys_with_their_sizes(any_lake: Lake) -> None:
    keys = ["Raw/b/2.json", "Raw/a.json", "Raw/a/1.json", "Raw/a-1.json", "Raw/é.json", "Raw/Z.json"]
    for size, key in enumerate(keys):
        any_lake.put(key, b"x" * size)
    assert list(any_lake.entries("Raw/")) == [
        Entry("Raw/Z.json", 5),
        Entry("Raw/a-1.json", 3),
        Entry("Raw/a.json", 1),
        Entry("Raw/a/1.json", 2),
        Entry("Raw/b/2.json", 0),
        Entry("Raw/é.json", 4),
    ]


def test_entries_hold_what_lies_below_the_prefix_alone(any_lake: Lake) -> None:
    for key in ("Raw/a/1.json", "Raw/ab/2.json", "Raw2/3.json", "_ingest/4.json"):
        any_lake.put(key, b"x")
    assert [entry.key for entry in any_lake.entries("Raw/a/")] == ["Raw/a/1.json"]
    assert list(any_lake.entries("Nothing/")) == []


def test_folders_are_the_names_one_level_below(any_lake: Lake) -> None:
    for key in ("_ingest/T/b/2026/x.json", "_ingest/T/a/y.json", "_ingest/T/file.json", "_ingest/Tb/c/z.json"):
        any_lake.put(key, b"x")
    assert any_lake.folders("_ingest/T/") == ["a", "b"]
    assert any_lake.folders("_ingest/nothing/") == []


def test_the_check_for_writing_leaves_nothing_behind(any_lake: Lake) -> None:
    any_lake.put(KEY, b"1")
    any_lake.check_writable()
    assert [entry.key for entry in any_lake.entries("Raw/")] == [KEY]
    assert list(any_lake.entries("_ingest/")) == []
    assert any_lake.folders("_ingest/") == []


def test_what_was_put_is_there_after_settling_and_settling_again_changes_nothing(any_lake: Lake) -> None:
    any_lake.put(KEY, b"1")
    any_lake.settle()
    any_lake.settle()
    assert body_of(any_lake, KEY) == b"1"
