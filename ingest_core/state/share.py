"""Landing under a claim that somebody else has.

Whoever has the claim of a date may let others land slices under it. They own nothing: they look at `state.json`, and
stop as soon as the claim is another's or its lease is not renewed any more. A round that was handed to workers alone
has nobody who renews its lease; then they do, each when it finds that due.
"""

from __future__ import annotations

import threading

import msgspec

from ingest_core.api.pacer import faster, slower
from ingest_core.clock import Clock
from ingest_core.codes import Code
from ingest_core.errors import LockedError, TransientError
from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake, Stored
from ingest_core.state import claim
from ingest_core.state.claim import decoded, is_mine, lease_of, locked
from ingest_core.state.files import Phase, RunState, encode
from ingest_core.threads import Lock

LOOK_SECONDS = 5.0
MOST_SWAPS = 20  # attempts at telling the others: they tell it, too
PATIENCE = 20  # looks, a second apart, until whoever has the claim must have renewed it


class Ticket(msgspec.Struct, frozen=True):
    """What a worker is told of a claim: whose, and of which day (ISO 8601)."""

    label: str
    config: str
    date: str
    epoch: int
    nonce: str


def ticket_of(keys: ControlKeys, state: RunState) -> Ticket:
    """The ticket for a claim."""
    return Ticket(keys.label, keys.config, keys.date.isoformat(), state.epoch, state.nonce)


class Share:
    """A claim as a worker sees it. Thread-safe. `state` is as it was first seen.

    A folder is not looked at again: its workers are processes that have its lock with the one that started them.
    """

    def __init__(self, lake: Lake, keys: ControlKeys, clock: Clock, ticket: Ticket, looking: Lock) -> None:
        self._lake = lake
        self._keys = keys
        self._clock = clock
        self._looking = looking
        self._never = threading.Event()
        self._is_lost = False
        stored = lake.get(keys.state)
        state = decoded(stored, keys)
        if stored is None or state is None or (state.epoch, state.nonce) != (ticket.epoch, ticket.nonce):
            raise self._gone()
        self.state = state
        self._looked_at = self._good_until = -1e9
        self._first_seen = ("", 0.0)
        self._see(stored, state, clock.monotonic())

    def require(self) -> None:
        """Raises LockedError or TransientError unless a write that is begun now is over before the lease can end."""
        if self._lake.holds:
            return
        if self._is_lost:
            raise self._gone()
        if not self._is_fresh():
            with self._looking:  # many threads find it due at once: the first looks for all
                for _ in range(PATIENCE):
                    if self._is_fresh():
                        return
                    self._look()
                    if not self._is_good():
                        self._clock.pause(1.0, self._never)
                if not self._is_good():
                    raise TransientError(
                        f"{self._keys.state}: the lease is not renewed any more", Code.LEASE, hint="run again"
                    )

    def confirm(self) -> None:
        """Raises LockedError unless the lake itself says that the claim stands."""
        self.require()
        if not self._lake.holds:
            with self._looking:
                self._look()

    def tell(self, *, asked: bool, refused: bool, left: int) -> None:
        """Tells those who come next whether the API was asked and refused, so that the round goes on slower, or faster
        again; and whoever collects how many slices are left to it."""
        for _ in range(MOST_SWAPS):
            stored = self._lake.get(self._keys.state)
            state = decoded(stored, self._keys)
            if stored is None or state is None or state.handed is None or not is_mine(state, self.state):
                return
            handed = msgspec.structs.replace(state.handed, left=state.handed.left + left)
            if asked:
                change = slower if refused else faster
                handed = msgspec.structs.replace(handed, slowed=change(handed.slowed))
            if handed == state.handed or self._lake.swap(
                self._keys.state, encode(msgspec.structs.replace(state, handed=handed)), stored, {}
            ):
                return

    def _is_fresh(self) -> bool:
        return self._is_good() and self._clock.monotonic() - self._looked_at <= LOOK_SECONDS

    def _is_good(self) -> bool:
        return self._good_until - self._clock.monotonic() >= claim.SAFETY_SECONDS

    def _look(self) -> None:
        began = self._clock.monotonic()
        stored = self._lake.get(self._keys.state)
        state = decoded(stored, self._keys)
        if stored is None or state is None or not is_mine(state, self.state) or not lease_of(state):
            self._is_lost = True
            raise self._gone()
        self._see(stored, state, began)
        if state.phase is Phase.HANDED and self._good_until - began < claim.HANDED_LEASE_SECONDS / 2:
            renewed = msgspec.structs.replace(state, renewals=state.renewals + 1, touched=self._clock.now())
            began = self._clock.monotonic()
            if self._lake.swap(self._keys.state, encode(renewed), stored, {}):
                self._looked_at, self._good_until = began, began + claim.HANDED_LEASE_SECONDS

    def _see(self, stored: Stored, state: RunState, began: float) -> None:
        if stored.version != self._first_seen[0]:
            self._first_seen = (stored.version, began)
        # Where the lake does not say how old it is, it is as old as it has been seen.
        age = began - self._first_seen[1] if stored.age is None else stored.age + claim.AGE_IS_ROUNDED_SECONDS
        self._looked_at, self._good_until = began, began + lease_of(state) - age

    def _gone(self) -> LockedError:
        return locked(self._keys, "what this worker was to land under has ended, or was taken over")
