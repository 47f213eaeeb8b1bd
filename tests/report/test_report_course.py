"""The attempts at a run, put end to end."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ingest_core.model import LATENCY_MS, Timeline
from ingest_core.report.course import MOST_STEPS, course
from ingest_core.state import FORMAT, Account

SIX = dt.datetime(2026, 11, 23, 6, tzinfo=dt.UTC)


def attempt(minutes: int, *, every: int = 60, hour: int = 0, **more: Any) -> Account:
    steps = -(-minutes * 60 // every)
    zeros = (0,) * steps
    timeline = Timeline(every, (1,) * steps, (2,) * steps, zeros, zeros, **more)
    ended = SIX + dt.timedelta(hours=hour, minutes=minutes)
    return Account(FORMAT, "things/2026-11-23/g1", "done", ended, minutes * 60.0, timeline=timeline)


def test_attempts_follow_each_other_and_each_begins_at_its_own_time() -> None:
    found = course([attempt(3), attempt(2, hour=5)])
    assert found is not None
    assert (found.firsts, found.records, found.seconds) == ((0, 3), (1,) * 5, 60)
    assert [start.hour for start in found.starts] == [6, 6, 6, 11, 11]


def test_attempts_with_longer_steps_set_the_scale_and_nothing_is_lost() -> None:
    found = course([attempt(5), attempt(60, every=240)])
    assert found is not None
    assert (found.seconds, found.records[:2], sum(found.requests)) == (240, (4, 1), 10 + 30)


def test_a_run_of_a_week_is_drawn_in_so_many_steps() -> None:
    found = course([attempt(15, hour=number) for number in range(60)])
    assert found is not None
    assert len(found.starts) <= MOST_STEPS
    assert sum(found.records) == 60 * 15


def test_half_of_the_answers_came_within_the_bound_that_half_of_them_kept() -> None:
    latency = (*({20: 60, 200: 30, 60_000: 5}.get(bound, 0) for bound in LATENCY_MS), 5)
    found = course([attempt(1, latency=latency)])
    assert found is not None
    assert (found.within(0.5), found.within(0.9), found.within(0.95), found.within(1.0)) == (20, 200, 60_000, None)


def test_attempts_that_did_nothing_have_no_course() -> None:
    assert course([]) is None
    assert course([attempt(0)]) is None
