"""Counts by the minute while a run goes on, for its picture afterwards."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from ingest_core.clock import Clock, SystemClock
from ingest_core.model import LATENCY_MS, Timeline
from ingest_core.model.report import STEP_SECONDS

MOST_STEPS = 120
MOST_SETBACKS = 20
LONGEST_SETBACK = 120
OTHERS = "others"
_RECORDS, _REQUESTS, _RETRIES, _THROTTLED = range(4)
_SECONDS = tuple(bound / 1000 for bound in LATENCY_MS)
_NONE = (0,) * (len(_SECONDS) + 1)


class Meter:
    """Thread-safe, and a few KB however long the run is: past MOST_STEPS, each two steps become one."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._began = self._clock.monotonic()
        self._lock = threading.Lock()
        self._seconds = STEP_SECONDS
        self._steps: list[list[int]] = []
        self._latency = list(_NONE)
        self._setbacks: Counter[str] = Counter()

    def landed(self) -> None:
        """A record landed."""
        now = self._clock.monotonic()
        with self._lock:
            self._step(now)[_RECORDS] += 1

    def sent(self, *, is_retry: bool) -> float:
        """A request goes out; returns when, for `answered`."""
        now = self._clock.monotonic()
        with self._lock:
            step = self._step(now)
            step[_REQUESTS] += 1
            step[_RETRIES] += is_retry
        return now

    def answered(self, sent: float) -> None:
        """That exchange is over, whether an answer came or not."""
        place = bisect_left(_SECONDS, self._clock.monotonic() - sent)
        with self._lock:
            self._latency[place] += 1

    def throttled(self) -> None:
        """A rate limit was met."""
        now = self._clock.monotonic()
        with self._lock:
            self._step(now)[_THROTTLED] += 1

    def set_back(self, reason: str) -> None:
        """An answer was no use, and may come again."""
        with self._lock:
            self._set_back(reason[:LONGEST_SETBACK], 1)

    def take_in(self, other: Timeline) -> None:
        """What a worker saw, who is done just now; the minute may be the one beside it."""
        now = self._clock.monotonic()
        with self._lock:
            for back, numbers in enumerate(reversed(list(_rows(other)))):
                step = self._step(max(self._began, now - (back + 0.5) * other.seconds))
                step[:] = [one + more for one, more in zip(step, numbers, strict=True)]
            self._latency = [one + more for one, more in zip(self._latency, other.latency or _NONE, strict=True)]
            for reason, times in other.setbacks:
                self._set_back(reason, times)

    def timeline(self) -> Timeline:
        """Everything so far."""
        with self._lock:
            records, requests, retries, throttled = zip(*self._steps, strict=True) if self._steps else [()] * 4
            return Timeline(
                seconds=self._seconds,
                records=records,
                requests=requests,
                retries=retries,
                throttled=throttled,
                latency=tuple(self._latency) if any(self._latency) else (),
                setbacks=tuple(self._setbacks.most_common()),
            )

    def _set_back(self, reason: str, times: int) -> None:
        is_known = reason in self._setbacks or len(self._setbacks) < MOST_SETBACKS
        self._setbacks[reason if is_known else OTHERS] += times

    def _step(self, now: float) -> list[int]:
        """The counters of the step that `now` is in."""
        number = int((now - self._began) / self._seconds)
        while number >= MOST_STEPS:
            self._halve()
            number = int((now - self._began) / self._seconds)
        while len(self._steps) <= number:
            self._steps.append([0, 0, 0, 0])
        return self._steps[number]

    def _halve(self) -> None:
        pairs = zip(self._steps[::2], [*self._steps[1::2], [0, 0, 0, 0]], strict=False)
        self._steps = [[one + other for one, other in zip(*pair, strict=True)] for pair in pairs]
        self._seconds *= 2


def _rows(timeline: Timeline) -> Iterable[tuple[int, ...]]:
    """The four numbers of each step."""
    return zip(timeline.records, timeline.requests, timeline.retries, timeline.throttled, strict=True)
