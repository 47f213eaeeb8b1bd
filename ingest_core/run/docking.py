"""Puts together what lands slices, for whoever has the claim and for whoever works under it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from msgspec import Struct

from ingest_core.codes import Code
from ingest_core.errors import TransientError
from ingest_core.keys import RecordKeys
from ingest_core.model import Ref, Source
from ingest_core.run.allowance import Allowance
from ingest_core.run.index import Index
from ingest_core.run.job import Job
from ingest_core.run.landing import Dock, Kept
from ingest_core.run.machinery import Machinery
from ingest_core.run.slices import SliceLander
from ingest_core.sink import Sink, Stamp
from ingest_core.state import Part, RunState, RunStore


class Held(Protocol):
    """A claim, or a share in one."""

    @property
    def state(self) -> RunState: ...

    def require(self) -> None:
        """Raises unless a write that is begun now is over before the claim can be another's."""
        ...

    def confirm(self) -> None:
        """As `require`, and asks the lake itself."""
        ...


def shows_others(job: Job) -> bool:
    """Whether the lake itself tells which of two slices wrote a record that both name.

    S3 keeps with each object whose it is. A folder keeps nothing, and a file of many records has the name of its slice:
    there, only slices of pinned ids may be anywhere, as no two of them have an id in common.
    """
    return job.batch is None and not job.lake.holds


def takes_lists(job: Job, state: RunState) -> bool:
    """Whether slices without pinned ids may be landed side by side.

    What an earlier generation or a trial has left says of nobody in this run that it found it there.
    """
    return shows_others(job) and state.generation == 1 and not state.trials


def takes_pinned(store: RunStore, *, may_repeat: bool) -> bool:
    """Whether slices of pinned ids may be landed by workers, of whom two may be at the same slice if `may_repeat`.

    Those two leave alone what an earlier generation has landed (see Sink), so it would all be asked for in vain.
    """
    return store.keys.generation == 1 or not may_repeat


def stamp_of(job: Job, store: RunStore, held: Held) -> Stamp:
    """Who writes, as objects tell it."""
    return Stamp(job.config, store.keys.run, store.keys.generation, held.state.epoch)


class Docking(Struct, frozen=True):
    """What one process lands slices with. `lander` may be called for each way of landing that there is."""

    job: Job
    held: Held
    store: RunStore
    index: Index
    machinery: Machinery
    kept: Callable[[str], Kept]
    is_unwanted: Callable[[Ref, str], bool]
    is_earlier: Callable[[str, str], bool]

    def lander(
        self,
        allowance: Allowance,
        source: Source | None = None,
        revise: Callable[[Part], Part] = lambda part: part,
        *,
        is_shared: bool = False,
        is_sole: bool = True,
    ) -> SliceLander:
        """`source` instead of the job's own. `is_shared` as in Dock, `is_sole` as in Sink."""
        job = self.job if source is None else replace(self.job, source=source)
        records = RecordKeys(job.label, job.date, job.source.streams, job.specification)
        stamp = stamp_of(job, self.store, self.held)
        dock = Dock(
            sink=Sink(job.lake, records, stamp, self.is_earlier, self._may_write, is_sole=is_sole),
            store=self.store,
            index=self.index,
            puts=self.machinery.puts,
            backpressure=self.machinery.backpressure,
            epoch=self.held.state.epoch,
            fence=self.held.confirm,
            on_land=self.machinery.landed,
            pause=lambda seconds: job.clock.pause(seconds, self.machinery.stop),
            is_shared=is_shared,
            shows_others=shows_others(job),
        )
        return SliceLander(
            job,
            self.machinery,
            dock=dock,
            allowance=allowance,
            kept=self.kept,
            is_unwanted=self.is_unwanted,
            revise=revise,
        )

    def _may_write(self) -> None:
        if self.machinery.stop.is_set():
            raise TransientError("the run is stopping", Code.STOPPING)
        self.held.require()
