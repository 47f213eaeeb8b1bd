"""How long a run may take, and when it is too late to begin something."""

from __future__ import annotations

import threading

from ingest_core.clock import Clock

MARGIN_SECONDS = 30.0


class Deadline:
    """An instant of the monotonic clock after which nothing goes on; None: there is none. Thread-safe.

    Nothing begins when the time left is under `margin`, or under twice what the slowest slice has taken so far.
    """

    def __init__(self, at: float | None, clock: Clock, margin: float = MARGIN_SECONDS) -> None:
        self._at = at
        self._clock = clock
        self._margin = margin
        self._slowest = 0.0
        self._lock = threading.Lock()

    def learn(self, seconds: float) -> None:
        """A slice took so long."""
        with self._lock:
            self._slowest = max(self._slowest, seconds)

    def left(self) -> float:
        """Seconds that are left; infinite without a deadline."""
        return float("inf") if self._at is None else self._at - self._clock.monotonic()

    def is_near(self) -> bool:
        """Whether it is too late to begin a slice."""
        with self._lock:
            return self.left() < max(self._margin, 2 * self._slowest)
