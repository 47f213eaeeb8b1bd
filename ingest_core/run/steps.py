"""The step of a state machine that lands one segment of a round; `engine.coordinate` plans, collects and commits."""

from __future__ import annotations

from dataclasses import replace

from ingest_core.codes import Code
from ingest_core.errors import IngestError, LockedError, TransientError, UsageError
from ingest_core.keys import ControlKeys
from ingest_core.model import Counts, Fault, Report, Status
from ingest_core.run.conclusion import status_of
from ingest_core.run.deadline import Deadline
from ingest_core.run.handing import takes
from ingest_core.run.job import Job
from ingest_core.run.spread import Allotment, Done
from ingest_core.run.worker import Worker
from ingest_core.state import History, Phase, RunState, ticket_of


def land(job: Job, round: int, segment: int) -> Report:
    """Lands what a segment of a round has left to land, under the claim that the round was handed over with.

    done     there is nothing left that a worker can land
    partial  time is up, or something failed that passes: the same again
    locked   the round is not, or not any more, in the hands of workers

    Raises UsageError where the round has no such segment.
    """
    began = job.clock.monotonic()
    keys = ControlKeys(job.label, job.config, job.date)
    status, done, error = Status.DONE, Done(), None
    try:
        state = History(job.lake, job.label, job.config).state(job.date)
        if state is not None and state.limit is None:
            keys = keys.of(state.generation)
        if not _is_over(state, round):
            done = _landed(job, keys, _handed(state, keys, round), round, segment)
            error = _worst(done)
            status = Status.DONE if error is None else status_of(error)
    except UsageError:
        raise
    except IngestError as failure:
        error, status = failure, status_of(failure)
    return Report(
        status=status,
        config=job.config,
        source=job.source.name,
        label=job.label,
        date=job.date,
        run=keys.run,
        lake=job.lake.uri,
        prefix="",
        counts=Counts(
            records=done.records,
            slices=len(done.closed),
            requests=done.requests,
            retries=done.retries,
            throttled=done.throttled,
        ),
        seconds=job.clock.monotonic() - began,
        error=None if error is None else Fault.of(error),
        problems=tuple(f"slice {failed.slice}: {failed.what}" for failed in done.failures[:5]),
    )


def _is_over(state: RunState | None, round: int) -> bool:
    """Whether the run has gone past the round."""
    if state is None:
        return False
    return state.phase is Phase.DONE or (state.handed is not None and state.handed.round > round)


def _handed(state: RunState | None, keys: ControlKeys, round: int) -> RunState:
    if state is None or state.phase is not Phase.HANDED or state.handed is None or state.handed.round != round:
        raise LockedError(
            f"round {round} of {keys.config} for {keys.date} is not in the hands of workers",
            Code.NOT_HANDED,
            hint="the step before hands it over; the one after takes it back",
        )
    return state


def _landed(job: Job, keys: ControlKeys, state: RunState, round: int, segment: int) -> Done:
    handed = state.handed
    if Deadline(job.deadline, job.clock, job.margin).is_near() or handed is None:
        return Done(is_over=False)
    seconds = None if job.deadline is None else job.deadline - job.clock.monotonic()
    allotment = Allotment(
        rate=job.rate * handed.slowed / handed.workers,
        connections=max(1, job.connections // handed.workers),
        seconds=seconds,
    )
    with Worker(replace(job, hands=None), ticket_of(keys, state)) as worker:
        store = worker.store
        plan = store.read_segment(round, segment)
        if plan is None:
            raise UsageError(f"round {round} of {keys.run} has no segment {segment}", Code.EVENT)
        slices = (slice for slice in plan.slices if takes(worker.job, state, slice))
        done = worker.land(slices, allotment, handed.workers)
        worker.share.tell(asked=done.requests > 0, refused=done.throttled > 0, left=done.left)
        return done


def _worst(done: Done) -> IngestError | None:
    """What keeps the segment from being done; what a person must see to before what passes by itself."""
    errors = [failed.error() for failed in done.failures]
    lasting = [error for error in errors if not isinstance(error, TransientError)]
    if errors:
        return (lasting or errors)[0]
    if not done.is_over:
        return TransientError("time is up, and slices are left", Code.TIME_UP, hint="run again to go on")
    return None
