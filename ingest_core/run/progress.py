"""What a run is doing just now, for whoever looks on."""

from __future__ import annotations

import threading
from collections.abc import Callable

from msgspec import Struct

from ingest_core.api import Traffic


class Snapshot(Struct, frozen=True):
    """One look.

    slices       (closed, known so far) in this round
    records      landed so far
    requests     sent so far, `retries` and `throttled` of them as in Counts
    allowed      requests a second that the pacer allows now; 0 without an API
    ids_left     pinned ids of this round that are not answered yet; None where the round does not know
    problem      the last thing that went wrong, in plain words
    """

    round: int = 0
    slices: tuple[int, int] = (0, 0)
    records: int = 0
    requests: int = 0
    retries: int = 0
    throttled: int = 0
    allowed: float = 0.0
    ids_left: int | None = None
    problem: str = ""


class Progress:
    """Counts as the run goes. Thread-safe; nobody waits for who looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traffic = Traffic()
        self._allowed: Callable[[], float] = float
        self._round = 0
        self._closed = self._known = self._records = 0
        self._ids: int | None = None
        self._sent_before = 0

    def watch(self, traffic: Traffic, allowed: Callable[[], float]) -> None:
        """Looks at `traffic` and the pacer's rate from now on."""
        self._traffic, self._allowed = traffic, allowed

    def begin_round(self, number: int, slices: int, ids: int | None) -> None:
        """A round begins with so many slices, and so many pinned ids where all its slices have some."""
        with self._lock:
            self._round, self._closed, self._known, self._ids = number, 0, slices, ids
            self._sent_before = self._traffic.requests - self._traffic.retries

    def close_slice(self, handed_over: int) -> None:
        """A slice has its part; it handed over to so many others."""
        with self._lock:
            self._closed += 1
            self._known += handed_over

    def land(self, records: int = 1) -> None:
        """So many records landed."""
        with self._lock:
            self._records += records

    def tell(self, problem: str) -> None:
        """Something went wrong."""
        with self._lock:
            self._traffic.problem = problem  # the newest is shown, whoever met it

    def look(self) -> Snapshot:
        """How things stand."""
        with self._lock:
            traffic = self._traffic
            answered = traffic.requests - traffic.retries - self._sent_before
            return Snapshot(
                round=self._round,
                slices=(self._closed, self._known),
                records=self._records,
                requests=traffic.requests,
                retries=traffic.retries,
                throttled=traffic.throttled,
                allowed=self._allowed(),
                ids_left=None if self._ids is None else max(0, self._ids - answered),
                problem=traffic.problem,
            )
