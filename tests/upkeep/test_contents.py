"""What a lake holds, in numbers: the same as lies there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ingest_core import Context, Missing, Record, Rejected, Slice, TransientError
from ingest_core.model import Batch, FailureBudget
from ingest_core.run import Job, run
from ingest_core.state import History
from ingest_core.upkeep import DayContents, contents, everything, prune

JobMaker = Callable[..., Job]
STREAMS = ("movie", "tv")


def plan(ctx: Context) -> Iterator[Slice]:
    yield from (Slice("a"), Slice("b"))


def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
    for id in range(1, 4):
        yield Record("movie" if slice.name == "a" else "tv", id, b'{"id": %d}' % id)
    yield Missing("tv", f"{slice.name}-gone", "404")
    yield Rejected("tv", f"{slice.name}-bad", "malformed")


def half(ctx: Context, slice: Slice) -> Iterator[Any]:
    if slice.name == "b":
        raise TransientError("503")
    yield from fetch(ctx, slice)


@pytest.fixture
def look(lake: Any) -> Callable[..., list[DayContents]]:
    def of(*numbers: int) -> list[DayContents]:
        with ThreadPoolExecutor(4) as pool:
            days = [dt.date(2026, 11, number) for number in numbers]
            return list(contents(lake, History(lake, "Things", "things"), days, pool))

    return of


@pytest.mark.parametrize("batch", [None, Batch(2), Batch(gzip=True)], ids=str)
def test_the_numbers_are_those_of_the_objects_that_lie_there(
    job: JobMaker, lake: Any, look: Any, batch: Batch | None
) -> None:
    run(job(plan, fetch, streams=STREAMS, batch=batch, max_failed=FailureBudget(2)))
    (day,) = look(23)
    there = list(lake.entries("Raw/"))
    assert (day.standing, day.is_committed, day.is_pruned, day.missing, day.rejected) == ("done", True, False, 2, 2)
    assert [(amount.stream, amount.records) for amount in day.amounts] == [("movie", 3), ("tv", 3)]
    assert sum(amount.objects for amount in day.amounts) == len(there)
    assert sum(amount.bytes for amount in day.amounts) == sum(entry.size for entry in there)


def test_what_is_not_committed_is_counted_so_far_and_marked(job: JobMaker, look: Any) -> None:
    run(job(plan, half, streams=STREAMS))
    run(job(plan, fetch, streams=STREAMS, date=dt.date(2026, 11, 22), limit=2))
    unfinished, trial = look(23, 22)
    assert (unfinished.standing, unfinished.is_committed, unfinished.rejected) == ("unfinished", False, 1)
    assert [(amount.stream, amount.records) for amount in unfinished.amounts] == [("movie", 3)]
    assert (trial.standing, trial.is_committed, trial.run) == ("trial", False, "things/2026-11-22/trial-1")


def test_a_committed_day_stays_so_while_it_is_landed_anew(job: JobMaker, look: Any) -> None:
    run(job(plan, fetch, streams=STREAMS, max_failed=FailureBudget(2)))
    run(job(plan, half, streams=STREAMS, refresh=True, max_failed=FailureBudget(2)))
    (day,) = look(23)
    assert (day.run, day.standing, day.is_committed) == ("things/2026-11-23/g1", "done", True)
    assert day.anew == "unfinished"


def test_a_pruned_day_is_told_by_its_manifest(job: JobMaker, lake: Any, look: Any) -> None:
    run(job(plan, fetch, streams=STREAMS, max_failed=FailureBudget(2)))
    prune(lake, "Things", "things", dt.date(2026, 11, 23))
    (day,) = look(23)
    assert (day.is_pruned, [(amount.stream, amount.records) for amount in day.amounts]) == (True, [("", 6)])


def test_a_day_without_a_run_is_left_out_and_every_config_is_found(job: JobMaker, lake: Any, look: Any) -> None:
    run(job(plan, fetch, streams=STREAMS, max_failed=FailureBudget(2)))
    assert [day.date.day for day in look(24, 23, 22)] == [23]
    assert [(history.label, history.config) for history in everything(lake)] == [("Things", "things")]
