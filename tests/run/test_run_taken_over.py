"""A run whose lease ran out, as its timer finds: another has the date by now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from ingest_core.model import Record, Slice, Status
from ingest_core.run import Job, run
from ingest_core.state import LEASE_SECONDS, RunState, decode, encode
from ingest_core.testing import MemoryLake
from ingest_core.threads import SystemThreads

STATE = "_ingest/Things/things/2026-11-23/state.json"


class LeasedLake(MemoryLake):
    """A lake that has no holds, as S3 has none."""

    @property
    def holds(self) -> bool:
        return False

    def hold(self, key: str) -> Callable[[], None] | None:
        return lambda: None


class HandTimer(SystemThreads):
    """Its timers go off when a test says so."""

    def __init__(self) -> None:
        self.ring: Callable[[], None] = lambda: None

    def every(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        self.ring = work
        return lambda: None


def test_a_run_that_stands_still_before_it_removes_leaves_what_another_has_landed_since(
    job: Callable[..., Job], clock: Any
) -> None:
    lake, stale = LeasedLake(), "Raw/Things/JSON/2026/11/23/gone.json"

    def landing(id: str) -> Callable[..., Job]:
        return partial(job, lambda ctx: [Slice("a")], lambda ctx, slice: [Record("thing", id, b"{}")], lake=lake)

    assert run(landing("gone")()).status is Status.DONE
    get = lake.get

    def standing_still(key: str) -> Any:
        stored = get(key)
        if key == stale:
            lake.get = get  # type: ignore[method-assign]
            clock.pause(LEASE_SECONDS + 1, threading.Event())
            for _ in range(2):  # it ends what the one that stands still has begun, then lands a generation of its own
                run(landing("gone")(refresh=True))
        return stored

    lake.get = standing_still  # type: ignore[method-assign]
    late = run(landing("new")(refresh=True))
    assert late.status is Status.LOCKED
    assert get(stale) is not None


def test_a_run_that_was_taken_over_says_locked_and_not_that_it_is_partly_done(job: Callable[..., Job]) -> None:
    lake, threads = LeasedLake(), HandTimer()

    def fetch(ctx: Any, slice: Slice) -> Any:
        seen = lake.get(STATE)
        assert seen is not None
        state = decode(seen.body, RunState, STATE)
        lake.swap(STATE, encode(msgspec.structs.replace(state, epoch=state.epoch + 1, nonce="another")), seen, {})
        threads.ring()
        yield Record("thing", "1", b"{}")

    report = run(job(lambda ctx: [Slice("a")], fetch, lake=lake, threads=threads))
    assert report.status is Status.LOCKED
    assert report.error is not None
    assert "another run has taken it over" in report.error.what
    assert not list(lake.entries("Raw/"))
