"""An S3 server that goes away in the middle of a run, for good or for a moment, and comes back."""

from __future__ import annotations

from collections.abc import Callable

from crash.proxy import Proxy
from crash.site import Site, Task
from crash.verdict import judge

PARTIAL = 3


def test_a_run_whose_s3_goes_away_is_partial_and_the_next_completes_it(
    far_site: Site, between: Proxy, task: Callable[..., Task]
) -> None:
    date = task(things=200, rows=20)
    far_site.configure(date)
    run = far_site.run(date)
    while far_site.epoch(date) == 0:
        assert run.ended(0.01) is None
    assert run.ended(0.2) is None
    between.go_away()
    assert run.ended() == PARTIAL
    assert "S3 cannot be reached" in far_site.said.read_text()
    between.come_back()
    assert far_site.run(date).ended() == 0
    assert judge(far_site, date).faults == {}


def test_answers_that_are_lost_on_the_way_are_no_conflicts(
    far_site: Site, between: Proxy, task: Callable[..., Task]
) -> None:
    date = task(things=60, rows=40)
    far_site.configure(date)
    run = far_site.run(date)
    while run.ended(0.3) is None:
        between.cut()
    if run.ended() != 0:
        assert far_site.run(date).ended() == 0
    assert judge(far_site, date).faults == {}
