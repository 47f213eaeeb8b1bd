"""What is written where, and what history is read from it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest_core.errors import LakeError
from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.model import Slice
from ingest_core.state import FORMAT, History, Landed, Manifest, Part, Quarantined, RunStore, Told

Commit = Callable[..., None]
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 23)


@pytest.fixture
def store(lake: Lake) -> RunStore:
    return RunStore(lake, ControlKeys("Things", "things", DAY))


@pytest.fixture
def commit(lake: Lake) -> Commit:
    """Writes a manifest and its parts, spelt out, as a run of that day would have left them."""

    def write(day: str, value: int, *, generation: int = 1, ids: tuple[str, ...] = (), config: str = "things") -> None:
        top = f"_ingest/Things/{config}/{day}/g{generation}/"
        part = {"format": 1, "slice": "a", "records": [
            {"stream": "thing", "id": id, "key": "k", "sha256": "s", "bytes": 1} for id in ids
        ] + [{"stream": "other", "id": "x", "key": "k", "sha256": "s", "bytes": 1}]}  # fmt: skip
        manifest = {
            "format": 1, "run": "r", "config": config, "source": "things", "label": "Things", "date": day,
            "generation": generation, "started": "2026-11-23T12:00:00Z", "finished": "2026-11-23T12:00:00Z",
            "rounds": [1], "parts": ["a"], "totals": {}, "checkpoint": {"value": value}, "truncated": [],
        }  # fmt: skip
        lake.put(f"{top}parts/a.json", json.dumps(part).encode())
        lake.put(f"{top}manifest.json", json.dumps(manifest).encode())

    return write


@pytest.fixture
def history(lake: Lake) -> History:
    return History(lake, "Things", "things")


def test_files_lie_where_the_design_says(lake: Lake, store: RunStore) -> None:
    store.write_round(0, [Slice("a")], Told(), {})
    store.write_part(Part(FORMAT, "a"))
    manifest = Manifest(FORMAT, "r", "things", "s", "L", "2026-11-23", 1, NOON, NOON, (1,), ("a",), {}, {}, ())
    assert store.read_manifest() is None
    assert store.write_manifest(manifest) == manifest
    assert store.read_manifest() == manifest
    assert [entry.key.removeprefix("_ingest/Things/things/2026-11-23/g1/") for entry in lake.entries("_ingest/")] == [
        "manifest.json",
        "parts/a.json",
        "plan-0-0.json",
    ]


def test_a_manifest_that_is_there_is_never_replaced(store: RunStore) -> None:
    first = Manifest(FORMAT, "first", "things", "s", "L", "2026-11-23", 1, NOON, NOON, (), (), {}, {}, ())
    assert store.write_manifest(first) == first
    other = Manifest(FORMAT, "2nd", "things", "s", "L", "2026-11-23", 1, NOON, NOON, (), (), {}, {}, ())
    assert store.write_manifest(other) == first
    assert store.read_manifest() == first


def test_a_large_plan_is_written_in_segments_whose_last_is_marked(
    store: RunStore, own_files: Callable[[], dict[str, dict[str, object]]]
) -> None:
    names = [f"s{number}" for number in range(201)]
    written = store.write_round(3, (Slice(name) for name in names), Told(), {})
    assert (written.segments, written.slices, written.ids) == (3, 201, None)
    segments = own_files()
    assert sorted(segments) == ["plan-3-0.json", "plan-3-1.json", "plan-3-2.json"]
    assert [segments[name]["last"] for name in sorted(segments)] == [False, False, True]
    found = [slice["name"] for name in sorted(segments) for slice in segments[name]["slices"]]  # type: ignore[attr-defined]
    assert found == names
    read = store.read_round(3)
    assert read == written
    assert [slice.name for slice in store.slices_of(read)] == names


def test_a_plan_of_nothing_is_one_empty_segment(
    store: RunStore, own_files: Callable[[], dict[str, dict[str, object]]]
) -> None:
    assert store.write_round(0, [], Told(), {}).segments == 1
    assert own_files()["plan-0-0.json"]["last"] is True


def test_without_history_the_checkpoint_is_empty(history: History) -> None:
    assert history.checkpoint_before(DAY) == {}


def test_the_checkpoint_is_that_of_the_newest_earlier_date(history: History, commit: Commit) -> None:
    for day, value in {"2026-11-20": 20, "2026-11-22": 22, "2026-11-23": 23, "2026-12-01": 31}.items():
        commit(day, value)
    assert history.checkpoint_before(DAY) == {"value": 22}
    assert history.checkpoint_before(dt.date(2026, 11, 22)) == {"value": 20}
    assert history.checkpoint_before(dt.date(2026, 11, 20)) == {}
    assert history.checkpoint_before(dt.date(2027, 1, 1)) == {"value": 31}


def test_a_date_that_was_not_committed_has_no_checkpoint(lake: Lake, history: History, commit: Commit) -> None:
    commit("2026-11-20", 20)
    lake.put("_ingest/Things/things/2026-11-22/g1/parts/a.json", b'{"format":1,"slice":"a","checkpoints":{"value":22}}')
    lake.put("_ingest/Things/things/not-a-date/g1/manifest.json", b"{}")
    assert history.checkpoint_before(DAY) == {"value": 20}


def test_of_one_date_the_newest_committed_generation_counts(lake: Lake, history: History, commit: Commit) -> None:
    commit("2026-11-22", 1)
    commit("2026-11-22", 10, generation=10)
    commit("2026-11-22", 2, generation=2)
    lake.put("_ingest/Things/things/2026-11-22/g11/parts/a.json", b'{"format":1,"slice":"a"}')
    assert history.checkpoint_before(DAY) == {"value": 10}


def test_another_config_has_a_history_of_its_own(history: History, commit: Commit) -> None:
    commit("2026-11-22", 22, config="things2")
    assert history.checkpoint_before(DAY) == {}


def test_landed_gives_the_ids_of_one_stream_since_a_date(history: History, commit: Commit) -> None:
    commit("2026-11-20", 0, ids=("1",))
    commit("2026-11-21", 0, ids=("2", "3"))
    commit("2026-11-22", 0, ids=("3", "4"))
    assert sorted(set(history.landed("thing", dt.date(2026, 11, 21)))) == ["2", "3", "4"]
    assert sorted(set(history.landed("other", dt.date(2026, 11, 22)))) == ["x"]
    assert list(history.landed("thing", DAY)) == []


def test_an_id_whose_key_holds_another_document_has_not_landed(lake: Lake, history: History, commit: Commit) -> None:
    commit("2026-11-22", 0)
    lake.delete("_ingest/Things/things/2026-11-22/g1/parts/a.json")
    part = Part(FORMAT, "a", (Landed("thing", "1", "k", "s", 1, "conflict"), Landed("thing", "2", "k", "s", 1)))
    RunStore(lake, ControlKeys("Things", "things", dt.date(2026, 11, 22))).write_part(part)
    assert list(history.landed("thing", dt.date(2026, 11, 22))) == ["2"]


def test_a_manifest_of_an_unknown_format_is_refused_by_name(lake: Lake, history: History) -> None:
    lake.put("_ingest/Things/things/2026-11-22/g1/manifest.json", b'{"format": 99}')
    with pytest.raises(LakeError, match=r"2026-11-22/g1/manifest\.json: format 99"):
        history.checkpoint_before(DAY)


def test_what_was_rejected_is_written_though_a_swap_is_refused_on_the_way(
    lake: Lake, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = store.write_quarantined(0, Quarantined(FORMAT, "thing", "1", "bad", "a", text="before"))
    swap, refusals = lake.swap, [False]

    def swapping(*arguments: Any) -> bool:
        return refusals.pop() if refusals else swap(*arguments)

    monkeypatch.setattr(lake, "swap", swapping)
    assert store.write_quarantined(0, Quarantined(FORMAT, "thing", "1", "bad", "a", text="after")) == key
    stored = lake.get(key)
    assert stored is not None
    assert json.loads(stored.body)["text"] == "after"
