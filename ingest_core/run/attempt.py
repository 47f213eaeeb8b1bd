"""One attempt at one date: claim, take up what is there, land, commit, give the claim back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from msgspec.structs import replace

from ingest_core.errors import IngestError
from ingest_core.keys import ControlKeys, RecordKeys
from ingest_core.model import Fault, HandedOver, Report, Status
from ingest_core.run.allowance import Allowance
from ingest_core.run.choice import Choice
from ingest_core.run.conclusion import Conclusion, conclude
from ingest_core.run.generation import Generation
from ingest_core.run.handing import as_state
from ingest_core.run.index import Index
from ingest_core.run.job import Job
from ingest_core.run.machinery import Machinery
from ingest_core.run.tally import Tally
from ingest_core.state import RENEW_SECONDS, Claim, History, Manifest, Phase, RunState, RunStore, Wanted, acquire

WATCH_SECONDS = 0.1


class Attempt:
    """The steps in their order, and what was seen on the way. `perform` is called once, `report` after it."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._asked = job
        self._keys = ControlKeys(job.label, job.config, job.date)
        self._tally = Tally()
        self._checkpoint: dict[str, Any] = {}
        self._manifest: str | None = None
        self._already_done = False
        self._began: dt.datetime | None = None
        self._handed: HandedOver | None = None
        self._halt: Callable[[], None] = lambda: None
        self.is_outdated = False

    def perform(self) -> Conclusion:
        """Raises what ingest_core names, where the attempt ends before its rounds do."""
        job = self._job
        claim = acquire(
            job.lake,
            self._keys,
            Wanted(
                job.clock,
                job.chance,
                Choice(job),
                patience=self._patience(),
                on_wait=self._on_wait,
                threads=job.threads,
                collects=job.hands is not None and job.hands.collects,
            ),
        )
        if claim is None:
            return self._is_done_already()
        self._began = job.clock.now()
        stop_timers = self._timers(claim)
        phase = Phase.OPEN
        try:
            self._begin(claim.state)
            conclusion = self._go_on_unless_interrupted(claim)
            if conclusion.error is not None and claim.is_lost:
                claim.require()  # the timer found it: what the slices say is only that they were told to stop
            if conclusion.error is None:
                phase = Phase.DONE if self._manifest is not None else Phase.LIMITED
            elif self._handed is not None:
                phase = Phase.HANDED
            return conclusion
        finally:
            stop_timers()
            if job.replay and self._manifest is not None:
                phase = Phase.DONE  # whatever the replay met
            phase = Phase.LIMITED if claim.state.limit is not None else phase
            handed = None if self._handed is None else as_state(self._handed)
            claim.end(phase, untouched=phase is Phase.OPEN and self._is_untouched(), handed=handed)

    def _is_untouched(self) -> bool:
        """Whether nothing has landed yet, so that the next attempt may begin with other settings."""
        try:
            inventory = RunStore(self._job.lake, self._keys).inventory()
        except IngestError:
            return False
        return not inventory.parts and not inventory.intents

    def _on_wait(self, what: str) -> None:
        self._job.interruption.require_none()
        self._job.progress.tell(what)

    def _patience(self) -> float:
        """Seconds that may go by in waiting for another run's lease to run out."""
        job = self._job
        return float("inf") if job.deadline is None else job.deadline - job.clock.monotonic() - job.margin

    def _timers(self, claim: Claim) -> Callable[[], None]:
        """Starts what is to be done from time to time; returns what ends it."""
        threads, stack = self._job.threads, ExitStack()
        if claim.needs_renewal:

            def renew() -> None:
                claim.keep()
                if claim.is_lost:
                    self._halt()

            stack.callback(threads.every(RENEW_SECONDS, renew))
        if self._job.interruption.is_watched:

            def watch() -> None:
                if self._job.interruption.is_requested:
                    self._halt()

            stack.callback(threads.every(WATCH_SECONDS, watch))
        return stack.close

    def _go_on_unless_interrupted(self, claim: Claim) -> Conclusion:
        """What was interrupted ends as an interrupted command does, whatever the interruption looked like inside."""
        try:
            conclusion = self._go_on(claim)
        except IngestError:
            self._job.interruption.require_none()
            raise
        if conclusion.status is not Status.DONE:
            self._job.interruption.require_none()
        return conclusion

    def _begin(self, state: RunState) -> None:
        """Takes on the generation, and the settings, that the claim is for."""
        self._keys = self._keys.of(state.generation) if state.limit is None else self._keys.of_trial(state.trials)
        self.is_outdated = state.frozen.fingerprint != self._asked.frozen.fingerprint
        if self.is_outdated:
            self._job = self._asked.thaw(self._asked, state.frozen)
            self._job.progress.tell("finishing the run as it was begun; what the config says now comes after it")

    def _go_on(self, claim: Claim) -> Conclusion:
        job = self._job
        store = RunStore(job.lake, self._keys, claim.state.epoch, claim.require, job.redactor.is_quoted_in)
        inventory = store.inventory()
        for folder in (self._keys.day, *self._records().folders()):
            job.lake.tidy(folder)
        history = History(job.lake, job.label, job.config)
        committed = store.read_manifest() if inventory.is_committed else None
        planned = store.read_round(0) if 0 in inventory.planned_rounds else None
        if planned is not None and planned.settings != claim.state.frozen.fingerprint:
            planned = None
        before = planned.before if planned is not None else history.checkpoint_before(job.date)
        with Index() as index, Machinery(job, history, before, signed=committed is None or job.replay) as machinery:
            self._halt = machinery.halt
            self._tally.traffic = machinery.traffic
            generation = Generation(
                job, claim, store, index, machinery, self._tally, Allowance(job.limit), inventory, dict(before)
            )
            if job.replay:
                return self._replay(generation, self._newest(store, inventory.supplements, committed))
            if committed is not None:
                # Everything was done but the tidying up.
                self._restore(committed)
                return Conclusion(Status.DONE, None, generation.tidy_up())
            failures = generation.land()
            self._handed = generation.handed
            self._checkpoint = generation.checkpoint
            conclusion = conclude(failures, self._tally, job.max_failed, self._quarantine())
            if conclusion.error is None and job.limit is None:
                self._restore(generation.commit())
                conclusion = replace(conclusion, problems=conclusion.problems + generation.remove_superseded())
            return conclusion

    def _newest(self, store: RunStore, supplements: int, committed: Manifest | None) -> Manifest | None:
        return store.read_manifest(supplements) if supplements else committed

    def _replay(self, generation: Generation, committed: Manifest | None) -> Conclusion:
        """The quarantine again. A run that more of it kept from its commit is committed where enough is well now."""
        if committed is not None:
            self._restore(committed)
        failures = [] if committed is not None else generation.land()
        failures = failures or generation.replay(committed)
        self._checkpoint = generation.checkpoint
        if committed is not None:
            self._restore(generation.supplement(committed))
        conclusion = conclude(failures, self._tally, self._job.max_failed, self._quarantine())
        if committed is None and conclusion.error is None:
            self._restore(generation.commit())
            conclusion = replace(conclusion, problems=conclusion.problems + generation.remove_superseded())
        return conclusion

    def _is_done_already(self) -> Conclusion:
        """A rerun of a done run asks the API nothing and says so."""
        job = self._job
        history = History(job.lake, job.label, job.config)
        committed = history.manifest(job.date)
        self._already_done = True
        if committed is not None:
            self._keys = self._keys.of(committed.generation)
            self._restore(committed)
        return Conclusion(Status.DONE, None)

    def _restore(self, committed: Manifest) -> None:
        """Takes over the account of a run that is committed."""
        self._manifest = self._keys.manifest()
        self._checkpoint = committed.checkpoint
        self._tally.restore(committed)

    def _quarantine(self) -> str:
        return f"{self._job.lake.uri}/{self._keys.quarantine_root}"

    def _records(self) -> RecordKeys:
        job = self._job
        return RecordKeys(job.label, job.date, job.source.streams, job.specification)

    def _outdated(self, conclusion: Conclusion) -> tuple[str, ...]:
        if not self.is_outdated or conclusion.status is not Status.FAILED:
            return ()
        named = f"ingest run {self._job.config} --date {self._job.date} --refresh"
        return (f"it was gone on with as it was begun, not as the config is by now: {named} begins it anew",)

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
            prefix=self._records().common_folder(),
            counts=self._tally.counts(),
            seconds=seconds,
            manifest=self._manifest,
            already_done=self._already_done,
            limited=job.limit is not None,
            error=Fault.of(error) if error else None,
            exit_code=conclusion.exit_code,
            problems=conclusion.problems + self._outdated(conclusion),
            truncated=tuple(f"{name}: {reason}" for name, reason in self._tally.truncated),
            notes=tuple(f"{name}: {text}" for name, text in self._tally.notes),
            checkpoint=self._checkpoint,
            began=self._began,
            timeline=self._tally.traffic.meter.timeline(),
            notice=job.source.notice,
            workers=job.workers,
            handed=self._handed,
        )
