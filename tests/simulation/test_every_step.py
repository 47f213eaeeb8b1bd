"""A run that is hit at each of its I/O steps, one after the other: what lies there in the end is always the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from ingest_core.model import Batch, Status

from .faults import Calm, Once
from .sites import CRASH_AFTER, CRASH_BEFORE, LOST, RETRIED, UNSENT
from .still import StillWorld

MOST_RESUMES = 3


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A thousand runs that fail on purpose tell a thousand warnings."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("batch", [None, Batch(records=2)], ids=["record", "batch"])
@pytest.mark.parametrize(
    ("lake", "fault"),
    [
        *(("s3", fault) for fault in (CRASH_BEFORE, CRASH_AFTER, LOST, RETRIED, UNSENT)),
        *(("disk", fault) for fault in (CRASH_BEFORE, CRASH_AFTER)),
    ],
)
def test_whichever_step_is_hit_the_tree_is_that_of_an_undisturbed_run(
    lake: str, fault: str, batch: Batch | None
) -> None:
    undisturbed = StillWorld(lake, batch)
    report, steps = undisturbed.run(Calm()), Once(0, fault)
    assert report is not None
    assert report.status is Status.DONE
    assert len(undisturbed.named()) == 12
    StillWorld(lake, batch).run(steps)
    assert steps.count > 20
    for step in range(1, steps.count + 1):
        hit, world = Once(step, fault), StillWorld(lake, batch)
        world.run(hit)
        for _ in range(MOST_RESUMES):
            report = world.run(Calm())
            if report is not None and report.status is Status.DONE:
                break
        where = f"{fault} at step {step}, {hit.met}"
        assert report is not None, where
        assert report.status is Status.DONE, where
        assert world.records() == undisturbed.records(), where
        assert world.named() == undisturbed.named(), where
        world.world.close()
