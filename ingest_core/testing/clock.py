"""A clock whose pauses take no time."""

from __future__ import annotations

import datetime as dt
import threading
import time


class SkippingClock:
    """The machine's clock, except that a pause only moves it on. Back-off and pacing are lived through at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._skipped = 0.0

    def monotonic(self) -> float:
        with self._lock:
            return time.monotonic() + self._skipped

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def pause(self, seconds: float, stop: threading.Event) -> None:
        with self._lock:
            self._skipped += max(0.0, seconds)
