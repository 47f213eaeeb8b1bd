"""What a run keeps of its course: bounded, and true to the minute."""

from __future__ import annotations

import pytest
from wire import FakeClock, MakeBench, in_turn

from ingest_core.api import Meter, TransportError
from ingest_core.api.meter import MOST_SETBACKS, MOST_STEPS
from ingest_core.errors import TransientError
from ingest_core.model import LATENCY_MS, Timeline


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_records_requests_retries_and_refusals_are_counted_by_the_minute(clock: FakeClock) -> None:
    meter = Meter(clock)
    sent = meter.sent(is_retry=False)
    clock.advance(0.03)
    meter.answered(sent)
    meter.landed()
    clock.advance(60)
    meter.landed()
    meter.landed()
    sent = meter.sent(is_retry=True)
    clock.advance(70)
    meter.answered(sent)
    meter.throttled()
    told = meter.timeline()
    assert (told.seconds, told.records, told.requests) == (60, (1, 2, 0), (1, 1, 0))
    assert (told.retries, told.throttled) == ((0, 1, 0), (0, 0, 1))
    by_bound = dict(zip([*LATENCY_MS, None], told.latency, strict=True))
    assert (by_bound[50], by_bound[None], sum(told.latency)) == (1, 1, 2)


def test_exchanges_that_fail_are_counted_and_so_is_why(bench: MakeBench) -> None:
    api = bench(in_turn(TransportError("connection reset"))).api
    with pytest.raises(TransientError):
        api.get("/things")
    told = api.traffic.meter.timeline()
    assert sum(told.requests) == sum(told.latency) == api.traffic.requests > 1
    assert sum(told.retries) == api.traffic.retries
    assert dict(told.setbacks) == {"connection reset": api.traffic.requests}


def test_a_run_of_a_day_keeps_no_more_steps_than_one_of_two_hours(clock: FakeClock) -> None:
    meter = Meter(clock)
    for _ in range(24 * 60):
        meter.landed()
        clock.advance(60)
    told = meter.timeline()
    assert told.seconds == 960
    assert MOST_STEPS // 2 < len(told.records) <= MOST_STEPS
    assert sum(told.records) == 24 * 60
    assert set(told.records) == {16}


def test_reasons_are_kept_by_frequency_and_only_so_many_of_them(clock: FakeClock) -> None:
    meter = Meter(clock)
    for number in range(1000):
        meter.set_back(f"reason {number} " + "x" * 1000)
    for _ in range(3):
        meter.set_back("503 Service Unavailable")
    told = meter.timeline().setbacks
    assert (len(told), told[0]) == (MOST_SETBACKS + 1, ("others", 1000 - MOST_SETBACKS + 3))
    assert max(len(reason) for reason, _ in told) == 120


def test_nothing_that_happened_makes_an_empty_timeline(clock: FakeClock) -> None:
    assert Meter(clock).timeline() == Timeline()


def test_what_a_worker_saw_is_taken_in_where_it_was(clock: FakeClock) -> None:
    coordinator, worker = Meter(clock), Meter(clock)
    for _ in range(3):
        sent = worker.sent(is_retry=False)
        clock.advance(60)
        worker.answered(sent)
        worker.landed()
    worker.set_back("503 Service Unavailable")
    clock.advance(30)
    told = worker.timeline()
    coordinator.take_in(told)
    coordinator.take_in(Timeline())
    taken = coordinator.timeline()
    assert (taken.requests, sum(taken.records)) == ((1, 1, 1, 0), 3)
    assert (taken.latency, taken.setbacks) == (told.latency, told.setbacks)
