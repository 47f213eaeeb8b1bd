"""One run, from plan to manifest.

    plan() ─→ round 0 ─→ slices ─→ fetch() ─→ Record ─→ key ─→ put-if-absent ─→ part ─→ all parts ─→ manifest
                ↑                     │                                               of all rounds  + checkpoint
                │                     └──→ Ref ──→ distinct, 100 a slice, pinned ──┐
                └────────────────────── round k+1, written once ──────────────────┘

Data first, bookkeeping second, checkpoint last: always.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ingest_core.codes import Code
from ingest_core.errors import IngestError, StopError
from ingest_core.keys import ControlKeys
from ingest_core.model import Answer, Report, Slice, Status
from ingest_core.run.attempt import Attempt
from ingest_core.run.choice import forgetting, given_up
from ingest_core.run.conclusion import Conclusion, status_of
from ingest_core.run.deadline import Deadline
from ingest_core.run.index import Index
from ingest_core.run.job import Job
from ingest_core.run.known import Known
from ingest_core.run.machinery import Machinery
from ingest_core.run.parallel import ordered_map
from ingest_core.run.planning import plan_first_round
from ingest_core.state import History, Phase, RunState, Told, Wanted, acquire

logger = logging.getLogger(__name__)

PROBE_ATTEMPTS = 2
STATES_AT_ONCE = 8


def run(job: Job) -> Report:
    """Runs `job` once and accounts for it: the last of `runs`."""
    *_, report = runs(job)
    return report


def runs(job: Job) -> Iterator[Report]:
    """Every run that `job` leads to, one after the other; what was asked for is the last.

    Unfinished runs of other dates come first, each as it was begun. One that does not end well is told, and does not
    stand in the way; where time is up, it is the last. An unfinished run of the date itself is finished as it was
    begun, and where the config has changed since, a new generation follows.
    Every failure that ingest_core names is in a report, not raised.
    """
    days: list[dt.date] = []
    if job.limit is None and not job.refresh:
        found = _concluded(job, lambda: _find_unfinished(job, days))
        if found.error is not None:
            yield Attempt(job).report(found, 0.0)
            return
    for day in days:
        _, report = _attempted(replace(job, date=day, only_resume=True))
        yield report
        if report.status is Status.PARTIAL and _is_out_of_time(job):
            return
    yield from _this_day(job)


def coordinate(job: Job) -> Report:
    """As `run`, for a step of a state machine: of the date alone; what `job.hands` workers can land is left to them.

    Where there is such work the report says of it as `handed`, and its status is partial.
    """
    *_, report = _this_day(job)
    return report


def _this_day(job: Job) -> Iterator[Report]:
    while True:
        attempt, report = _attempted(job)
        yield report
        if not attempt.is_outdated or report.status is not Status.DONE:
            return


def replay(job: Job) -> Report:
    """Tries once more what the run of the job's date has in its quarantine, and accounts for the whole run."""
    return _attempted(replace(job, replay=True))[1]


def abandon(job: Job) -> bool:
    """Gives up the run of the job's date, done or not: the next one is a new generation, which supersedes it.

    False where there is nothing to give up. Raises LockedError where somebody is at it.
    """
    return _restate(job, given_up, Phase.ABANDONED)


def forget_checkpoint(job: Job) -> bool:
    """Lets later runs begin without the checkpoint that this date committed; False where it has none."""
    return _restate(job, forgetting, Phase.DONE)


def _restate(job: Job, decide: Callable[[RunState | None], RunState | None], phase: Phase) -> bool:
    keys = ControlKeys(job.label, job.config, job.date)
    claim = acquire(job.lake, keys, Wanted(job.clock, job.chance, decide, on_wait=job.progress.tell))
    if claim is None:
        return False
    claim.restate(phase)
    return True


def _is_out_of_time(job: Job) -> bool:
    return Deadline(job.deadline, job.clock, job.margin).is_near()


def _find_unfinished(job: Job, days: list[dt.date]) -> Conclusion:
    """Fills `days` with the other dates that have an unfinished run, oldest first."""
    with job.threads.pool(STATES_AT_ONCE, "states") as pool:
        states = History(job.lake, job.label, job.config).unfinished(partial(ordered_map, pool))
    days.extend(day for state in states if (day := dt.date.fromisoformat(state.date)) != job.date)
    return Conclusion(Status.DONE, None)


def _attempted(job: Job) -> tuple[Attempt, Report]:
    job.interruption.require_none()
    began = job.clock.monotonic()
    job.progress.begin(job.date)
    attempt = Attempt(job)
    conclusion = _concluded(job, attempt.perform)
    return attempt, attempt.report(conclusion, job.clock.monotonic() - began)


def _concluded(job: Job, perform: Callable[[], Conclusion]) -> Conclusion:
    try:
        return perform()
    except IngestError as failure:
        return Conclusion(status_of(failure), failure)
    except Exception as failure:
        logger.exception("the run of %s ended in an error that ingest_core does not name", job.config)
        return Conclusion(Status.FAILED, StopError(f"{type(failure).__name__}: {failure}", Code.UNNAMED))


def plan(job: Job) -> tuple[Slice, ...]:
    """Round 0 of `job` as it would be now. Writes nothing."""
    history = History(job.lake, job.label, job.config)
    checkpoint = history.checkpoint_before(job.date)
    with Index() as index, Machinery(job, history, checkpoint, signed=False) as machinery:
        known = Known(job.lake, job.label, job.date, index, machinery.puts)
        return tuple(plan_first_round(job.source, machinery.context, index, known.is_unwanted, job.limit, Told()))


def probe(job: Job, path: str) -> Answer:
    """One request through the job's API, as a run would make it. Raises what `Answer.check` raises."""
    history = History(job.lake, job.label, job.config)
    with Machinery(replace(job, attempts=PROBE_ATTEMPTS), history, {}) as machinery:
        return machinery.context.api.get(path)
