"""A run whose lease ran out, as its timer finds: another has the date by now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ingest_core.model import Record, Slice, Status
from ingest_core.run import Job, run
from ingest_core.state import RunState, decode, encode
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
