"""The claim of a date: one at a time, taken over when its holder is dead, lost without harm when it is slow."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from ingest_core.errors import LakeError, LockedError, TransientError
from ingest_core.keys import ControlKeys
from ingest_core.lake import Stored
from ingest_core.state import (
    FORMAT,
    LEASE_SECONDS,
    RENEW_SECONDS,
    SAFETY_SECONDS,
    Claim,
    Frozen,
    Phase,
    RunState,
    Wanted,
    acquire,
    decode,
)

KEYS = ControlKeys("Things", "things", dt.date(2026, 11, 23))
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
FRESH = RunState(FORMAT, "things", "2026-11-23", Phase.OPEN, 1, 0, "", Frozen("things", {}), NOON, NOON)
Take = Callable[..., Claim]


def as_seen(seen: RunState | None) -> RunState:
    """Whatever is there is gone on with."""
    return FRESH if seen is None else seen


@pytest.fixture
def take(leased_lake: Any, clock: Any) -> Take:
    """Takes the claim on a lake without holds; by a later start of chance each time."""
    chance = random.Random(5)

    def make(decide: Any = as_seen, *, lake: Any = None, **more: Any) -> Any:
        return acquire(lake or leased_lake, KEYS, Wanted(clock, chance, decide, **more))

    return make


def state_in(lake: Any) -> RunState:
    stored = lake.get(KEYS.state)
    assert stored is not None
    return decode(stored.body, RunState, KEYS.state)


def test_the_first_claim_is_epoch_one_and_says_who_has_it(take: Take, leased_lake: Any) -> None:
    claim = take()
    assert (claim.state.epoch, claim.state.phase) == (1, Phase.RUNNING)
    assert state_in(leased_lake) == claim.state
    assert ":" in claim.state.holder


def test_a_claim_that_was_given_back_is_taken_at_once_with_the_next_epoch(take: Take, clock: Any) -> None:
    take().end(Phase.OPEN)
    before = clock.monotonic()
    assert take().state.epoch == 2
    assert clock.monotonic() == before


def test_a_claim_whose_holder_is_dead_is_taken_over_after_its_lease_and_not_before(take: Take, clock: Any) -> None:
    take()
    before = clock.monotonic()
    assert take().state.epoch == 2
    assert clock.monotonic() - before == pytest.approx(LEASE_SECONDS)


def test_the_age_that_the_lake_tells_shortens_the_wait(take: Take, leased_lake: Any, clock: Any) -> None:
    take()
    leased_lake.age = 80.0
    before = clock.monotonic()
    take()
    assert LEASE_SECONDS - 80 <= clock.monotonic() - before <= LEASE_SECONDS - 80 + 3


def test_a_claim_that_is_renewed_meanwhile_is_locked(take: Take, clock: Any) -> None:
    first = take()
    alive_at = [RENEW_SECONDS]
    pause = clock.pause

    def pausing(seconds: float, stop: threading.Event) -> None:
        pause(seconds, stop)
        if clock.monotonic() >= alive_at[0]:
            first.keep()

    clock.pause = pausing
    with pytest.raises(LockedError, match="is at it"):
        take()
    assert clock.monotonic() < LEASE_SECONDS


def test_a_claim_that_is_given_back_while_somebody_waits_is_his(take: Take, clock: Any) -> None:
    first = take()
    pause = clock.pause

    def pausing(seconds: float, stop: threading.Event) -> None:
        pause(seconds, stop)
        first.end(Phase.OPEN)

    clock.pause = pausing
    assert take().state.epoch == 2
    assert clock.monotonic() < 10


def test_whoever_has_no_time_to_wait_is_told_so_at_once(take: Take, clock: Any) -> None:
    take()
    before = clock.monotonic()
    with pytest.raises(LockedError, match="no time to wait"):
        take(patience=30.0)
    assert clock.monotonic() == before


def test_a_done_run_is_not_waited_for(take: Take) -> None:
    take().end(Phase.DONE)
    assert take(lambda seen: None if seen and seen.phase is Phase.DONE else FRESH) is None


def test_of_two_that_claim_at_the_same_instant_one_wins(leased_lake: Any, clock: Any) -> None:
    together, claims, losers = threading.Barrier(2), [], []

    def race(number: int) -> None:
        looks = iter(range(2))

        def decide(seen: RunState | None) -> RunState:
            if next(looks, None) is not None:
                together.wait(10)  # both have seen the same, before either writes
            return as_seen(seen)

        # Whoever loses sees a claim of another, and has no time to wait for it.
        try:
            claims.append(acquire(leased_lake, KEYS, Wanted(clock, random.Random(number), decide, patience=0.0)))
        except LockedError as error:
            losers.append(error)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(claims), len(losers)) == (1, 1)
    assert state_in(leased_lake) == claims[0].state


def test_a_claim_whose_answer_was_lost_is_ours(take: Take, leased_lake: Any) -> None:
    swap = leased_lake.swap

    def losing(*arguments: Any) -> bool:
        swap(*arguments)
        return False  # what a PUT that is sent twice gets: 412, from its own first arrival

    leased_lake.swap = losing
    claim = take()
    leased_lake.swap = swap
    assert state_in(leased_lake) == claim.state
    claim.assure()


def test_a_lost_claim_is_found_out_at_the_next_renewal_and_writes_nothing_more(take: Take) -> None:
    slow = take()
    quick = take()
    with pytest.raises(LockedError, match="taken it over"):
        slow.assure()
    assert slow.is_lost
    with pytest.raises(LockedError):
        slow.require()
    slow.end(Phase.OPEN)
    quick.assure()


def test_confirming_asks_the_lake(take: Take) -> None:
    slow = take()
    slow.confirm()
    take()
    with pytest.raises(LockedError):
        slow.confirm()


def test_a_write_that_could_outlast_the_lease_renews_it_first(take: Take, leased_lake: Any, clock: Any) -> None:
    claim = take()
    clock.pause(LEASE_SECONDS - SAFETY_SECONDS - 5, threading.Event())
    claim.require()
    assert state_in(leased_lake).renewals == 0
    clock.pause(10, threading.Event())
    claim.require()
    assert state_in(leased_lake).renewals == 1


def test_threads_that_find_the_lease_due_at_once_renew_it_once(take: Take, leased_lake: Any, clock: Any) -> None:
    claim = take()
    clock.pause(LEASE_SECONDS - SAFETY_SECONDS + 5, threading.Event())
    together, swap = threading.Barrier(8), leased_lake.swap

    def swapping(*arguments: Any) -> bool:
        time.sleep(0.05)  # a lake that answers at once would be done before the next thread looks
        return bool(swap(*arguments))

    def write() -> None:
        together.wait(10)
        claim.require()

    leased_lake.swap = swapping
    with ThreadPoolExecutor(8) as pool:
        for written in [pool.submit(write) for _ in range(8)]:
            written.result(20)
    assert state_in(leased_lake).renewals == 1


def test_a_lake_that_cannot_be_reached_does_not_lose_the_claim(take: Take, leased_lake: Any, clock: Any) -> None:
    claim = take()
    get, down = leased_lake.get, [True]

    def failing(key: str) -> Stored | None:
        if down[0]:
            raise TransientError("S3 cannot be reached")
        found: Stored | None = get(key)
        return found

    leased_lake.get = failing
    claim.keep()
    assert not claim.is_lost
    clock.pause(70, threading.Event())
    with pytest.raises(TransientError):
        claim.require()
    down[0] = False
    claim.require()


def test_on_a_lake_with_holds_a_second_claim_is_locked_at_once_and_a_dead_one_is_taken_over(
    lake: Any, take: Take, clock: Any
) -> None:
    first = take(lake=lake)
    with pytest.raises(LockedError, match="another process"):
        take(lake=lake)
    lake.drop_holds()  # its process died
    assert take(lake=lake).state.epoch == 2
    assert clock.monotonic() == 0
    first.require()  # nothing to renew: whoever is dead does not ask


def test_a_claim_of_an_unknown_format_is_refused_by_name(take: Take, leased_lake: Any) -> None:
    leased_lake.put(KEYS.state, msgspec.json.encode({"format": 2}))
    with pytest.raises(LakeError, match=r"2026-11-23/state\.json: format 2"):
        take()
