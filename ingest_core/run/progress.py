"""What a run is doing just now, for whoever looks on."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

from msgspec import Struct

from ingest_core.api import Traffic


class Snapshot(Struct, frozen=True):
    """One look.

    date         the day whose run it is, None before any has begun
    slices       (closed, known so far) in this round
    records      landed so far
    requests     sent so far, `retries` and `throttled` of them as in Counts
    answered     requests that came to an end: no passing trouble
    allowed      requests a second that the pacer allows now; 0 without an API
    ids_left     pinned ids of this round that are not answered yet; None where the round does not know
    problem      the last thing that went wrong, in plain words
    workers      what each worker has landed, of those that have told of it
    """

    date: dt.date | None = None
    round: int = 0
    slices: tuple[int, int] = (0, 0)
    records: int = 0
    requests: int = 0
    retries: int = 0
    throttled: int = 0
    answered: int = 0
    allowed: float = 0.0
    ids_left: int | None = None
    problem: str = ""
    workers: tuple[int, ...] = ()


class Progress:
    """Counts as the run goes. Thread-safe; nobody waits for who looks. `on_begin` is called as an attempt begins."""

    def __init__(self) -> None:
        self.on_begin: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._begin_anew(None)

    def _begin_anew(self, date: dt.date | None) -> None:
        self._date = date
        self._traffic = Traffic()
        self._allowed: Callable[[], float] = float
        self._round: int | None = None
        self._closed = self._known = self._records = 0
        self._seen = (0, 0)
        self._workers: dict[int, int] = {}
        self._ids: int | None = None
        self._left = self._answered_before = 0

    def begin(self, date: dt.date) -> None:
        """An attempt at that day begins: what an earlier one did is not its own."""
        with self._lock:
            self._begin_anew(date)
        self.on_begin()

    def watch(self, traffic: Traffic, allowed: Callable[[], float]) -> None:
        """Looks at `traffic` and the pacer's rate from now on."""
        self._traffic, self._allowed = traffic, allowed

    def begin_round(self, number: int, slices: int, ids: int | None) -> None:
        """A round begins with so many slices, and so many pinned ids where all its slices have some.

        Or it is gone over again, after workers: what was seen of it stays seen.
        """
        with self._lock:
            is_again = number == self._round
            self._seen = (self._closed, self._known) if is_again else (0, 0)
            self._round, self._closed, self._known = number, 0, slices
            if not is_again:
                self._ids, self._left, self._answered_before = ids, ids or 0, self._traffic.answered

    def close_slice(self, handed_over: int) -> None:
        """A slice has its part; it handed over to so many others."""
        with self._lock:
            self._closed += 1
            self._known += handed_over

    def land(self, records: int = 1) -> None:
        """So many records landed."""
        with self._lock:
            self._records += records

    def hear(self, worker: int, records: int, problem: str) -> None:
        """A worker tells what it landed since it was last heard, and what went wrong; 0 where it has no number."""
        self.land(records)
        with self._lock:
            if worker:
                self._workers[worker] = self._workers.get(worker, 0) + records
            if problem:
                self._traffic.problem = problem

    def tell(self, problem: str) -> None:
        """Something went wrong."""
        with self._lock:
            self._traffic.problem = problem  # the newest is shown, whoever met it

    def look(self) -> Snapshot:
        """How things stand."""
        with self._lock:
            traffic = self._traffic
            closed, known = max(self._closed, self._seen[0]), max(self._known, self._seen[1])
            return Snapshot(
                date=self._date,
                round=self._round or 0,
                slices=(closed, known),
                records=self._records,
                requests=traffic.requests,
                retries=traffic.retries,
                throttled=traffic.throttled,
                answered=traffic.answered,
                allowed=self._allowed(),
                ids_left=self._ids_left(closed, known),
                problem=traffic.problem,
                workers=tuple(records for _, records in sorted(self._workers.items())),
            )

    def _ids_left(self, closed: int, known: int) -> int | None:
        """By the answers that came; by the slices, of which each has about as many, where an earlier attempt had them.

        Never more than was told before.
        """
        if self._ids is None:
            return None
        by_answers = max(0, self._ids - (self._traffic.answered - self._answered_before))
        by_slices = -(-self._ids * (known - closed) // known) if known else 0
        self._left = min(self._left, by_answers, by_slices)
        return self._left
