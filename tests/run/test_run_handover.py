"""A slice that hands over its rest: one continues it, several split it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_core import Checkpoint, Context, Record, Ref, Slice
from ingest_core.model import Status
from ingest_core.run import HandOver, Job, run

JobMaker = Callable[..., Job]
Files = Callable[[], dict[str, Any]]


def parts(files: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name.removeprefix("parts/").removesuffix(".json"): [found["id"] for found in part.get("records", [])]
        for name, part in files.items()
        if name.startswith("parts/")
    }


def paging(pages: int, rows: int, body: bytes = b"{}") -> Callable[..., Iterator[Record | Slice]]:
    """Pages of `rows` records each; every page but the last hands over to the next."""

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Slice]:
        page = slice.params["page"]
        for row in range(rows):
            yield Record("thing", page * rows + row, body)
        if page + 1 < pages:
            yield Slice(f"p{page + 1}", {"page": page + 1})

    return fetch


def first_page(ctx: Context) -> list[Slice]:
    return [Slice("p0", {"page": 0})]


def test_one_slice_goes_on_in_the_same_part_until_a_hundred_records(job: JobMaker, own_files: Files) -> None:
    report = run(job(first_page, paging(pages=7, rows=40)))
    assert {name: len(ids) for name, ids in parts(own_files()).items()} == {"p0": 120, "p3": 120, "p6": 40}
    assert report.counts.records == 280
    assert [following["name"] for following in own_files()["parts/p0.json"]["next"]] == ["p3"]
    assert own_files()["manifest.json"]["parts"] == ["p0", "p3", "p6"]


def test_ten_megabytes_are_time_to_stop_as_well(job: JobMaker, own_files: Files) -> None:
    run(job(first_page, paging(pages=3, rows=1, body=b'"%s"' % (b"x" * 5_000_000))))
    assert list(parts(own_files())) == ["p0", "p2"]


def test_thirty_seconds_are_time_to_stop_as_well(job: JobMaker, own_files: Files, clock: Any) -> None:
    import threading

    page = paging(pages=3, rows=1)

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Slice]:
        clock.pause(16, threading.Event())
        yield from page(ctx, slice)

    run(job(first_page, fetch))
    assert list(parts(own_files())) == ["p0", "p2"]


def test_several_slices_split_the_rest_and_each_has_its_part(job: JobMaker, own_files: Files) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Ref | Slice]:
        yield Record("thing", f"of-{slice.name}", b"{}")
        if slice.name == "a":
            yield from (Slice("a1"), Slice("a2"), Slice("a3"))

    report = run(job(lambda ctx: [Slice("a"), Slice("b")], fetch))
    assert parts(own_files()) == {name: [f"of-{name}"] for name in ["a", "a1", "a2", "a3", "b"]}
    assert report.counts.slices == 5


def test_refs_of_a_rest_come_where_the_slice_stands_in_the_plan(job: JobMaker, own_files: Files) -> None:
    rests = {"a": ["a1", "a2"], "a1": ["a11", "a12"]}

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Ref | Slice]:
        if slice.ids:
            yield from (Record("thing", id, b"{}") for id in slice.ids)
            return
        yield Ref("thing", f"x-{slice.name}")
        yield from map(Slice, rests.get(slice.name, []))

    run(job(lambda ctx: [Slice("a"), Slice("b")], fetch))
    assert own_files()["plan-1-0.json"]["slices"][0]["ids"] == ["x-a", "x-a1", "x-a11", "x-a12", "x-a2", "x-b"]


@pytest.mark.parametrize("names", [["a"], ["a", "a2"], ["b", "b"], ["b", "c"]], ids=str)
def test_handing_over_to_a_name_that_is_taken_is_an_error_of_the_plugin(job: JobMaker, names: list[str]) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Slice]:
        yield from map(Slice, names if slice.name == "a" else [])

    report = run(job(lambda ctx: [Slice("a"), Slice("b")], fetch))
    assert report.status is Status.FAILED
    assert report.error is not None
    assert report.error[0] == "PluginError"
    assert "'a'" in report.error[1] or "'b'" in report.error[1]
    assert report.manifest is None


def test_two_pages_that_hand_over_to_each_other_end(job: JobMaker) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Slice]:
        yield Slice("b" if slice.name == "a" else "a")

    report = run(job(lambda ctx: [Slice("a")], fetch))
    assert report.error is not None
    assert report.error[0] == "PluginError"
    assert "paging does not advance" in report.error[1]


def test_a_page_that_comes_again_after_a_new_part_ends_as_well(job: JobMaker) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Slice]:
        yield from (Record("thing", f"{slice.name}-{row}", b"{}") for row in range(100))
        yield Slice({"a": "b", "b": "c", "c": "b"}[slice.name])

    report = run(job(lambda ctx: [Slice("a")], fetch))
    assert report.error is not None
    assert report.error[0] == "PluginError"


def test_pages_without_a_record_for_ever_end_as_well(job: JobMaker) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Slice]:
        yield Slice(f"p{slice.params['page'] + 1}", {"page": slice.params["page"] + 1})

    report = run(job(first_page, fetch, hand_over=HandOver(records=0)))
    assert report.error is not None
    assert "1000 slices in a row brought nothing new" in report.error.what


@pytest.mark.parametrize("late", [Record("thing", 1, b"{}"), Ref("thing", 1), Checkpoint("c", 1)], ids=str)
def test_nothing_comes_after_a_slice(job: JobMaker, late: Any) -> None:
    report = run(job(lambda ctx: [Slice("a")], lambda ctx, slice: [Slice("b"), late]))
    assert report.status is Status.FAILED
    assert report.error is not None
    assert "slices come last" in report.error[1]
