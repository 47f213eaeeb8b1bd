"""One generation of one date's run: its rounds, its commit, and the end of what it supersedes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from ingest_core.codes import Code
from ingest_core.errors import IngestError, TransientError
from ingest_core.model import HandedOver, Slice
from ingest_core.run.allowance import Allowance
from ingest_core.run.docking import Docking, stamp_of
from ingest_core.run.handing import Handing
from ingest_core.run.index import Index
from ingest_core.run.job import Job
from ingest_core.run.known import Known
from ingest_core.run.late import late_part
from ingest_core.run.ledger import Ledger
from ingest_core.run.machinery import Machinery
from ingest_core.run.planning import plan_first_round
from ingest_core.run.replay import next_number, only_wanted, recovering, retries
from ingest_core.run.scheduler import Failure, Scheduler
from ingest_core.run.slices import SliceLander
from ingest_core.run.spreading import Spreading
from ingest_core.run.summary import Summary
from ingest_core.run.superseded import Superseded
from ingest_core.run.tally import Tally
from ingest_core.state import FORMAT, Claim, Inventory, Manifest, Round, RunStore, Told

BESIDE = "~"  # sorts behind every place of the plan


class Generation:
    """What one claim does with a generation. `checkpoint` is what the run leaves to the next, as far as it is known."""

    def __init__(  # noqa: PLR0913, PLR0917 -- everything that an attempt has at hand
        self,
        job: Job,
        claim: Claim,
        store: RunStore,
        index: Index,
        machinery: Machinery,
        tally: Tally,
        allowance: Allowance,
        inventory: Inventory,
        checkpoint: dict[str, Any],
    ) -> None:
        self._job = job
        self._claim = claim
        self._store = store
        self._index = index
        self._machinery = machinery
        self._tally = tally
        self._allowance = allowance
        self._inventory = inventory
        self._known = Known(job.lake, job.label, job.date, index, machinery.puts)
        self._ledger = Ledger(job.lake, store, index, machinery.puts)
        earlier = store.keys.earlier(claim.state.generation, claim.state.trials)
        self._superseded = Superseded(job.lake, store.keys, earlier, index, machinery.puts)
        self._segments: list[int] = []
        self.checkpoint = checkpoint
        self._docking = Docking(
            job, claim, store, index, machinery, self._ledger.kept, self._known.is_unwanted, index.is_earlier
        )
        self.handed: HandedOver | None = None
        self._handing = Handing(job, claim.state, store, index)
        self._spreading: Spreading | None = None
        if job.mapper is not None and job.limit is None and not job.replay:
            self._spreading = Spreading(job, job.mapper, claim.state, store, index, self._ledger)

    def take_up(self) -> None:
        """Reads what earlier attempts did, and what earlier generations left."""
        self._index.keeps_keys = self._superseded.is_any
        self._ledger.read(self._inventory)
        self._superseded.read()

    def land(self) -> list[Failure]:
        """Round after round until one brings no new refs; returns what stays open, and why."""
        self.take_up()
        scheduler = self._scheduler(self._docking.lander(self._allowance))
        round: Round | None = self._first_round()
        while round is not None:
            self._segments.append(round.segments)
            self._tally.add_round(round)
            self._job.progress.begin_round(round.number, round.slices, round.ids)
            self._prefix = f"{round.number:04d}."
            if self._job.hands is not None:
                self.handed = self._handing.hand(round, self._inventory)
                if self.handed is not None:
                    return [_handed_over(self.handed)]
            if self._spreading is not None:
                self._spreading.spread(round, self._inventory, self._machinery)
                self._job.progress.begin_round(round.number, round.slices, round.ids)
            result = scheduler.run(self._store.slices_of(round))
            if not result.is_closed:
                return result.failures or [_out_of_time()]
            round = self._next_round(round.number + 1) if round.slices else None
        for summary in self._ledger.beside:
            self._tally.add(f"{BESIDE}{summary.slice}", summary)
        return []

    def _first_round(self) -> Round:
        planned = self._planned_before(0)
        if planned is None:
            told = Told()
            slices = plan_first_round(
                self._job.source,
                self._machinery.context,
                self._index,
                self._known.is_unwanted,
                self._allowance.left,
                told,
            )
            settings = self._claim.state.frozen.fingerprint
            planned = self._store.write_round(0, slices, told, self.checkpoint, settings, self._most_requests())
        self.checkpoint.update(planned.checkpoints)
        return planned

    def _next_round(self, number: int) -> Round | None:
        planned = self._planned_before(number)
        if planned is not None:
            self._index.forget_found()
            return planned
        duplicates = Counter(duplicates=self._index.plan_found(number))
        following = self._index.slices_of(number, self._allowance.left)
        first = next(following, None)
        if first is None:
            self._tally.count(duplicates)
            return None
        slices = itertools.chain([first], following)
        told = Told(totals=duplicates)
        return self._store.write_round(number, slices, told, {}, requests=self._most_requests())

    def _most_requests(self) -> int | None:
        """What a segment is to need at most, where segments are what workers are given."""
        return None if self._job.hands is None else self._handing.requests

    def _planned_before(self, number: int) -> Round | None:
        """A round that an earlier attempt wrote to its end, its names and ids noted."""
        round = self._store.read_round(number) if number in self._inventory.planned_rounds else None
        if round is not None and number == 0 and round.settings != self._claim.state.frozen.fingerprint:
            return None  # planned for other settings, before anything had landed
        for slice in self._slices(round):
            self._index.name(slice.name)
            self._index.note_planned(slice, number)
        return round

    def _slices(self, round: Round | None) -> Iterator[Slice]:
        return iter(()) if round is None else self._store.slices_of(round)

    def replay(self, committed: Manifest | None) -> list[Failure]:
        """Tries once more what is in the quarantine; returns what could not be tried.

        What earlier replays landed and no manifest has yet is taken in as well.
        """
        known = frozenset(committed.parts if committed is not None else self._tally.parts)
        if committed is not None:
            self.take_up()
        for summary in self._ledger.beside:
            if summary.slice not in known:
                self._tally.add(f"{BESIDE}{summary.slice}", summary)
        inventory = self._store.inventory()
        failures = []
        for retry in retries(self._store, inventory, self._machinery.puts, next_number(inventory)):
            source = only_wanted(self._job.source, retry)
            lander = self._docking.lander(self._allowance, source, recovering(retry))
            try:
                summary = lander.land(retry.slice)
            except IngestError as failure:
                failures.append(Failure(retry.slice.name, failure))
            else:
                self._tally.add(f"{BESIDE}{summary.slice}", summary)
        return failures

    def supplement(self, committed: Manifest) -> Manifest:
        """Adds to a committed run what a replay brought; returns its newest manifest."""
        new = tuple(self._tally.parts)
        if not new:
            return committed
        self._claim.assure()
        supplemented = msgspec.structs.replace(
            committed,
            parts=tuple(sorted({*committed.parts, *new})),
            totals=self._tally.totals(),
            finished=self._job.clock.now(),
        )
        return self._store.write_manifest(supplemented, self._inventory.supplements + 1)

    def _scheduler(self, lander: SliceLander) -> Scheduler:
        refs = 0

        def on_part(place: str, summary: Summary) -> bool:
            nonlocal refs
            refs += len(summary.refs)
            self._index.found(place, summary.refs)
            self._tally.add(self._prefix + place, summary)
            self._job.progress.close_slice(len(summary.next))
            return self._allowance.left is None or refs < self._allowance.left

        land = lander.land if self._spreading is None else self._spreading.landing(lander.land)
        return Scheduler(
            land,
            self._machinery,
            take_name=self._index.name,
            on_part=on_part,
            on_failure=lambda failure: self._job.progress.tell(failure.error.what),
        )

    def commit(self) -> Manifest:
        """The manifest is the commit: written last, and only if there is none. Returns the one that is there."""
        self._claim.assure()
        was_taken_over = self._claim.needs_renewal and self._claim.state.epoch > 1
        if was_taken_over or (self._spreading is not None and self._spreading.may_repeat):
            self._take_in_what_is_late()
        self.checkpoint = self._tally.checkpoint(self.checkpoint)
        keys = self._store.keys
        return self._store.write_manifest(
            Manifest(
                format=FORMAT,
                run=keys.run,
                config=self._job.config,
                source=self._job.source.name,
                label=self._job.label,
                date=self._job.date.isoformat(),
                generation=keys.generation,
                started=self._claim.state.begun,
                finished=self._job.clock.now(),
                rounds=tuple(self._segments),
                parts=tuple(sorted(self._tally.parts)),
                totals=self._tally.totals(),
                checkpoint=self.checkpoint,
                truncated=tuple(self._tally.truncated),
                notes=tuple(self._tally.notes),
            )
        )

    def _take_in_what_is_late(self) -> None:
        name = f"r{len(self._segments) - 1}-late.{self._claim.state.epoch}"
        part = late_part(self._job.lake, self._store, self._index, self._machinery.puts, name)
        if part is not None:
            self._tally.add(f"{BESIDE}{name}", Summary.of(self._store.write_part(part)))

    def tidy_up(self) -> tuple[str, ...]:
        """Ends what an attempt that was committed left to be done; as `remove_superseded`."""
        if not self._superseded.is_any:
            return ()
        self.take_up()
        return self.remove_superseded()

    def remove_superseded(self) -> tuple[str, ...]:
        """Removes what earlier generations of the date wrote and this one has not; says what it had to leave."""
        if not self._superseded.is_any:
            return ()
        self._claim.assure()
        removal = self._superseded.remove(stamp_of(self._job, self._store, self._claim), self._before_removing)
        if not removal.left:
            return ()
        return (f"{removal.left:,} objects of an earlier run of this date could not be removed: {removal.why}",)

    def _before_removing(self) -> None:
        self._claim.require()
        if self._job.interruption.is_requested:
            raise TransientError("the run is stopping", Code.STOPPING)
        if self._machinery.deadline.is_near():
            raise TransientError(
                "time is up, and what is superseded is not all removed", Code.TIME_UP, hint="run again to go on"
            )


def _handed_over(handed: HandedOver) -> Failure:
    what = f"round {handed.round} is for workers to land: {handed.segments:,} segments, {handed.workers} at once"
    return Failure("", TransientError(what, Code.HANDED, hint="land each of them, then commit"))


def _out_of_time() -> Failure:
    return Failure("", TransientError("time is up, and slices are left", Code.TIME_UP, hint="run again to go on"))
