"""A wish to stop is met at a safe point: nothing is raised into a lock, and the claim is given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_core import Context, Record, Slice
from ingest_core.interruption import Interruption
from ingest_core.model import Status
from ingest_core.run import Job, run

JobMaker = Callable[..., Job]


def forty(ctx: Context) -> list[Slice]:
    return [Slice(f"s{number}") for number in range(40)]


@pytest.mark.parametrize("where", ["plan", "fetch"])
def test_a_run_that_is_asked_to_stop_stops_and_the_next_goes_on(job: JobMaker, lake: Any, where: str) -> None:
    import threading

    interruption = Interruption(is_watched=True)

    def plan(ctx: Context) -> list[Slice]:
        if where == "plan":
            interruption.request()
        return forty(ctx)

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        if slice.name == "s1" and where == "fetch":
            interruption.request()
        if interruption.is_requested:
            threading.Event().wait(0.5)  # a request that is under way
        yield Record("thing", slice.name, b"{}")

    with pytest.raises(KeyboardInterrupt):
        run(job(plan, fetch, interruption=interruption))
    assert b'"phase":"open"' in lake.get("_ingest/Things/things/2026-11-23/state.json").body
    report = run(job(forty, lambda ctx, slice: [Record("thing", slice.name, b"{}")]))
    assert (report.status, report.counts.records) == (Status.DONE, 40)


def test_one_that_is_over_when_it_is_asked_is_done(job: JobMaker) -> None:
    interruption = Interruption(is_watched=True)

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("thing", slice.name, b"{}")
        interruption.request()

    try:
        report = run(job(lambda ctx: [Slice("a")], fetch, interruption=interruption))
    except KeyboardInterrupt:
        report = run(job(lambda ctx: [Slice("a")], fetch))
    assert report.status is Status.DONE


def test_nothing_begins_once_it_was_asked(job: JobMaker, lake: Any) -> None:
    interruption = Interruption()
    interruption.request()
    with pytest.raises(KeyboardInterrupt):
        run(job(forty, lambda ctx, slice: [], interruption=interruption))
    assert not list(lake.entries("_ingest/"))
