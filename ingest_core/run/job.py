"""What a run is given: everything that has an outside, made by whoever assembles it."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from msgspec import field

from ingest_core.api import Redactor, Transport
from ingest_core.clock import Clock
from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.interruption import Interruption
from ingest_core.lake import Lake
from ingest_core.model import Batch, FailureBudget, Source, Value, without_secrets
from ingest_core.run.deadline import MARGIN_SECONDS
from ingest_core.run.progress import Progress
from ingest_core.run.spread import Mapper
from ingest_core.state import Frozen
from ingest_core.threads import SystemThreads, Threads


class HandOver(Value, frozen=True):
    """When an offer of `fetch` to stop is taken: after so many records, bytes or seconds."""

    records: int = 100
    bytes: int = 10_000_000
    seconds: float = 30.0


class Hands(Value, frozen=True):
    """So many workers at once land what a step hands over. `collects` where those of the step before have ended.

    `requests` is what a segment is to need at most; None for what a worker asks in a few minutes.
    """

    workers: int
    collects: bool = False
    requests: int | None = None


def thaw_settings(job: Job, frozen: Frozen) -> Job:
    """`job` with the frozen settings as they stand, for sources that have no secrets."""
    if (frozen.source, frozen.streams) != (job.source.name, job.source.streams):
        raise UsageError(
            f"the run was begun with another source, or with other streams, than {job.source.name} has", Code.OUTGROWN
        )
    return replace(job, settings=frozen.settings, specification=frozen.specification, batch=frozen.batch)


class Job(Value, frozen=True):
    """One run, ready to start.

    `settings` are checked and complete. `transport` makes the source's transport when it first needs one. `timeout` is
    the whole life of one request, in seconds, and `attempts` how often it is sent at most; `deadline` is the instant of
    the monotonic clock when the run must be over, `margin` the seconds before it in which nothing begins. `batch` is
    None where each record is an object of its own. `refresh` begins a new generation of the date, `only_resume` none:
    it goes on with what is unfinished, `replay` tries its quarantine again. `thaw` makes the job
    that an unfinished run was begun as; it raises where that cannot be any more. `redactor` knows what must not be
    written anywhere. `mapper`, where there is one, has slices landed by workers elsewhere; `hands` writes down
    what they are to land, and ends.
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
    batch: Batch | None = None
    limit: int | None = None
    refresh: bool = False
    only_resume: bool = False
    replay: bool = False
    deadline: float | None = None
    margin: float = MARGIN_SECONDS
    thaw: Callable[[Job, Frozen], Job] = thaw_settings
    threads: Threads = field(default_factory=SystemThreads)
    interruption: Interruption = field(default_factory=Interruption)
    hand_over: HandOver = field(default_factory=HandOver)
    chance: random.Random = field(default_factory=random.Random)
    progress: Progress = field(default_factory=Progress)
    redactor: Redactor = field(default_factory=Redactor)
    mapper: Mapper | None = None
    hands: Hands | None = None

    @property
    def workers(self) -> int:
        """How many may land slices at the same time; one, where it is this process alone."""
        elsewhere = self.mapper or self.hands
        return 1 if elsewhere is None else elsewhere.workers

    @property
    def frozen(self) -> Frozen:
        """What must not change between the attempts at one run."""
        settings, specification = without_secrets(self.settings), dict(self.specification)
        return Frozen(self.source.name, settings, self.source.streams, specification, self.batch)
