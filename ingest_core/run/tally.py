"""Sums parts into the totals of a run, and keeps what a person should be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ingest_core.api import Traffic
from ingest_core.model import Counts
from ingest_core.run.summary import EXAMPLES, Summary
from ingest_core.state import Manifest, Round


class Tally:
    """Totals, checkpoints and examples of trouble. Used by the thread that runs the rounds alone."""

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}
        self._checkpoints: dict[str, dict[str, Any]] = {}
        self.truncated: list[tuple[str, str]] = []
        self.notes: list[tuple[str, str]] = []
        self.parts: list[str] = []
        self.traffic = Traffic()

    def add(self, place: str, summary: Summary) -> None:
        """Counts one part; `place` orders its checkpoints among the others."""
        self.parts.append(summary.slice)
        self.truncated.extend(summary.truncated)
        self.notes.extend(summary.notes)
        if summary.checkpoints:
            self._checkpoints[place] = summary.checkpoints
        self._totals.update(summary.totals)
        for kind, told in summary.examples.items():
            examples = self._examples.setdefault(kind, [])
            examples.extend(told[: EXAMPLES - len(examples)])

    def add_round(self, round: Round) -> None:
        """Counts what became of the refs of a round that made no slice, and keeps what its plan told."""
        self.notes.extend(round.notes)
        self.count(round.totals)

    def count(self, totals: Mapping[str, int]) -> None:
        """Adds to the totals."""
        self._totals.update(totals)

    def restore(self, committed: Manifest) -> None:
        """Takes over the account of a run that is committed, in place of what was counted here."""
        self._totals = Counter({name: committed.totals.get(name, 0) for name in _KEPT})
        self.truncated, self.notes = list(committed.truncated), list(committed.notes)
        self.parts = []

    def examples(self, kind: str) -> list[str]:
        """The first few sentences about "conflict", "rejected" or "unaccounted"."""
        return self._examples.get(kind, [])

    def checkpoint(self, before: dict[str, Any]) -> dict[str, Any]:
        """`before`, with what the parts say on top, in plan order."""
        merged = dict(before)
        for _, checkpoints in sorted(self._checkpoints.items()):
            merged.update(checkpoints)
        return merged

    def totals(self) -> dict[str, int]:
        """What the manifest keeps."""
        return {name: self._totals[name] for name in _KEPT}

    def counts(self) -> Counts:
        """What the report says."""
        return Counts(
            **self.totals(),
            requests=self.traffic.requests,
            retries=self.traffic.retries,
            throttled=self.traffic.throttled,
        )


_KEPT = (
    *("records", "written", "bytes", "missing", "rejected", "repeated", "duplicates", "skipped"),
    *("conflicts", "unaccounted", "slices"),
)
