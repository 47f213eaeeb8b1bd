"""One run of a source for a test: into memory, with everything it said and did at hand."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ingest_core.api import RequestsTransport, Transport, new_session
from ingest_core.clock import Clock, SystemClock
from ingest_core.config import SecretResolver, build_config
from ingest_core.config.document import Document
from ingest_core.lake import Lake, S3Options, open_file
from ingest_core.model import Report, Source
from ingest_core.run import Job, run
from ingest_core.testing.lake import MemoryLake
from ingest_core.testing.transport import Exchange, RecordingTransport

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


def job_for(
    source: Source,
    settings: Mapping[str, Any],
    lake: Lake,
    transport: Transport | None = None,
    *,
    date: dt.date = DATE,
    clock: Clock | None = None,
    on_reveal: Any = None,
) -> Job:
    """A run of `source` under `settings`, checked by its schema as a config's are. Raises ConfigError."""
    clock = clock or SystemClock()
    resolver = SecretResolver(os.environ, clock, on_reveal or (lambda _: None))
    value: dict[str, Any] = {"source": source.name, "lake": "memory", "settings": dict(settings)}
    if source.label is None:
        value["label"] = LABEL
    config = build_config(Document("settings", value, {}, {}), source.name, source, resolver.resolve)
    own = transport or RequestsTransport(new_session(config.connections))
    return Job(
        config=config.name,
        source=source,
        label=config.label,
        settings=config.settings,
        date=date,
        lake=lake,
        transport=lambda: own,
        open_file=partial(open_file, options=S3Options()),
        clock=clock,
        rate=10_000,
        connections=config.connections,
        chance=random.Random(1),
    )


def land(
    source: Source, settings: Mapping[str, Any], transport: Transport | None = None, lake: MemoryLake | None = None
) -> Trial:
    """Runs `source` once, unpaced, over `transport` (its own network where none is given), into memory."""
    lake = lake or MemoryLake()
    revealed: list[str] = []
    recording = RecordingTransport(transport or RequestsTransport(new_session(64)))
    report = run(job_for(source, settings, lake, recording, on_reveal=revealed.append))
    return Trial(report, lake, tuple(recording.exchanges), tuple(revealed))
