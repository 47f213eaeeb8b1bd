"""One even rate over all threads, lowered by refusals and recovering from them."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from wire import FakeClock

from ingest_core.api import Pacer
from ingest_core.api.pacer import SLACK_SECONDS, SLOWED, SLOWEST

GO = threading.Event()  # never set
TINY = 1e-6


def starts(pacer: Pacer, clock: FakeClock, count: int, *, work: float = 0.0) -> list[float]:
    """When `count` requests of one caller start, who is busy for `work` seconds after each."""
    times = []
    for _ in range(count):
        pacer.wait(GO)
        times.append(clock.passed)
        clock.advance(work)
    return times


def most_in_one_second(times: list[float]) -> int:
    return max(sum(begin <= time < begin + 1 - TINY for time in times) for begin in times)


@pytest.mark.parametrize("rate", [0.5, 1, 40, 997])
def test_starts_are_evenly_spaced(rate: float) -> None:
    clock = FakeClock()
    times = starts(Pacer(rate, clock), clock, 100)
    assert times == pytest.approx([n / rate for n in range(100)])


@pytest.mark.parametrize("late", [0.05, 0.1, 1, 3600])
def test_a_late_caller_catches_up_by_a_tenth_of_a_second_at_most(late: float) -> None:
    clock = FakeClock()
    pacer = Pacer(100, clock)
    starts(pacer, clock, 5)
    clock.advance(late)
    begun = clock.passed
    at_once = sum(time < begun + TINY for time in starts(pacer, clock, 200))
    assert at_once <= SLACK_SECONDS * 100 + 1
    assert at_once >= min(late, SLACK_SECONDS) * 100 - 1


@pytest.mark.parametrize("rate", [5, 40, 50])
@pytest.mark.parametrize("work", [0.0, 0.003, 0.019])
def test_no_second_of_a_run_has_more_than_a_tenth_above_the_rate(rate: float, work: float) -> None:
    clock = FakeClock()
    pacer = Pacer(rate, clock)
    times = starts(pacer, clock, 100, work=work)
    clock.advance(0.7)
    times += starts(pacer, clock, 100, work=work)
    assert most_in_one_second(times) <= rate * 1.1 + 1
    assert len(times) == 200


def test_after_a_refusal_nobody_starts_for_a_second_and_then_slower() -> None:
    clock = FakeClock()
    pacer = Pacer(40, clock)
    starts(pacer, clock, 10)
    refused_at = clock.passed
    pacer.refused(None)
    times = starts(pacer, clock, 30)
    assert times[0] == pytest.approx(refused_at + 1)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) > 1 / 40
    assert gaps[0] > 1.2 / 40


def test_the_full_rate_comes_back() -> None:
    clock = FakeClock()
    pacer = Pacer(40, clock)
    pacer.refused(None)
    assert pacer.rate == pytest.approx(40 * SLOWED)
    rates = []
    for _ in range(20):
        clock.advance(1)
        rates.append(pacer.rate)
    assert rates == sorted(rates)
    assert rates[0] < 40
    assert rates[-1] == 40


def test_a_refusal_with_a_time_pauses_for_that_time() -> None:
    clock = FakeClock()
    pacer = Pacer(40, clock)
    starts(pacer, clock, 10)
    refused_at = clock.passed
    pacer.refused(5)
    assert starts(pacer, clock, 1) == [pytest.approx(refused_at + 5)]


def test_a_shorter_refusal_does_not_end_a_longer_pause() -> None:
    clock = FakeClock()
    pacer = Pacer(40, clock)
    pacer.refused(5)
    pacer.refused(None)
    assert starts(pacer, clock, 1) == [pytest.approx(5)]


def test_the_refusals_of_one_burst_count_once() -> None:
    clock = FakeClock()
    pacer = Pacer(40, clock)
    for _ in range(20):
        pacer.refused(None)
        clock.advance(0.01)
    assert pacer.rate == pytest.approx(40 * SLOWED, rel=0.02)


def test_refusals_that_go_on_slow_it_down_to_a_tenth_and_no_further() -> None:
    clock = FakeClock()
    pacer = Pacer(40, clock)
    rates = []
    for _ in range(30):
        pacer.refused(None)
        rates.append(pacer.rate)
        clock.advance(1)
    assert rates[1] < rates[0]
    assert min(rates) == rates[-1] == pytest.approx(40 * SLOWEST)


class InterruptedClock(FakeClock):
    """Somebody else's request is refused while the first caller waits."""

    pacer: Pacer
    at: int

    def pause(self, seconds: float, stop: threading.Event) -> None:
        super().pause(seconds, stop)
        if len(self.pauses) == self.at:
            self.pacer.refused(None)


def test_a_start_reserved_before_a_refusal_is_void() -> None:
    clock = InterruptedClock()
    pacer = clock.pacer = Pacer(10, clock)
    clock.at = 3
    times = starts(pacer, clock, 4)
    assert times[:2] == pytest.approx([0, 0.1])
    assert times[2] == pytest.approx(1.2)
    assert times[3] > 1.3


class FrozenClock(FakeClock):
    """Time stands still, so that a pause is the start that was reserved."""

    def advance(self, seconds: float) -> None:
        """Nothing moves."""


def test_many_threads_never_share_an_interval() -> None:
    clock = FrozenClock()
    pacer = Pacer(40, clock)
    together = threading.Barrier(16, timeout=10)

    def caller(_: int) -> None:
        together.wait()
        for _ in range(25):
            pacer.wait(GO)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(caller, range(16)))
    assert sorted(clock.pauses) == pytest.approx([n / 40 for n in range(400)])


def test_a_stop_ends_the_wait() -> None:
    clock = FakeClock()
    pacer = Pacer(1, clock)
    stop = threading.Event()
    stop.set()
    for _ in range(10):
        pacer.wait(stop)
    assert clock.passed == 0
