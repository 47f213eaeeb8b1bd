"""Sums parts into the totals of a run, and keeps what a person should be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ingest_core.api import Traffic
from ingest_core.model import Counts
from ingest_core.state import Part

EXAMPLES = 5


class Tally:
    """Totals, checkpoints and examples of trouble. Used by the thread that runs the rounds alone."""

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}
        self._checkpoints: dict[str, dict[str, Any]] = {}
        self.truncated: list[tuple[str, str]] = []
        self.parts: list[str] = []
        self.traffic = Traffic()

    def add(self, place: str, part: Part) -> None:
        """Counts one part; `place` orders its checkpoints among the others."""
        self.parts.append(part.slice)
        self.truncated.extend(part.truncated)
        if part.checkpoints:
            self._checkpoints[place] = part.checkpoints
        self._totals["slices"] += 1
        for landed in part.records:
            if landed.is_there:
                self._totals["records"] += 1
                self._totals["bytes"] += landed.bytes
                self._totals["written"] += landed.outcome == "written"
            elif landed.outcome == "repeated":
                self._totals["repeated"] += 1
            else:
                self._totals["conflicts"] += 1
                self._show("conflict", f"{landed.key} holds another document, which was kept")
        self._totals["missing"] += len(part.missing)
        self._totals["rejected"] += len(part.rejected)
        self._totals["unaccounted"] += len(part.unaccounted)
        for absent in part.rejected:
            self._show("rejected", f"{absent.stream} {absent.id or '(no id)'}: {absent.reason}")
        for id in part.unaccounted:
            self._show("unaccounted", f"{part.slice}: the source said nothing about id {id}")

    def restore(self, totals: Mapping[str, int], truncated: Iterable[tuple[str, str]]) -> None:
        """Takes over the totals of a run that was committed before."""
        self._totals.update({name: totals.get(name, 0) for name in _KEPT})
        self.truncated.extend(truncated)

    def _show(self, kind: str, sentence: str) -> None:
        examples = self._examples.setdefault(kind, [])
        if len(examples) < EXAMPLES:
            examples.append(sentence)

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


_KEPT = ("records", "written", "bytes", "missing", "rejected", "repeated", "conflicts", "unaccounted", "slices")
