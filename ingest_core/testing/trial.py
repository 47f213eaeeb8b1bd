"""One run of a source for a test: into memory, with everything it said and did at hand."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ingest_core.api import Transport, open_transport
from ingest_core.config import SecretResolver, build_config
from ingest_core.config.document import Document
from ingest_core.engine import Engine
from ingest_core.guard import adapted
from ingest_core.lake import Lake, S3Options, open_file
from ingest_core.model import FailureBudget, Report, Source
from ingest_core.recording import PLACEHOLDER, Exchange, RecordingTransport
from ingest_core.run import HandOver, Job, run
from ingest_core.testing.clock import SkippingClock
from ingest_core.testing.lake import MemoryLake

DATE = dt.date(2026, 11, 23)
LABEL = "Trial"


@dataclass(frozen=True, slots=True)
class Trial:
    """What one run did. `secrets` are the values that it revealed on its way."""

    report: Report
    lake: MemoryLake
    exchanges: tuple[Exchange, ...]
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def records(self) -> dict[str, bytes]:
        """Key and body of every record that landed."""
        return self.lake.bodies("Raw/")


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a trial differs from a plain run: another hand-over, a deadline so many seconds ahead, a lake, a clock, a
    date; and whether it `is_replayed` from a recording, which knows no secret.
    """

    hand_over: HandOver = field(default_factory=HandOver)
    seconds: float | None = None
    lake: MemoryLake | None = None
    clock: SkippingClock | None = None
    date: dt.date = DATE
    is_replayed: bool = False


def job_for(
    source: Source,
    settings: Mapping[str, Any],
    lake: Lake,
    transport: Transport,
    *,
    conditions: Conditions | None = None,
    on_reveal: Callable[[str], None] = lambda _: None,
) -> Job:
    """A run of `source` under `settings`, checked by its schema as a config's are. Raises ConfigError.

    It is not paced, its pauses take no time, its randomness is the same each time, and rejected records do not fail it.
    """
    conditions = conditions or Conditions()
    clock = conditions.clock or SkippingClock()
    resolver = SecretResolver(os.environ, clock, on_reveal)

    def scrubbed(reference: str) -> str:
        on_reveal(PLACEHOLDER)
        return PLACEHOLDER

    value: dict[str, Any] = {"source": source.name, "lake": "memory", "settings": dict(settings)}
    if source.label is None:
        value["label"] = LABEL
    resolve = scrubbed if conditions.is_replayed else resolver.resolve
    config = build_config(Document("settings", value, {}, {}), source.name, source, resolve)
    return Job(
        config=config.name,
        source=adapted(source, config.settings),
        label=config.label,
        settings=config.settings,
        date=conditions.date,
        lake=lake,
        transport=lambda: transport,
        open_file=partial(open_file, options=S3Options()),
        clock=clock,
        rate=10_000,
        max_failed=FailureBudget(share=1.0),
        connections=config.connections,
        deadline=None if conditions.seconds is None else clock.monotonic() + conditions.seconds,
        hand_over=conditions.hand_over,
        chance=random.Random(1),
    )


def land(
    source: Source,
    settings: Mapping[str, Any],
    transport: Transport | None = None,
    conditions: Conditions | None = None,
) -> Trial:
    """Runs `source` once over `transport` (its own network where none is given), into memory."""
    conditions = conditions or Conditions()
    lake = conditions.lake or MemoryLake()
    revealed: list[str] = []
    recording = RecordingTransport(transport or network())
    job = job_for(source, settings, lake, recording, conditions=conditions, on_reveal=revealed.append)
    return Trial(run(job), lake, tuple(recording.exchanges), tuple(dict.fromkeys(revealed)))


def network() -> Transport:
    """The real one."""
    return open_transport(64, engine=Engine.DEFAULT)
