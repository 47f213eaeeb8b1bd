"""--limit: at most so many records, and never a commit."""

from __future__ import annotations

import contextlib
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


def rows(ctx: Context, slice: Slice) -> Iterator[Record]:
    for id in slice.ids or range(50):
        yield Record("thing", id, b"{}")


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_one_slice_lands_so_many_and_no_more(job: JobMaker, records: Bodies, own_files: Files, limit: int) -> None:
    report = run(job(lambda ctx: [Slice("a")], rows, limit=limit))
    assert (report.status, report.exit_code, report.limited) == (Status.DONE, 0, True)
    assert (len(records()), report.counts.records) == (limit, limit)
    assert report.manifest is None
    assert "manifest.json" not in own_files()


def test_refs_of_the_plan_are_asked_for_up_to_the_limit(job: JobMaker) -> None:
    asked: list[str] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        asked.extend(slice.ids)
        return rows(ctx, slice)

    report = run(job(lambda ctx: [Ref("thing", id) for id in range(300)], fetch, limit=5))
    assert asked == ["0", "1", "2", "3", "4"]
    assert (report.status, report.counts.records) == (Status.DONE, 5)


def test_refs_of_lists_are_asked_for_up_to_the_limit_and_slices_that_wait_are_left(job: JobMaker) -> None:
    began: list[str] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Ref]:
        began.append(slice.name)
        if slice.ids:
            yield from rows(ctx, slice)
        else:
            yield from (Ref("thing", f"{slice.name}-{row}") for row in range(20))

    report = run(job(lambda ctx: [Slice(f"p{number}") for number in range(2000)], fetch, limit=5))
    assert (report.status, report.counts.records) == (Status.DONE, 5)
    assert len(began) < 500


def test_a_limited_run_may_be_followed_by_the_whole_one(job: JobMaker, records: Bodies) -> None:
    run(job(lambda ctx: [Slice("a")], rows, limit=5))
    report = run(job(lambda ctx: [Slice("a")], rows))
    assert (report.status, report.limited, len(records())) == (Status.DONE, False, 50)
    assert report.manifest is not None


def test_slices_that_land_at_the_same_time_do_not_go_past_the_limit(job: JobMaker, records: Bodies) -> None:
    together, have_met = threading.Barrier(8), threading.Event()

    class Meets(bytes):
        """A body that waits, where it is first looked at, until all eight records are there or no more come."""

        def __len__(self) -> int:
            if not have_met.is_set():
                with contextlib.suppress(threading.BrokenBarrierError):
                    together.wait(1)
                have_met.set()
            return bytes.__len__(self)

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("thing", slice.name, Meets(b"{}"))

    run(job(lambda ctx: [Slice(f"s{number}") for number in range(8)], fetch, limit=3))
    assert len(records()) == 3


def test_ids_that_the_limit_left_out_are_not_held_against_the_source(job: JobMaker) -> None:
    spent = threading.Event()

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        if slice.ids:
            assert spent.wait(10)
            yield from rows(ctx, slice)
        else:
            yield from (Record("thing", f"row-{row}", b"{}") for row in range(5))
            spent.set()

    plan = [Slice("a"), Ref("thing", 1), Ref("thing", 2)]
    report = run(job(lambda ctx: plan, fetch, limit=5))
    assert (report.status, report.counts.records) == (Status.DONE, 5)


def test_a_list_that_is_paged_by_token_is_not_read_past_the_limit(job: JobMaker) -> None:
    read: list[int] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Ref | Slice]:
        if slice.ids:
            yield from rows(ctx, slice)
            return
        page = slice.params["page"]
        read.append(page)
        yield from (Ref("thing", page * 20 + row) for row in range(20))
        if page < 99:
            yield Slice(f"p{page + 1}", {"page": page + 1})

    report = run(job(lambda ctx: [Slice("p0", {"page": 0})], fetch, limit=5))
    assert report.counts.records == 5
    assert len(read) <= 2
