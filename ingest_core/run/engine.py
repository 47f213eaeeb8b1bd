"""One run, from plan to manifest.

    plan() ─→ round 0 ─→ slices ─→ fetch() ─→ Record ─→ key ─→ put-if-absent ─→ part ─→ all parts ─→ manifest
                ↑                     │                                               of all rounds  + checkpoint
                │                     └──→ Ref ──→ distinct, 100 a slice, pinned ──┐
                └────────────────────── round k+1, written once ──────────────────┘

Data first, bookkeeping second, checkpoint last: always.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from ingest_core.errors import IngestError, StopError, TransientError
from ingest_core.keys import ControlKeys, RecordKeys
from ingest_core.model import Answer, Fault, Report, Slice, Status
from ingest_core.run.allowance import Allowance
from ingest_core.run.conclusion import Conclusion, conclude
from ingest_core.run.job import Job
from ingest_core.run.machinery import Machinery
from ingest_core.run.planning import plan_first_round
from ingest_core.run.rounds import Index
from ingest_core.run.scheduler import Failure, Scheduler
from ingest_core.run.slices import SliceLander
from ingest_core.run.tally import Tally
from ingest_core.sink import Sink, Stamp
from ingest_core.state import FORMAT, History, Manifest, Part, RunStore

logger = logging.getLogger(__name__)

PROBE_ATTEMPTS = 2


def run(job: Job) -> Report:
    """Runs `job` once and accounts for it. Every failure that ingest_core names is in the report, not raised."""
    began = job.clock.monotonic()
    attempt = _Attempt(job)
    try:
        conclusion = attempt.perform()
    except IngestError as failure:
        passing = isinstance(failure, TransientError)
        conclusion = Conclusion(Status.PARTIAL if passing else Status.FAILED, failure)
    except Exception as failure:
        logger.exception("the run of %s ended in an error that ingest_core does not name", job.config)
        conclusion = Conclusion(Status.FAILED, StopError(f"{type(failure).__name__}: {failure}"))
    return attempt.report(conclusion, job.clock.monotonic() - began)


def plan(job: Job) -> tuple[Slice, ...]:
    """Round 0 of `job` as it would be now. Writes nothing."""
    history = History(job.lake, job.label, job.config)
    checkpoint = history.checkpoint_before(job.date)
    with Index() as index, Machinery(job, history, checkpoint, signed=False) as machinery:
        return plan_first_round(job.source, machinery.context, index, job.limit).slices


def probe(job: Job, path: str) -> Answer:
    """One request through the job's API, as a run would make it. Raises what `Answer.check` raises."""
    history = History(job.lake, job.label, job.config)
    with Machinery(replace(job, attempts=PROBE_ATTEMPTS), history, {}) as machinery:
        return machinery.context.api.get(path)


def _out_of_time(not_started: int) -> Failure:
    return Failure("", TransientError(f"time is up: {not_started} slices are not begun", hint="run again to go on"))


