"""What a run is given: everything that has an outside, made by whoever assembles it."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from ingest_core.api import Transport
from ingest_core.clock import Clock
from ingest_core.lake import Lake
from ingest_core.model import FailureBudget, Source
from ingest_core.run.progress import Progress


@dataclass(frozen=True, slots=True)
class HandOver:
    """When an offer of `fetch` to stop is taken: after so many records, bytes or seconds."""

    records: int = 100
    bytes: int = 10_000_000
    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Job:
    """One run, ready to start.

    `settings` are checked and complete. `transport` makes the source's transport when it first needs one. `timeout` is
    the whole life of one request, in seconds, and `attempts` how often it is sent at most; `deadline` is the instant of
    the monotonic clock when the run must be over.
    """

    config: str
    source: Source
    label: str
    settings: Mapping[str, Any]
    date: dt.date
    lake: Lake
    transport: Callable[[], Transport]
    open_file: Callable[[str], BinaryIO]
    clock: Clock
    rate: float = 10.0
    connections: int = 10
    timeout: float = 120.0
    attempts: int = 8
    max_failed: FailureBudget = field(default_factory=FailureBudget)
    specification: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None
    deadline: float | None = None
    hand_over: HandOver = field(default_factory=HandOver)
    chance: random.Random = field(default_factory=random.Random)
    progress: Progress = field(default_factory=Progress)
