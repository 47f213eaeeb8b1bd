"""A run that has only so much time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ingest_core.clock import Clock
from ingest_core.model import Context, Record, Slice, Source, Status
from ingest_core.run import Job, run
from ingest_core.run.deadline import Deadline
from ingest_core.testing import MemoryLake, SkippingClock

SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": {}}


def job(fetch: Callable[[Context, Slice], Iterator[Record]], clock: Clock, seconds: float | None) -> Job:
    def plan(ctx: Context) -> Iterator[Slice]:
        for number in range(40):
            yield Slice(f"s{number}", {"number": number})

    import datetime as dt

    return Job(
        config="slow",
        source=Source("slow", "Slow", SCHEMA, plan, fetch),
        label="Slow",
        settings={},
        date=dt.date(2026, 11, 23),
        lake=MemoryLake(),
        transport=lambda: pytest.fail("no network here"),
        open_file=lambda uri: pytest.fail("no file here"),
        clock=clock,
        connections=1,
        deadline=None if seconds is None else clock.monotonic() + seconds,
    )


def taking(clock: SkippingClock, seconds: float) -> Callable[[Context, Slice], Iterator[Record]]:
    """A fetch whose every slice takes so long."""
    import threading

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        clock.pause(seconds, threading.Event())
        yield Record("thing", slice.params["number"], b"{}")

    return fetch


def test_a_run_without_a_deadline_takes_its_time() -> None:
    clock = SkippingClock()
    assert run(job(taking(clock, 1000), clock, None)).counts.records == 40


def test_nothing_is_begun_when_less_than_the_margin_is_left() -> None:
    clock = SkippingClock()
    report = run(job(taking(clock, 1), clock, 29))
    assert (report.status, report.counts.records, report.manifest) == (Status.PARTIAL, 0, None)
    assert report.exit_code == 3
    assert "time is up" in str(report.error)


def test_a_run_out_of_time_keeps_what_has_landed_and_commits_nothing() -> None:
    clock = SkippingClock()
    whole = job(taking(clock, 10), clock, 200)
    report = run(whole)
    assert report.status is Status.PARTIAL
    assert 0 < report.counts.records < 40
    assert report.manifest is None


def test_the_margin_grows_to_twice_what_the_slowest_slice_took() -> None:
    clock = SkippingClock()
    deadline = Deadline(clock.monotonic() + 100, clock)
    assert not deadline.is_near()
    deadline.learn(60)
    deadline.learn(5)
    assert deadline.is_near()


def test_a_partial_run_is_done_by_the_next_one() -> None:
    clock = SkippingClock()
    first = job(taking(clock, 10), clock, 200)
    run(first)
    report = run(replace(first, deadline=None))
    assert (report.status, report.counts.records) == (Status.DONE, 40)
