"""The attempts at one run, put end to end: what happened when, however long it took."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ingest_core.model import LATENCY_MS
from ingest_core.state import Account

MOST_STEPS = 240
SERIES = ("records", "requests", "retries", "throttled")


@dataclass(frozen=True, slots=True)
class Course:
    """`seconds` is how long a step is; each series has as many numbers as there are `starts`, when a step begins.

    Attempts are put end to end, without the time between them; `firsts` are the numbers of the steps that one begins
    with. `latency` counts exchanges by LATENCY_MS, those that took longer last.
    """

    seconds: int
    starts: tuple[dt.datetime, ...]
    records: tuple[int, ...]
    requests: tuple[int, ...]
    retries: tuple[int, ...]
    throttled: tuple[int, ...]
    firsts: tuple[int, ...]
    latency: tuple[int, ...]
    setbacks: tuple[tuple[str, int], ...]

    def within(self, share: float) -> int | None:
        """The bound in milliseconds that so much of the exchanges kept; None where it is beyond the last."""
        wanted, seen = share * sum(self.latency), 0
        for bound, exchanges in zip(LATENCY_MS, self.latency, strict=False):
            seen += exchanges
            if seen >= wanted:
                return bound
        return None


def course(accounts: Sequence[Account]) -> Course | None:
    """The course of these attempts, oldest first; None where none of them did anything."""
    told = [account for account in accounts if account.timeline.records]
    if not told:
        return None
    seconds = max(account.timeline.seconds for account in told)
    while sum(_steps(account, seconds) for account in told) > max(MOST_STEPS, len(told)):
        seconds *= 2
    starts: list[dt.datetime] = []
    firsts: list[int] = []
    series: dict[str, list[int]] = {name: [] for name in SERIES}
    latency, setbacks = [0] * (len(LATENCY_MS) + 1), Counter[str]()
    for account in told:
        began = account.ended - dt.timedelta(seconds=account.seconds)
        firsts.append(len(starts))
        starts += [began + dt.timedelta(seconds=seconds * step) for step in range(_steps(account, seconds))]
        for name in SERIES:
            series[name] += _folded(getattr(account.timeline, name), seconds // account.timeline.seconds)
        if len(account.timeline.latency) == len(latency):
            latency = [one + other for one, other in zip(latency, account.timeline.latency, strict=True)]
        setbacks.update(dict(account.timeline.setbacks))
    return Course(
        seconds=seconds,
        starts=tuple(starts),
        firsts=tuple(firsts),
        latency=tuple(latency),
        setbacks=tuple(setbacks.most_common()),
        **{name: tuple(numbers) for name, numbers in series.items()},
    )


def _steps(account: Account, seconds: int) -> int:
    return -(-len(account.timeline.records) // (seconds // account.timeline.seconds))


def _folded(numbers: Sequence[int], fold: int) -> list[int]:
    return [sum(numbers[step : step + fold]) for step in range(0, len(numbers), fold)]
