"""A part that is being filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from ingest_core.model import Record, Slice
from ingest_core.state import FORMAT, Absent, BatchFile, Landed, Part


class Draft(Struct):
    """What one slice has brought so far, its landed records excepted.

    repeated  records that the run had already
    pending   records that another slice has named and not landed yet
    skipped   refs that were dropped by what earlier runs landed
    resolved  pinned (stream, id) that a ref answers for
    answered  (stream, id) of everything that was said something about
    kept      how many records an earlier attempt at the slice has landed
    barren    how many records in a row the run had already
    """

    slice: Slice
    missing: list[Absent] = field(default_factory=list)
    rejected: list[Absent] = field(default_factory=list)
    repeated: list[Landed] = field(default_factory=list)
    pending: list[tuple[Record, str]] = field(default_factory=list)
    refs: list[tuple[str, str]] = field(default_factory=list)
    checkpoints: dict[str, Any] = field(default_factory=dict)
    truncated: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    resolved: list[tuple[str, str]] = field(default_factory=list)
    skipped: int = 0
    answered: set[tuple[str, str]] = field(default_factory=set)
    kept: int = 0
    barren: int = 0
    bytes: int = 0

    def repeat(self, record: Record, id: str) -> None:
        """The run has this record already, or this slice has named it before."""
        self.repeated.append(Landed(record.stream, id, "", "", len(record.body), "repeated"))
        self.barren += 1

    def unaccounted(self, rest: Sequence[Slice]) -> tuple[str, ...]:
        """The pinned ids that nothing was said about, and that no rest of the slice carries on."""
        carried = {id for following in rest for id in following.ids}
        said = self.answered
        return tuple(id for id in self.slice.ids if (self.slice.stream, id) not in said and id not in carried)

    def part(
        self, landed: Sequence[Landed], files: Sequence[BatchFile], rest: Sequence[Slice], *, is_cut_short: bool
    ) -> Part:
        """The part of this slice. `is_cut_short`: a limit left ids out on purpose."""
        return Part(
            format=FORMAT,
            slice=self.slice.name,
            records=(*landed, *self.repeated),
            missing=tuple(self.missing),
            rejected=tuple(self.rejected),
            unaccounted=() if is_cut_short else self.unaccounted(rest),
            refs=tuple(self.refs),
            checkpoints=self.checkpoints,
            truncated=tuple(self.truncated),
            notes=tuple(self.notes),
            resolved=tuple(self.resolved),
            skipped=self.skipped,
            next=tuple(rest),
            files=tuple(files),
        )
