"""What a page shows, as it was found in the lake: frozen values, without a word of HTML."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ingest_core.report.shape import Change
from ingest_core.state import Account


class Day(NamedTuple):
    """One day of one config: how the run that counts stands, as `ingest runs` says it, and the numbers of its manifest.

    `anew` is how another run stands that was begun after a committed one.
    """

    date: dt.date
    standing: str
    is_committed: bool = False
    records: int = 0
    bytes: int = 0
    rejected: int = 0
    anew: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One config in the calendar: its days from `first` on, by date; `unread` where time was up before the rest.

    `began` is its first day in the whole lake: what comes before it is no gap.
    """

    label: str
    config: str
    source: str
    began: dt.date | None
    days: Mapping[dt.date, Day]
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Calendar:
    """Every config of the lake from the first day to the last, both included; `left_out` configs are not shown."""

    first: dt.date
    last: dt.date
    lines: tuple[Line, ...]
    left_out: int = 0


class Rejection(NamedTuple):
    """One record in the quarantine. `key` is where it lies."""

    stream: str
    id: str
    reason: str
    key: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """`files` that lie there, counted up to a bound; the first of them as `shown`, and the `reasons` of those read."""

    files: int
    is_counted: bool
    read: int
    reasons: tuple[tuple[str, int], ...]
    shown: tuple[Rejection, ...]


class StreamDrift(NamedTuple):
    """A stream against the previous run: of how many records each side was looked at, and what has changed.

    `before` is 0 where that run has none of the stream among what was looked at.
    """

    stream: str
    before: int
    after: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """This run's records against those of the run of `date`; `is_whole` where all of both were looked at."""

    date: dt.date
    is_whole: bool
    streams: tuple[StreamDrift, ...]


@dataclass(frozen=True, slots=True)
class RunPicture:
    """One run.

    standing   as `ingest runs` says it; "superseded" for a generation that another one followed
    committed  the committed run of its day that stands until this one has landed; "" where there is none
    counts     by the names that `Counts` has; requests, retries and throttled are summed over its attempts
    accounts   of its attempts, oldest first; empty where it was run by a version that kept none
    drift      None where there is nothing to compare
    """

    run: str
    date: dt.date
    standing: str
    is_committed: bool
    started: dt.datetime | None
    finished: dt.datetime | None
    counts: Mapping[str, int]
    accounts: tuple[Account, ...]
    quarantine: Quarantine
    drift: Drift | None
    truncated: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    committed: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything on a page. `run` is None where the config has no run yet; `notices` are what APIs ask to be told.

    `settings` is the config as it counted, secrets masked; `today` is the day in the config's timezone.
    """

    lake: str
    config: str
    source: str
    label: str
    today: dt.date
    made: dt.datetime
    calendar: Calendar
    run: RunPicture | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
