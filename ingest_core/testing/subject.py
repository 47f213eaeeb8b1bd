"""The source under test, with what it needs to be tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ingest_core.api import Transport
from ingest_core.model import Slice, Source
from ingest_core.recording import Recording, ReplayTransport
from ingest_core.run import plan
from ingest_core.testing.lake import MemoryLake
from ingest_core.testing.transport import CannedTransport, Fault, FaultyTransport
from ingest_core.testing.trial import Conditions, Trial, job_for, land, network

Answers = Mapping[str, tuple[int, bytes]] | Recording


@dataclass(frozen=True)
class Subject:
    """A source, the settings to try it with, and its API: a table of answers, a recording, or a simulator's network.

    `kept` remembers which checks it passed, for those that rest on them.
    """

    source: Source
    settings: Mapping[str, Any]
    answers: Answers | None = None
    kept: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)

    @property
    def has_network(self) -> bool:
        return self.source.connect is not None

    def api(self) -> Transport:
        """Its API."""
        if isinstance(self.answers, Recording):
            return ReplayTransport(self.answers)
        return network() if self.answers is None else CannedTransport(self.answers)

    def land(self, transport: Transport | None = None, conditions: Conditions | None = None) -> Trial:
        """One run."""
        return land(self.source, self.settings, transport or self.api(), self._under(conditions))

    def land_with(self, fault: Fault) -> tuple[Trial, int]:
        """One run with faults, and how many there were."""
        faulty = FaultyTransport(self.api(), fault)
        return self.land(faulty), faulty.faults

    def plan(self) -> tuple[Slice, ...]:
        """Round 0."""
        return plan(job_for(self.source, self.settings, MemoryLake(), self.api(), conditions=self._under(None)))

    def _under(self, conditions: Conditions | None) -> Conditions:
        """`conditions`, on the day of the recording where there is one."""
        given = conditions or Conditions()
        if isinstance(self.answers, Recording):
            return replace(given, date=self.answers.date, is_replayed=True)
        return given

    @cached_property
    def trial(self) -> Trial:
        """One run in which nothing goes wrong, made once."""
        return self.land()
