"""Two runs of one date of one config at once; one of them stopped for longer than its lease."""

from __future__ import annotations

import signal
from collections.abc import Callable

from crash.lane import Lane
from crash.series import Series
from crash.site import Site, Task
from crash.verdict import judge

LOCKED = 5


def test_of_two_runs_at_once_one_lands_the_date_and_nothing_is_doubled(site: Site, first_day: int) -> None:
    figures = Series(Lane(site, seed=4, first=first_day)).pair(3 if site.is_on_disk else 2)
    assert figures.problems == []


def test_a_run_that_slept_longer_than_its_lease_finds_that_it_was_taken_over(
    s3_site: Site, task: Callable[..., Task]
) -> None:
    date = task(things=500, rows=40)
    s3_site.configure(date)
    sleeper = s3_site.run(date)
    # At work, not merely claimed: one that is stopped before its first look would find the date done, and say so.
    while not any("/intents/" in key for key in s3_site.shelf.files(date.control)):
        assert sleeper.ended(0.01) is None
    sleeper.send(signal.SIGSTOP)
    try:
        assert s3_site.run(date).ended() == 0
    finally:
        sleeper.send(signal.SIGCONT)
    assert sleeper.ended() == LOCKED
    assert judge(s3_site, date).faults == {}


def test_on_disk_a_second_run_is_told_at_once_that_the_date_is_locked(
    disk_site: Site, task: Callable[..., Task]
) -> None:
    date = task(things=80, rows=40)
    disk_site.configure(date)
    first = disk_site.run(date)
    while disk_site.epoch(date) == 0:
        assert first.ended(0.01) is None
    first.send(signal.SIGSTOP)
    assert disk_site.run(date).ended() == LOCKED
    first.send(signal.SIGCONT)
    assert first.ended() == 0
    assert judge(disk_site, date).faults == {}
