"""What the next run is told, and when: after a commit, never before, and never by an older date."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_core import Checkpoint, Context, Record, Ref, Rejected, Slice, TransientError
from ingest_core.model import Status
from ingest_core.run import Job, plan, run

JobMaker = Callable[..., Job]
Files = Callable[..., dict[str, Any]]
FIRST, NEXT = dt.date(2026, 11, 23), dt.date(2026, 11, 24)


def one_slice(ctx: Context) -> list[Slice]:
    return [Slice("a")]


def seen_by_a_run_of(job: JobMaker, date: dt.date) -> dict[str, Any]:
    seen: list[dict[str, Any]] = []

    def look(ctx: Context) -> list[Slice]:
        seen.append(dict(ctx.checkpoint))
        return []

    plan(job(look, lambda ctx, slice: [], date=date))
    return seen[0]


def test_a_committed_run_tells_the_next_date(job: JobMaker, own_files: Files) -> None:
    report = run(job(one_slice, lambda ctx, slice: [Checkpoint("since", {"id": "9"})]))
    assert report.checkpoint == {"since": {"id": "9"}}
    assert own_files()["manifest.json"]["checkpoint"] == {"since": {"id": "9"}}
    assert seen_by_a_run_of(job, NEXT) == {"since": {"id": "9"}}
    assert seen_by_a_run_of(job, dt.date(2026, 11, 22)) == {}


def failed(ctx: Context, slice: Slice) -> Iterator[Any]:
    yield Checkpoint("since", "failed")
    yield Rejected("thing", 1, "malformed")


def partial(ctx: Context, slice: Slice) -> Iterator[Any]:
    yield Checkpoint("since", "partial")
    if slice.name == "b":
        raise TransientError("503")


@pytest.mark.parametrize("fetch", [failed, partial])
@pytest.mark.parametrize("where", ["plan", "part"])
def test_a_run_that_did_not_commit_tells_nobody(job: JobMaker, fetch: Any, where: str) -> None:
    begin = [Checkpoint("planned", 1)] if where == "plan" else []
    report = run(job(lambda ctx: [*begin, Slice("a"), Slice("b")], fetch))
    assert report.status is not Status.DONE
    assert seen_by_a_run_of(job, NEXT) == {}


def test_a_limited_run_tells_nobody(job: JobMaker) -> None:
    report = run(job(one_slice, lambda ctx, slice: [Checkpoint("since", 1), Record("thing", 1, b"{}")], limit=10))
    assert (report.status, report.limited, report.manifest) == (Status.DONE, True, None)
    assert seen_by_a_run_of(job, NEXT) == {}


def test_an_older_date_does_not_move_what_a_newer_one_said(job: JobMaker) -> None:
    run(job(one_slice, lambda ctx, slice: [Checkpoint("since", "new")], date=NEXT))
    run(job(one_slice, lambda ctx, slice: [Checkpoint("since", "old")], date=FIRST))
    assert seen_by_a_run_of(job, dt.date(2026, 11, 25)) == {"since": "new"}


def test_what_nobody_mentions_stays(job: JobMaker) -> None:
    run(job(one_slice, lambda ctx, slice: [Checkpoint("a", 1), Checkpoint("b", 1)], date=FIRST))
    run(job(one_slice, lambda ctx, slice: [Checkpoint("b", 2)], date=NEXT))
    assert seen_by_a_run_of(job, dt.date(2026, 11, 25)) == {"a": 1, "b": 2}


def test_the_last_value_in_plan_order_wins_whoever_finishes_last(job: JobMaker, lake: Any) -> None:
    finished = {name: threading.Event() for name in "abc"}

    def after_put(key: str) -> None:
        if "/parts/" in key:
            finished[key[-len("a.json")]].set()

    def fetch(ctx: Context, slice: Slice) -> Iterator[Checkpoint]:
        following = {"a": "b", "b": "c"}.get(slice.name)
        if following:
            assert finished[following].wait(10)
        yield Checkpoint("since", slice.name)

    lake.after_put = after_put
    report = run(job(lambda ctx: [Checkpoint("since", "plan"), *map(Slice, "abc")], fetch))
    assert report.checkpoint == {"since": "c"}


def test_a_later_round_does_not_wipe_out_what_an_earlier_one_said(job: JobMaker) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        if slice.ids:
            yield Checkpoint("details", 2)
            yield Record("thing", slice.ids[0], b"{}")
        else:
            yield Checkpoint("lists", 1)
            yield Ref("thing", 1)

    assert run(job(one_slice, fetch)).checkpoint == {"lists": 1, "details": 2}


def test_a_rerun_of_a_done_run_asks_nothing_and_tells_the_same(job: JobMaker) -> None:
    first = run(job(one_slice, lambda ctx, slice: [Checkpoint("since", 1), Record("thing", 1, b"{}")]))

    def never(*_: object) -> list[Any]:
        raise AssertionError("a done run plans and fetches nothing")

    again = run(job(never, never))
    assert (again.status, again.already_done, again.exit_code) == (Status.DONE, True, 0)
    assert again.manifest == first.manifest
    assert (again.counts.records, again.counts.bytes) == (1, 2)
    assert again.checkpoint == {"since": 1}


def test_landed_tells_a_source_what_earlier_runs_have(job: JobMaker) -> None:
    run(job(one_slice, lambda ctx, slice: [Record("thing", id, b"{}") for id in (1, 2)], date=FIRST))
    seen: list[str] = []

    def plan(ctx: Context) -> list[Slice]:
        seen.extend(ctx.landed("thing", FIRST))
        return []

    run(job(plan, lambda ctx, slice: [], date=NEXT))
    assert sorted(seen) == ["1", "2"]


def test_a_limit_on_a_date_that_is_done_asks_nothing(job: JobMaker) -> None:
    run(job(one_slice, lambda ctx, slice: [Record("thing", 1, b"{}")]))
    assert run(job(one_slice, lambda ctx, slice: [Record("thing", 2, b"{}")], limit=1)).counts.records == 1
