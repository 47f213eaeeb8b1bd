"""The claim of one date of one config: who may write its bookkeeping.

On a disk a lock of the operating system is the claim; a dead process drops it by itself. S3 has no such thing: there
the claim is a lease in `state.json`, taken and renewed by compare-and-swap. Whoever waits for it measures by its own
monotonic clock, or by the ages that S3 itself tells; wall clocks of two machines are never compared.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
from collections.abc import Callable

import msgspec
from msgspec import Struct, field

from ingest_core.clock import Clock
from ingest_core.codes import Code
from ingest_core.errors import IngestError, LakeError, LockedError, TransientError
from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake, Stored
from ingest_core.state.files import Handed, Phase, RunState, decode, encode
from ingest_core.threads import Lock, SystemThreads, Threads

logger = logging.getLogger(__name__)

LEASE_SECONDS = 90.0
# Between two workers of a round nobody may be at it for a while: a function starts, or waits until it may.
HANDED_LEASE_SECONDS = 300.0
RENEW_SECONDS = 30.0
POLL_SECONDS = 5.0
# A write that is begun with less than this left of the lease could arrive after somebody else has taken over.
# S3 clients here give up within a minute (lake/s3.py).
SAFETY_SECONDS = 60.0
AGE_IS_ROUNDED_SECONDS = 2.0  # HTTP dates have whole seconds
ATTEMPTS = 5


def lease_of(state: RunState) -> float:
    """How many seconds a claim lasts that is not renewed; 0 where nobody has one."""
    if state.phase is Phase.HANDED:
        return HANDED_LEASE_SECONDS
    return LEASE_SECONDS if state.phase is Phase.RUNNING else 0.0


class Wanted(Struct, frozen=True):
    """What a claim depends on: `clock` and `chance` as in a job; `patience` is how many seconds it may wait at most.

    `decide` is shown the state that is there (None: none) and says which state to claim, its epoch and nonce left to
    the claim; None where nothing is to be done. It may be asked again. `collects` where the caller knows that the
    workers of a round that was handed over have ended: their lease need not run out.
    """

    clock: Clock
    chance: random.Random
    decide: Callable[[RunState | None], RunState | None]
    patience: float = float("inf")
    on_wait: Callable[[str], None] = lambda _: None
    threads: Threads = field(default_factory=SystemThreads)
    collects: bool = False

    def waits_for(self, seen: RunState) -> bool:
        """Whether somebody else may be at it."""
        return seen.phase is Phase.RUNNING or (seen.phase is Phase.HANDED and not self.collects)


def acquire(lake: Lake, keys: ControlKeys, wanted: Wanted) -> Claim | None:
    """The claim, taken; None where `decide` wants nothing.

    Raises LockedError where another run has it: at once where the lake has a hold, else after one sign of life.
    """
    if wanted.decide(decoded(lake.get(keys.state), keys)) is None:
        return None
    release = lake.hold(keys.lock)
    if release is None:
        raise locked(keys, "it is under way in another process")
    try:
        claim = _take(lake, keys, wanted, release)
    except BaseException:
        release()
        raise
    if claim is None:
        release()
    return claim


def _take(lake: Lake, keys: ControlKeys, wanted: Wanted, release: Callable[[], None]) -> Claim | None:
    for _ in range(ATTEMPTS):
        stored = lake.get(keys.state)
        seen = decoded(stored, keys)
        if seen is not None and stored is not None and wanted.waits_for(seen) and not lake.holds:
            stored = _outlast(lake, keys, stored, seen, wanted)
            seen = decoded(stored, keys)
        state = wanted.decide(seen)
        if state is None:
            return None
        began = wanted.clock.monotonic()
        mine = msgspec.structs.replace(
            state,
            phase=Phase.RUNNING,
            epoch=1 if seen is None else seen.epoch + 1,
            nonce=f"{wanted.chance.getrandbits(64):016x}",
            renewals=0,
            holder=f"{socket.gethostname()}:{os.getpid()}",
            touched=wanted.clock.now(),
        )
        if lake.swap(keys.state, encode(mine), stored, {}) or is_mine(decoded(lake.get(keys.state), keys), mine):
            return Claim(lake, keys, wanted.clock, mine, began, release, wanted.threads.lock())
    raise locked(keys, "others claim it at the same time")


def _outlast(lake: Lake, keys: ControlKeys, stored: Stored, seen: RunState, wanted: Wanted) -> Stored | None:
    """What lies there once the lease has run out or was given back. Raises LockedError where it is renewed."""
    clock, never = wanted.clock, threading.Event()
    ends = clock.monotonic() + lease_of(seen) - max(0.0, (stored.age or 0.0) - AGE_IS_ROUNDED_SECONDS)
    gives_up = clock.monotonic() + wanted.patience
    now: Stored | None = stored
    while (left := ends - clock.monotonic()) > 0:
        wanted.on_wait(f"{keys.run}: claimed by {seen.holder}; waiting {left:.0f} s at most for a sign of life")
        if clock.monotonic() + left > gives_up:
            raise locked(keys, f"{seen.holder} has it, and there is no time to wait until its lease has run out")
        clock.pause(min(POLL_SECONDS, left), never)
        now = lake.get(keys.state)
        if now is None or now.version == stored.version:
            continue
        state = decoded(now, keys)
        if state is None or not wanted.waits_for(state):
            return now
        raise locked(keys, f"{state.holder} is at it")
    return now


class Claim:
    """A claim that was taken. Thread-safe.

    `state` is as it was claimed. Whoever writes bookkeeping asks `require` before; `assure` asks the lake itself.
    """

    def __init__(
        self,
        lake: Lake,
        keys: ControlKeys,
        clock: Clock,
        state: RunState,
        began: float,
        release: Callable[[], None],
        renewing: Lock,
    ) -> None:
        self.state = state
        self._lake = lake
        self._keys = keys
        self._clock = clock
        self._good_from = began
        self._release = release
        self._renewals = 0
        self._lock = threading.Lock()
        self._renewing = renewing
        self._lost = False

    @property
    def is_lost(self) -> bool:
        """Whether another run has taken over."""
        return self._lost

    @property
    def needs_renewal(self) -> bool:
        """Whether it is a lease, which a timer must renew."""
        return not self._lake.holds

    def require(self) -> None:
        """Raises LockedError unless a write that is begun now is over before the lease can run out."""
        for _ in range(ATTEMPTS):
            if self._lost:
                raise self._gone()
            if self._lake.holds or self._left() >= SAFETY_SECONDS:
                return
            with self._renewing:  # many threads find it due at once: the first renews it for all
                if not self._lost and self._left() < SAFETY_SECONDS:
                    self._renew(self.state.phase)  # which may take long itself
        raise TransientError(
            f"{self._keys.state}: renewing the lease takes longer than it lasts", Code.LEASE, hint="run again"
        )

    def _left(self) -> float:
        with self._lock:
            return self._good_from + LEASE_SECONDS - self._clock.monotonic()

    def assure(self) -> None:
        """Renews the lease now. Raises LockedError where the claim is lost, and what the lake raises."""
        if self._lost:
            raise self._gone()
        if not self._lake.holds:
            with self._renewing:
                self._renew(self.state.phase)

    def confirm(self) -> None:
        """Raises LockedError unless the lake still says that the claim is ours. Changes nothing."""
        self.require()
        if not self._lake.holds and not is_mine(decoded(self._lake.get(self._keys.state), self._keys), self.state):
            self._lost = True
            raise self._gone()

    def keep(self) -> None:
        """Renews the lease, for the timer: it raises nothing. What it could not do, the next `require` meets."""
        try:
            self.assure()
        except IngestError as error:
            logger.warning("the claim of %s could not be renewed: %s", self._keys.run, error)

    def restate(self, phase: Phase) -> None:
        """Gives the claim back in another phase, as a person asked. Raises where that could not be written."""
        try:
            with self._renewing:
                self._renew(phase)
        finally:
            self._release()

    def end(self, phase: Phase, *, untouched: bool = False, handed: Handed | None = None) -> None:
        """Gives the claim back: OPEN, DONE, LIMITED, HANDED. Raises nothing: what was committed stays so.

        `untouched` where nothing has landed under it or before it; `handed` what workers go on with.
        """
        self.state = msgspec.structs.replace(self.state, untouched=untouched, handed=handed)
        try:
            if not self._lost:
                with self._renewing:
                    self._renew(phase)
        except IngestError as error:
            logger.warning("the claim of %s could not be given back: %s", self._keys.run, error)
        finally:
            self._release()

    def _renew(self, phase: Phase) -> None:
        began = self._clock.monotonic()
        self._renewals += 1
        new = msgspec.structs.replace(self.state, phase=phase, renewals=self._renewals, touched=self._clock.now())
        for _ in range(ATTEMPTS):
            stored = self._lake.get(self._keys.state)
            seen = decoded(stored, self._keys)
            if stored is None or not is_mine(seen, self.state):
                self._lost = True
                raise self._gone()
            if seen == new or self._lake.swap(self._keys.state, encode(new), stored, {}):
                with self._lock:
                    self._good_from = began
                return
        raise LakeError(f"{self._keys.state} is changed faster than it can be read", Code.LAKE_RACE, hint="run again")

    def _gone(self) -> LockedError:
        return locked(self._keys, "another run has taken it over")


def is_mine(seen: RunState | None, mine: RunState) -> bool:
    return seen is not None and (seen.epoch, seen.nonce) == (mine.epoch, mine.nonce)


def decoded(stored: Stored | None, keys: ControlKeys) -> RunState | None:
    return None if stored is None else decode(stored.body, RunState, keys.state)


def locked(keys: ControlKeys, why: str) -> LockedError:
    return LockedError(
        f"the run of {keys.config} for {keys.date} is locked: {why}",
        Code.LOCKED,
        hint="wait until it has ended, then run again",
    )
