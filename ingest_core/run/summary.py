"""What a run needs of a part once it is written: everything but its records."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from ingest_core.model import Slice
from ingest_core.state import Part

EXAMPLES = 5


class Summary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part, summed up.

    `totals` are by the names that `Counts` has; `examples` are the first few sentences about "conflict", "rejected"
    and "unaccounted". `brought_nothing` where it brought no record that was not there already, and nothing else;
    `is_empty` where there was not even such a record.
    """

    slice: str
    totals: dict[str, int]
    examples: dict[str, tuple[str, ...]] = {}
    refs: tuple[tuple[str, str], ...] = ()
    checkpoints: dict[str, Any] = {}
    truncated: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    next: tuple[Slice, ...] = ()
    brought_nothing: bool = False
    is_empty: bool = False

    @classmethod
    def of(cls, part: Part) -> Summary:
        """Sums up `part`."""
        totals: Counter[str] = Counter(slices=1)
        conflicts = []
        for landed in part.records:
            if landed.is_there:
                totals["records"] += 1
                totals["bytes"] += landed.bytes
                totals["written"] += landed.outcome == "written"
            elif landed.outcome == "repeated":
                totals["repeated"] += 1
            else:
                totals["conflicts"] += 1
                conflicts.append(f"{landed.key} holds another document, which was kept")
        totals["missing"] = len(part.missing)
        totals["rejected"] = len(part.rejected) - len(part.recovered)
        totals["unaccounted"] = len(part.unaccounted)
        totals["skipped"] = part.skipped
        others = part.refs or part.missing or part.rejected or part.skipped
        examples = {
            "conflict": conflicts,
            "rejected": [f"{absent.stream} {absent.id or '(no id)'}: {absent.reason}" for absent in part.rejected],
            "unaccounted": [f"{part.slice}: the source said nothing about id {id}" for id in part.unaccounted],
        }
        return cls(
            slice=part.slice,
            totals=dict(totals),
            examples={kind: tuple(told[:EXAMPLES]) for kind, told in examples.items() if told},
            refs=part.refs,
            checkpoints=part.checkpoints,
            truncated=part.truncated,
            notes=part.notes,
            next=part.next,
            brought_nothing=totals["repeated"] == len(part.records) and not others,
            is_empty=not part.records and not others,
        )
