"""One rate for all workers: each has a share, and the shares never add up to more than the whole."""

from __future__ import annotations

from collections.abc import Hashable

from ingest_core.api.pacer import faster, slower
from ingest_core.run.spread import Allotment, Done

LEAST = 0.5  # of a fair share: with less, a worker waits until another gives back its own


class Shares:
    """Gives out shares of the whole, and takes them back. Used by one thread.

    A worker that was refused (429) slows all down, with the next share that each of them gets; pieces without a refusal
    bring the rate back.
    """

    def __init__(self, whole: Allotment) -> None:
        self._whole = whole
        self._given: dict[Hashable, Allotment] = {}
        self._heard: dict[Hashable, tuple[int, int]] = {}
        self._slowed = 1.0

    def give(self, worker: Hashable, among: int) -> Allotment | None:
        """A share for a worker, one of so many that have work now; None where others still have too much of it."""
        others = list(self._given.values())
        rate = self._whole.rate * self._slowed / among
        left = self._whole.rate - sum(given.rate for given in others)
        connections = self._whole.connections - sum(given.connections for given in others)
        fair, rest = divmod(self._whole.connections, among)
        if left < LEAST * rate or connections < 1:
            return None
        fair += rest > 0 and connections > fair * max(1, among - len(others))
        given = Allotment(min(rate, left), max(1, min(fair, connections)), self._whole.seconds)
        self._given[worker] = given
        return given

    def hear(self, worker: Hashable, done: Done) -> None:
        """What the worker has done with its share so far."""
        asked, refused = self._heard.get(worker, (0, 0))
        self._heard[worker] = (asked + done.requests, refused + done.throttled)

    def take_back(self, worker: Hashable) -> None:
        """The worker is not at work any more."""
        self._given.pop(worker, None)
        asked, refused = self._heard.pop(worker, (0, 0))
        if asked:
            self._slowed = slower(self._slowed) if refused else faster(self._slowed)
