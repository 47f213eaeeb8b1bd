"""What goes wrong, and when: drawn by a seed, or one fault at one step."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from .sites import (
    CRASH_AFTER,
    CRASH_BEFORE,
    FREEZE,
    GHOST,
    LANDS,
    LATE,
    POSSIBLE,
    RARE,
    RARE_IN_STEPS,
    STALL_AFTER,
    STALL_BEFORE,
    WRITES,
    Hit,
)
from .world import Task

WEIGHTS = {CRASH_BEFORE: 2.0, CRASH_AFTER: 2.0, FREEZE: 1.5}
ZOMBIES = {CRASH_BEFORE: 0.3, CRASH_AFTER: 0.3, FREEZE: 10.0, STALL_AFTER: 2.0}


class Faults(Protocol):
    """Decides at each I/O step. `is_late` once a write arrived later than the protocol allows for."""

    is_late: bool

    def draw(self, where: str, site: str, step: str, task: Task, now: float) -> str | None:
        """The fault of this step; None where all goes well."""
        ...

    def seconds(self, fault: str) -> float:
        """How long a stall or a freeze lasts."""
        ...


class Calm:
    """Nothing goes wrong."""

    is_late = False

    def draw(self, where: str, site: str, step: str, task: Task, now: float) -> str | None:
        return None

    def seconds(self, fault: str) -> float:
        return 0.0


@dataclass
class Once:
    """One fault at the step `at`, counted from 1; `count` is how many steps there were, `met` where it hit."""

    at: int
    fault: str
    count: int = 0
    met: str = ""
    is_late: bool = False

    def draw(self, where: str, site: str, step: str, task: Task, now: float) -> str | None:
        self.count += 1
        if self.count != self.at or self.fault not in POSSIBLE[where, step]:
            return None
        self.met = f"{site} {step}"
        return self.fault

    def seconds(self, fault: str) -> float:
        return 0.0


class Drawn:
    """By the seed: one step in `every` is hit, and of those at `focus` every third. `late` allows writes that arrive
    after the lease is lost."""

    def __init__(
        self,
        chance: random.Random,
        every: float,
        focus: tuple[str, str, str] | None,
        late: bool,
        zombies: bool,
        hits: Counter[Hit],
    ) -> None:
        self._chance = chance
        self._every = every
        self._focus = focus
        is_rare = focus is not None and (focus[1:] in RARE or focus in RARE_IN_STEPS)
        self._share = 0.6 if is_rare else 0.3
        self._late = late
        self._weights = WEIGHTS if not zombies else ZOMBIES
        self._hits = hits
        self._left = self._next()
        self.is_calm = False
        self.is_late = False

    def _next(self) -> int:
        return int(self._chance.expovariate(1 / self._every))

    def draw(self, where: str, site: str, step: str, task: Task, now: float) -> str | None:
        self._left -= 1
        if self.is_calm:
            return None
        weights = self._weights
        if self._left < 0:
            self._left = self._next()
        elif (where, site, step) == self._focus and self._chance.random() < self._share:
            weights = {}  # each fault as likely as the others: some are hard to meet there
        else:
            return None
        possible = POSSIBLE[where, step]
        if self._late and where in {"s3", LANDS} and step in WRITES and self._chance.random() < 0.5:
            self.is_late = True
            return self._chance.choice((LATE, GHOST))
        fault = self._chance.choices(possible, [weights.get(fault, 1.0) for fault in possible])[0]
        if fault == STALL_BEFORE and step in WRITES:
            # Two in a row would be later than the protocol allows for: that is LATE's business.
            if now - task.stalled_at < 60:
                return None
            task.stalled_at = now
        self._hits[where, site, step, fault] += 1
        return fault

    def seconds(self, fault: str) -> float:
        chance = self._chance
        if fault in {LATE, GHOST}:
            return chance.uniform(25, 400)
        return chance.choice((chance.uniform(0.1, 12), chance.uniform(20, 80), chance.uniform(85, 400)))

    def short(self) -> float:
        """A stall of a write that is still in time."""
        return self._chance.uniform(0.1, 45)
