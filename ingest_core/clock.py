"""Time, passed in so that tests and simulations can own it."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock, a wall clock and a pause."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    def now(self) -> dt.datetime:
        """The wall clock, in UTC."""
        ...

    def pause(self, seconds: float, stop: threading.Event) -> None:
        """Waits `seconds`, or less where `stop` is set meanwhile."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def pause(self, seconds: float, stop: threading.Event) -> None:
        if seconds > 0:
            stop.wait(seconds)
