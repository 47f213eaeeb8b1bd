"""What a series found, added up date by date."""

from __future__ import annotations

import logging
import math
import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from crash.verdict import Verdict

logger = logging.getLogger(__name__)

FAULTS = ("lost", "doubled", "torn", "left_behind", "wrong")


@dataclass
class Figures:
    """`again` are requests made twice; `took_over` the seconds from a run's start to its claim, after a kill;
    `exits` counts exit codes; `problems` tells each fault with its date and the seed to repeat it."""

    kills: int = 0
    pairs: int = 0
    dates: int = 0
    records: int = 0
    requests: int = 0
    again: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    took_over: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict, where: str, asks_anew: bool) -> None:
        """Counts a date that is done; its requests only where none had to be made again."""
        self.dates += 1
        self.records += verdict.records
        self.requests += 0 if asks_anew else verdict.requests
        self.again += 0 if asks_anew else verdict.again
        for name, found in verdict.faults.items():
            self.faults[name] += len(found)
            self.problems.extend(f"{where}: {name}: {what}" for what in found[:3])

    def note(self, name: str, what: str) -> None:
        """One fault that no verdict names."""
        self.faults[name] += 1
        self.problems.append(what)
        logger.warning("%s", what)

    def so_far(self) -> str:
        """One line, for whoever waits."""
        return f"{self.kills} kills, {self.pairs} pairs, {self.dates} dates, {len(self.problems)} problems"

    @property
    def is_clean(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """For a file of figures."""
        return {
            "kills": self.kills,
            "pairs": self.pairs,
            "dates": self.dates,
            "records": self.records,
            **{name: self.faults[name] for name in FAULTS},
            "requests": self.requests,
            "requests made twice": self.again,
            "exit codes": dict(sorted(self.exits.items())),
            "seconds to take over": spread(self.took_over),
            "seconds in all": round(self.seconds),
            "problems": self.problems[:20],
        }


def spread(seconds: list[float]) -> dict[str, float]:
    """Median, 95th percentile and most."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    return {
        "median": round(statistics.median(ordered), 3),
        "p95": round(ordered[math.ceil(0.95 * len(ordered)) - 1], 3),
        "most": round(ordered[-1], 3),
    }


def sum_up(lanes: list[Figures]) -> Figures:
    """The figures of series that ran side by side."""
    total = Figures(seconds=max(figures.seconds for figures in lanes))
    for figures in lanes:
        for name in ("kills", "pairs", "dates", "records", "requests", "again"):
            setattr(total, name, getattr(total, name) + getattr(figures, name))
        total.faults.update(figures.faults)
        total.exits.update(figures.exits)
        total.took_over += figures.took_over
        total.problems += figures.problems
    return total
