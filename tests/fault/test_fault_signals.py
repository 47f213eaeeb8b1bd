"""SIGTERM and SIGINT: the run stops cleanly, says 130, and the next goes on at once."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from crash.site import Site, Task
from crash.verdict import judge

INTERRUPTED = 130


@pytest.mark.parametrize(
    ("site", "number"),
    [("disk", signal.SIGTERM), ("disk", signal.SIGINT), ("s3", signal.SIGTERM)],
    indirect=["site"],
)
def test_an_interrupted_run_gives_its_claim_back_and_the_next_goes_on(
    site: Site, task: Callable[..., Task], number: signal.Signals
) -> None:
    date = task(things=200, rows=20)
    site.configure(date, rate=100)  # Two seconds of requests: it is at work when the signal comes.
    run = site.run(date)
    while site.epoch(date) == 0:
        assert run.ended(0.01) is None
    assert run.ended(0.1) is None
    run.send(number)
    assert run.ended() == INTERRUPTED
    assert "goes on from here" in site.said.read_text()
    assert site.state(date)["phase"] == "open"
    assert site.run(date).ended() == 0
    assert judge(site, date).faults == {}
    assert site.forgotten() == []