class _Attempt:
    """One attempt at a run: the steps in their order, and what it has seen so far."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._keys = ControlKeys(job.label, job.config, job.date)
        self._records = RecordKeys(job.label, job.date, job.source.streams, job.specification)
        self._store = RunStore(job.lake, self._keys)
        self._allowance = Allowance(job.limit)
        self._started = job.clock.now()
        self._tally = Tally()
        self._names: set[str] = set()
        self._checkpoint: dict[str, Any] = {}
        self._manifest: str | None = None
        self._already_done = False

    def perform(self) -> Conclusion:
        """Plan, land, commit.

        The claim comes first, and with it the choice of the run: an unfinished one before a new one, and its
        generation. Until the claim protocol is in, a date has one generation, and who runs it twice at a time is
        kept apart by put-if-absent alone.
        """
        committed = self._store.read_manifest()
        if committed is not None:
            return self._is_done_already(committed)
        history = History(self._job.lake, self._job.label, self._job.config)
        self._checkpoint = history.checkpoint_before(self._job.date)
        with Index() as index, Machinery(self._job, history, self._checkpoint) as machinery:
            self._tally.traffic = machinery.traffic
            segments, failures = self._land_rounds(machinery, index)
        conclusion = conclude(failures, self._tally, self._job.max_failed)
        if conclusion.error is None and self._job.limit is None:
            self._commit(segments)
        return conclusion

    def _land_rounds(self, machinery: Machinery, index: Index) -> tuple[list[int], list[Failure]]:
        """Round after round until one brings no new refs: how many segments each had, and what stays open."""
        first = plan_first_round(self._job.source, machinery.context, index, self._allowance.left)
        planned = self._store.write_plan(0, first.slices, first.checkpoints)
        self._checkpoint.update(planned[0].checkpoints)
        segments = [len(planned)]
        while slices := [slice for segment in planned for slice in segment.slices]:
            number = len(segments) - 1
            self._job.progress.begin_round(number, slices)
            result = self._scheduler(machinery, index, number).run(slices)
            if not result.is_closed:
                return segments, result.failures or [_out_of_time(result.not_started)]
            following = index.next_round(number + 1, self._allowance.left)
            if not following:
                break
            planned = self._store.write_plan(number + 1, following, {})
            segments.append(len(planned))
        return segments, []

    def _scheduler(self, machinery: Machinery, index: Index, number: int) -> Scheduler:
        lander = SliceLander(
            self._job,
            machinery,
            sink=Sink(self._job.lake, self._records, Stamp(self._job.config, self._keys.run, 1, 1)),
            store=self._store,
            index=index,
            allowance=self._allowance,
        )
        refs = 0

        def on_part(place: str, part: Part) -> bool:
            nonlocal refs
            refs += len(part.refs)
            index.found(place, part.refs)
            self._tally.add(f"{number:04d}.{place}", part)
            self._job.progress.close_slice(len(part.next))
            return self._allowance.left is None or refs < self._allowance.left

        return Scheduler(
            lander.land,
            machinery,
            names=self._names,
            on_part=on_part,
            on_failure=lambda failure: self._job.progress.tell(failure.error.what),
        )

    def _commit(self, segments: list[int]) -> None:
        """The manifest is the commit: written last, and only if there is none."""
        self._checkpoint = self._tally.checkpoint(self._checkpoint)
        self._manifest = self._store.write_manifest(
            Manifest(
                format=FORMAT,
                run=self._keys.run,
                config=self._job.config,
                source=self._job.source.name,
                label=self._job.label,
                date=self._job.date.isoformat(),
                generation=self._keys.generation,
                started=self._started,
                finished=self._job.clock.now(),
                rounds=tuple(segments),
                parts=tuple(sorted(self._tally.parts)),
                totals=self._tally.totals(),
                checkpoint=self._checkpoint,
                truncated=tuple(self._tally.truncated),
            )
        )

    def _is_done_already(self, committed: Manifest) -> Conclusion:
        """A rerun of a done run asks the API nothing and says so."""
        self._already_done = True
        self._manifest = self._keys.manifest()
        self._checkpoint = committed.checkpoint
        self._tally.restore(committed.totals, committed.truncated)
        return Conclusion(Status.DONE, None)

    def report(self, conclusion: Conclusion, seconds: float) -> Report:
        """The account of this attempt."""
        job, error = self._job, conclusion.error
        return Report(
            status=conclusion.status,
            config=job.config,
            source=job.source.name,
            label=job.label,
            date=job.date,
            run=self._keys.run,
            lake=job.lake.uri,
            prefix=self._records.common_folder(),
            counts=self._tally.counts(),
            seconds=seconds,
            manifest=self._manifest,
            already_done=self._already_done,
            limited=job.limit is not None,
            error=Fault.of(error) if error else None,
            exit_code=conclusion.exit_code,
            problems=conclusion.problems,
            truncated=tuple(f"{name}: {reason}" for name, reason in self._tally.truncated),
            checkpoint=self._checkpoint,
            notice=job.source.notice,
        )
