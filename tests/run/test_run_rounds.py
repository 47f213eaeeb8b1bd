"""Refs become rounds: distinct, in plan order, a hundred a slice, the same whatever the threads do."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_core import Context, Record, Ref, Slice
from ingest_core.model import Status
from ingest_core.run import Job, run

JobMaker = Callable[..., Job]
Files = Callable[[], dict[str, Any]]
Bodies = Callable[[], dict[str, bytes]]
RAW = "Raw/Things/JSON/2026/11/23"


def pinned(slice: Slice) -> Iterator[Record]:
    for id in slice.ids:
        yield Record(slice.stream or "", id, b'{"id": %s}' % id.encode())


def planned(files: dict[str, Any], round: int) -> list[tuple[str, str, list[str]]]:
    slices = files[f"plan-{round}-0.json"]["slices"]
    return [(slice["name"], slice["stream"], slice["ids"]) for slice in slices]


def test_a_record_goes_its_whole_way(job: JobMaker, records: Bodies, own_files: Files) -> None:
    def plan(ctx: Context) -> Iterator[Slice]:
        yield Slice("a", {"n": 1})

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("thing", 7, b'{"n": %d}' % slice.params["n"])

    report = run(job(plan, fetch))
    assert (report.status, report.exit_code, report.error) == (Status.DONE, 0, None)
    assert records() == {f"{RAW}/7.json": b'{"n": 1}'}
    files = own_files()
    assert sorted(files) == ["intents/a/1-0.json", "manifest.json", "parts/a.json", "plan-0-0.json"]
    assert [(found["id"], found["key"]) for found in files["parts/a.json"]["records"]] == [("7", f"{RAW}/7.json")]
    assert files["manifest.json"]["parts"] == ["a"]
    assert report.manifest == "_ingest/Things/things/2026-11-23/g1/manifest.json"


def test_refs_of_several_slices_are_distinct_and_in_the_order_of_the_plan(job: JobMaker, own_files: Files) -> None:
    found = {"a": [5, 3, 4], "b": [3, 9, 5], "c": [1, 9, 2]}

    def fetch(ctx: Context, slice: Slice) -> Iterator[Ref | Record]:
        yield from pinned(slice) if slice.ids else (Ref("thing", id) for id in found[slice.name])

    report = run(job(lambda ctx: map(Slice, found), fetch))
    assert planned(own_files(), 1) == [("r1-thing-00000", "thing", ["5", "3", "4", "9", "1", "2"])]
    assert report.counts.records == 6


def test_a_hundred_refs_go_into_a_slice_and_each_stream_has_its_own(job: JobMaker, own_files: Files) -> None:
    def plan(ctx: Context) -> Iterator[Ref]:
        for id in range(1, 251):
            yield Ref("thing", id)
            if id <= 100:
                yield Ref("actor", id)

    report = run(job(plan, lambda ctx, slice: pinned(slice), streams=("thing", "actor")))
    assert [(stream, len(ids)) for _, stream, ids in planned(own_files(), 0)] == [
        ("actor", 100),
        ("thing", 100),
        ("thing", 100),
        ("thing", 50),
    ]
    assert [ids[0] for _, _, ids in planned(own_files(), 0)] == ["1", "1", "101", "201"]
    assert report.counts.records == 350


def test_three_levels_are_three_rounds_and_no_id_is_asked_for_twice(
    job: JobMaker, own_files: Files, records: Bodies
) -> None:
    asked: list[str] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Ref]:
        if not slice.ids:
            yield from (Ref("show", 1), Ref("show", 2))
        for id in slice.ids:
            asked.append(f"{slice.stream} {id}")
            yield Record(slice.stream or "", id, b"{}")
            if slice.stream == "show":
                yield from (Ref("season", f"{id}-1"), Ref("show", 1), Ref("season", "0-0"))
            elif slice.stream == "season":
                yield from (Ref("person", 7), Ref("show", 2), Ref("season", "0-0"))
            else:
                yield from (Ref("show", 1), Ref("person", 7), Ref("season", "1-1"))

    report = run(job(lambda ctx: [Slice("lists")], fetch, streams=("show", "season", "person")))
    assert sorted(asked) == ["person 7", "season 0-0", "season 1-1", "season 2-1", "show 1", "show 2"]
    assert [planned(own_files(), round)[0][2] for round in (1, 2, 3)] == [["1", "2"], ["1-1", "0-0", "2-1"], ["7"]]
    assert "plan-4-0.json" not in own_files()
    assert own_files()["manifest.json"]["rounds"] == [1, 1, 1, 1]
    assert report.counts.repeated == 0
    assert set(records()) == {f"{RAW}/{file}.json" for file in [
        "show-1", "show-2", "season-1-1", "season-2-1", "season-0-0", "person-7"
    ]}  # fmt: skip


def test_a_number_and_its_text_are_one_id(job: JobMaker, own_files: Files) -> None:
    run(job(lambda ctx: [Ref("thing", 7), Ref("thing", "7"), Ref("thing", "07")], lambda ctx, slice: pinned(slice)))
    assert planned(own_files(), 0)[0][2] == ["7", "07"]


def test_the_same_id_in_two_streams_is_two_records(job: JobMaker, records: Bodies) -> None:
    run(job(lambda ctx: [Ref("a", 1), Ref("b", 1)], lambda ctx, slice: pinned(slice), streams=("a", "b")))
    assert set(records()) == {f"{RAW}/a-1.json", f"{RAW}/b-1.json"}


@pytest.mark.parametrize("seed", range(4))
def test_the_plan_is_the_same_in_whatever_order_slices_finish(
    job: JobMaker, own_files: Files, lake: Any, seed: int
) -> None:
    names = [f"list-{number}" for number in range(8)]
    order = random.Random(seed).sample(names, len(names))
    before = {name: order[: order.index(name)][-1:] for name in names}
    finished = {name: threading.Event() for name in names}

    def after_put(key: str) -> None:
        name = key.rpartition("/")[2].removesuffix(".json")
        if "/parts/" in key and name in finished:
            finished[name].set()

    def fetch(ctx: Context, slice: Slice) -> Iterator[Ref | Record]:
        if slice.ids:
            yield from pinned(slice)
            return
        for earlier in before[slice.name]:
            assert finished[earlier].wait(10)
        number = names.index(slice.name)
        yield from (Ref("thing", id) for id in range(number * 60, number * 60 + 90))

    lake.after_put = after_put
    assert run(job(lambda ctx: map(Slice, names), fetch)).status is Status.DONE
    expected = [str(id) for id in range(510)]
    assert [ids for _, _, ids in planned(own_files(), 1)] == [expected[at : at + 100] for at in range(0, 510, 100)]


@pytest.mark.parametrize("id", [None, "", True, 1.5, [1]], ids=repr)
def test_a_ref_without_an_id_is_never_asked_for(job: JobMaker, id: Any) -> None:
    asked: list[str] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Ref | Record]:
        if not slice.ids:
            yield from (Ref("thing", 1), Ref("thing", id))
        asked.extend(slice.ids)
        yield from pinned(slice)

    run(job(lambda ctx: [Slice("a")], fetch))
    assert asked in ([], ["1"])


def test_two_slices_never_share_a_part(job: JobMaker, own_files: Files) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Ref | Record]:
        yield from pinned(slice) if slice.ids else [Ref("thing", 1)]

    report = run(job(lambda ctx: [Slice("r1-thing-00000")], fetch))
    assert report.status is Status.FAILED or report.counts.slices == len(set(own_files()["manifest.json"]["parts"]))
