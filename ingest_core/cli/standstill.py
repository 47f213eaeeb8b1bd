"""Whether a run stands still: its API is down, or its lake, or another has the claim. And how lines say so."""

from __future__ import annotations

import time
from collections.abc import Callable

from ingest_core.figures import span
from ingest_core.run import Progress, Snapshot

# Where something is going wrong, and where nothing is known to.
SECONDS_IN_TROUBLE, SECONDS_IN_SILENCE = 10.0, 30.0
SECONDS_BETWEEN = 60.0


class Standstill:
    """Since when nothing has come, and whether something has gone wrong meanwhile."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._came: object = None
        self._wrong: object = None

    def look(self, now: float, seen: Snapshot) -> str:
        """What to say of it; nothing where it is too short to be told."""
        came = (seen.round, seen.slices, seen.records, seen.answered)
        wrong = (seen.problem, seen.retries)
        if came != self._came:
            self._since, self._came, self._wrong = now, came, wrong
        is_wrong = seen.problem and wrong != self._wrong
        seconds = now - self._since
        if seconds < (SECONDS_IN_TROUBLE if is_wrong else SECONDS_IN_SILENCE):
            return ""
        return f"nothing has come for {span(seconds)}" + (f": {seen.problem}" if is_wrong else "")


def named(config: str, seen: Snapshot) -> str:
    """Whose run it is: an unfinished one of another day may come first."""
    return config if seen.date is None else f"{config} {seen.date}"


class Telling:
    """Says that a run stands still: as soon as that is clear, each minute from then on, and when it goes on."""

    def __init__(
        self, progress: Progress, name: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._progress = progress
        self._name = name
        self._say = say
        self._clock = clock
        self._standstill = Standstill(clock())
        self._told_at: float | None = None

    def look(self) -> None:
        """To be called about once a second."""
        now, seen = self._clock(), self._progress.look()
        standstill = self._standstill.look(now, seen)
        if standstill and (self._told_at is None or now - self._told_at >= SECONDS_BETWEEN):
            self._say(f"{named(self._name, seen)}: {standstill}")
            self._told_at = now
        elif self._told_at is not None and not standstill:
            self._say(f"{named(self._name, seen)}: it goes on")
            self._told_at = None
