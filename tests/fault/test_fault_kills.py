"""SIGKILL at random moments, and at each step of a run that touches the lake. The long series: `make crash`."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash.lane import Lane
from crash.series import Series
from crash.servers import Api
from crash.shelf import Folder
from crash.site import Site
from crash.starts import command


def test_runs_that_are_killed_at_random_lose_double_tear_and_leave_nothing(site: Site, first_day: int) -> None:
    figures = Series(Lane(site, seed=1, things=40, rows=30, first=first_day)).kill(6 if site.is_on_disk else 2)
    assert figures.problems == []
    assert figures.dates


# The fast engine sends nothing by Python's own sockets, where steps are counted.
@pytest.mark.parametrize("site", ["disk", "s3"], indirect=True)
def test_a_run_that_is_killed_at_any_step_of_its_first_claim_or_after_is_finished_by_the_next(
    site: Site, first_day: int
) -> None:
    figures = Series(Lane(site, seed=2, things=6, rows=4, first=first_day)).step(stride=40 if site.is_on_disk else 1000)
    assert figures.problems == []
    assert figures.kills >= 5


def test_the_command_itself_is_killed_and_goes_on_as_forks_of_a_warm_process_do(
    tmp_path: Path, made_up: Api, first_day: int
) -> None:
    site = Site(tmp_path / "site", Folder(tmp_path / "lake"), made_up, command)
    figures = Series(Lane(site, seed=3, first=first_day)).kill(1)
    assert figures.problems == []
