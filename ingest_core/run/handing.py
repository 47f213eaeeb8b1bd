"""A round for workers that nobody looks after: it is written down, and whoever coordinates ends.

A state machine has no process between its steps. What a round has for workers lies in the lake as an array, an item for
each segment of the plan; the claim stays with the round, in the phase HANDED, until its workers have ended and somebody
collects.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ingest_core.model import FailureBudget, HandedOver, Slice
from ingest_core.model.value import Value
from ingest_core.run.docking import takes_lists, takes_pinned
from ingest_core.run.index import Index
from ingest_core.run.job import Job
from ingest_core.run.spreading import open_slices
from ingest_core.state import Handed, Inventory, Round, RunState, RunStore

SEGMENT_SECONDS = 300.0
FEWEST_REQUESTS, MOST_REQUESTS = 100, 50_000
MOST_SEGMENTS = 10_000  # in one array; what is beyond them comes with the next


class Handing(Value, frozen=True):
    """Hands rounds to workers, as `job.hands` wants it."""

    job: Job
    state: RunState
    store: RunStore
    index: Index

    @property
    def workers(self) -> int:
        """How many may work at the same time: each has a connection at least."""
        return 1 if self.job.hands is None else min(self.job.hands.workers, self.job.connections)

    @property
    def requests(self) -> int:
        """How many requests a segment is to have: about five minutes of a worker's share, if nobody says."""
        if self.job.hands is not None and self.job.hands.requests is not None:
            return self.job.hands.requests
        return int(min(MOST_REQUESTS, max(FEWEST_REQUESTS, SEGMENT_SECONDS * self.job.rate / self.workers)))

    def hand(self, round: Round, inventory: Inventory) -> HandedOver | None:
        """Writes down what workers can land of a round; None where there is no work for two."""
        if not takes_pinned(self.store, may_repeat=True):
            return None
        found = [
            segment.segment
            for segment in self.store.segments_of(round)
            if self._is_for_a_worker(open_slices(segment.slices, self.index.closed), inventory)
        ]
        segments = found[:MOST_SEGMENTS]
        workers = min(self.workers, len(segments))
        if workers < 2 or self._would_be_left_again(round, len(found)):
            return None
        item = {"source": self.job.config, "date": self.job.date.isoformat(), "step": "land", "round": round.number}
        items = [{**item, "segment": segment} for segment in segments]
        key = self.store.write_map(round.number, msgspec.json.encode(items))
        return HandedOver(
            round=round.number,
            segments=len(segments),
            workers=workers,
            key=key,
            tolerated=tolerated(self.job.max_failed),
            open=len(found),
        )

    def _would_be_left_again(self, round: Round, open: int) -> bool:
        """Whether workers left slices of the round the last time, and closed no segment beside."""
        before = self.state.handed
        return before is not None and before.round == round.number and before.left > 0 and before.open <= open

    def _is_for_a_worker(self, slices: Iterable[Slice], inventory: Inventory) -> bool:
        """Whether a segment has anything that is open, and nothing that may not be in two hands."""
        found, lists = False, takes_lists(self.job, self.state)
        for slice in slices:
            if self.index.is_pinned_elsewhere(slice):
                return False
            found = found or bool(slice.ids) or (lists and slice.name not in inventory.intents)
        return found


def takes(job: Job, state: RunState, slice: Slice) -> bool:
    """Whether a worker may land a slice beside others."""
    return bool(slice.ids) or takes_lists(job, state)


def tolerated(budget: FailureBudget) -> float:
    """How many segments in a hundred may fail and the map still goes on: what the budget allows of records."""
    return 0.0 if budget.share is None else 100 * budget.share


def as_state(handed: HandedOver) -> Handed:
    """What the claim keeps of it."""
    return Handed(handed.round, handed.segments, handed.workers, open=handed.open)
