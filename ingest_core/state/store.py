"""Reading and writing the files of one generation of a run."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from ingest_core.codes import Code
from ingest_core.errors import LakeError, LockedError, PluginError
from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.model import Slice
from ingest_core.state.files import FORMAT, Intent, Manifest, Part, PlanSegment, Quarantined, decode, encode
from ingest_core.state.inventory import Inventory, intents_of, listed

SLICES_IN_A_SEGMENT = 100  # of a hundred ids each: 1.5 MB in hand while a segment is made, 15 with ten times as many
UNPINNED_IN_A_SEGMENT = 10  # where its requests are counted


def _unfenced() -> None:
    """For readers, and for whoever is alone."""


def _knows_none(body: bytes) -> bool:
    """For whoever knows no secret."""
    return False


class Told(Struct):
    """What a plan says beside its slices. It may grow while they are written, and is looked at when they are at an end.

    `notes` are (name, sentence); `totals` count the refs that made no slice, by the names that `Counts` has.
    """

    checkpoints: dict[str, Any] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    totals: Counter[str] = field(default_factory=Counter)


class Round(Struct, frozen=True):
    """One round of the plan as it lies in the lake.

    `ids` counts its pinned ids, None where a slice has none; `settings` is the fingerprint of what it was planned for;
    `only` is its segment where it has one alone.
    """

    number: int
    segments: int
    slices: int
    ids: int | None
    before: Mapping[str, Any]
    checkpoints: Mapping[str, Any]
    settings: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    totals: Mapping[str, int] = field(default_factory=dict)
    only: PlanSegment | None = None


class RunStore:
    """Plan, intents, parts, quarantine and manifest. Data first, bookkeeping second, checkpoint last.

    `fence` is asked before each write that others rely on; it raises LockedError where the claim is lost.
    `holds_secret` is asked about each file: a source that puts a key into params or a checkpoint is stopped.
    `worker` tells apart those who land under one claim; empty for the one who has it.
    """

    def __init__(
        self,
        lake: Lake,
        keys: ControlKeys,
        epoch: int = 1,
        fence: Callable[[], None] = _unfenced,
        holds_secret: Callable[[bytes], bool] = _knows_none,
        worker: str = "",
    ) -> None:
        self._lake = lake
        self._holds_secret = holds_secret
        self.keys = keys
        self._epoch = epoch
        self._fence = fence
        self._worker = worker

    def inventory(self) -> Inventory:
        """What is there, by one listing."""
        return listed(self._lake, self.keys)

    def inventory_of(self, slice_name: str) -> Inventory:
        """What is there of one slice."""
        part = self._lake.get(self.keys.part(slice_name))
        if part is not None:
            return Inventory((slice_name,))
        return intents_of(self._lake, self.keys, slice_name)

    def write_round(
        self,
        number: int,
        slices: Iterable[Slice],
        told: Told,
        before: Mapping[str, Any],
        settings: str = "",
        requests: int | None = None,
    ) -> Round:
        """Writes a round in segments as its slices come (one, empty, for a round without slices).

        A segment has two hundred slices, or fewer where they need more than so many `requests`.
        """
        segment, count, ids, waiting = 0, 0, 0, list[Slice]()
        weight = 0
        every_slice_is_pinned = True

        def write(last: bool) -> PlanSegment:
            began = dict(before) if segment == 0 else {}
            plan = PlanSegment(FORMAT, number, segment, self._epoch, last, tuple(waiting), settings, began)
            if last:
                plan = msgspec.structs.replace(
                    plan,
                    checkpoints=dict(told.checkpoints),
                    notes=tuple(told.notes),
                    totals={name: count for name, count in told.totals.items() if count},
                )
            return self._write_segment(plan)

        for slice in slices:
            needed = 0 if requests is None else weight_of(slice, requests)
            if len(waiting) == SLICES_IN_A_SEGMENT or (waiting and requests is not None and weight + needed > requests):
                write(last=False)
                segment, waiting, weight = segment + 1, [], 0
            waiting.append(slice)
            weight += needed
            count, ids = count + 1, ids + len(slice.ids)
            every_slice_is_pinned = every_slice_is_pinned and bool(slice.ids)
        written = write(last=True)
        return Round(
            number=number,
            segments=segment + 1,
            slices=count,
            ids=ids if every_slice_is_pinned else None,
            before=before,
            checkpoints=written.checkpoints,
            settings=settings,
            notes=written.notes,
            totals=written.totals,
            only=written if segment == 0 else None,
        )

    def _write_segment(self, plan: PlanSegment) -> PlanSegment:
        """Writes it over what an earlier claim left half done, never over a later one's; returns it as it is read."""
        key, body = self.keys.plan(plan.round, plan.segment), self._encoded(plan)

        def require_earlier(there: bytes) -> None:
            if decode(there, PlanSegment, key).epoch >= self._epoch:
                raise _taken_over(key)

        self._put_over(key, body, require_earlier)
        return decode(body, PlanSegment, key)

    def read_round(self, number: int) -> Round | None:
        """A round that was written to its end, by one claim; None where it was not."""
        slices, ids, pinned, first = 0, 0, True, None
        for segment in self._segments(number):
            first = first or segment
            if segment.epoch != first.epoch:
                return None
            slices += len(segment.slices)
            ids += sum(len(slice.ids) for slice in segment.slices)
            pinned = pinned and all(slice.ids for slice in segment.slices)
            if segment.last:
                return Round(
                    number=number,
                    segments=segment.segment + 1,
                    slices=slices,
                    ids=ids if pinned else None,
                    before=first.before,
                    checkpoints=segment.checkpoints,
                    settings=first.settings,
                    notes=segment.notes,
                    totals=segment.totals,
                    only=segment if segment is first else None,
                )
        return None

    def read_segment(self, round: int, segment: int) -> PlanSegment | None:
        """One segment of a round; None where it was not written."""
        key = self.keys.plan(round, segment)
        stored = self._lake.get(key)
        return None if stored is None else decode(stored.body, PlanSegment, key)

    def segments_of(self, round: Round) -> Iterator[PlanSegment]:
        """The segments of a round, read as they are taken."""
        for segment in (round.only,) if round.only is not None else self._segments(round.number):
            yield segment
            if segment.last:
                return

    def slices_of(self, round: Round) -> Iterator[Slice]:
        """The slices of a round in plan order, read a segment at a time."""
        for segment in self.segments_of(round):
            yield from segment.slices

    def _segments(self, number: int) -> Iterator[PlanSegment]:
        numbers = itertools.count()
        while (segment := self.read_segment(number, next(numbers))) is not None:
            yield segment

    def write_intent(self, number: int, intent: Intent) -> None:
        """Writes what a slice is about to put; it is safe when this returns."""
        key, body = self.keys.intent(intent.slice, intent.epoch, number, self._worker), self._encoded(intent)
        self._fence()
        if self._put_once(key, body) != body:
            raise _taken_over(key)
        self._lake.settle()

    def read_intent(self, key: str) -> Intent | None:
        """The intent under that key, as `inventory` names it; None where it is gone meanwhile."""
        stored = self._lake.get(key)
        return None if stored is None else decode(stored.body, Intent, key)

    def write_part(self, part: Part) -> Part:
        """Writes a part, once everything that it names is safe; returns the part that is there.

        That is another one where this slice was closed by somebody else meanwhile: the first part of a slice stands.
        """
        key, body = self.keys.part(part.slice), self._encoded(part)
        self._fence()
        self._lake.settle()
        return decode(self._put_once(key, body), Part, key)

    def read_part(self, slice_name: str) -> Part | None:
        """The part of a slice; None where it is open."""
        stored = self._lake.get(self.keys.part(slice_name))
        return None if stored is None else decode(stored.body, Part, self.keys.part(slice_name))

    def write_quarantined(self, number: int, rejected: Quarantined) -> str:
        """Writes what was rejected; returns its key."""
        key = self.keys.quarantine(rejected.slice, self._epoch, number, self._worker)
        self._put_over(key, self._encoded(rejected), lambda there: None)
        return key

    def write_manifest(self, manifest: Manifest, supplement: int = 0) -> Manifest:
        """Commits the run; returns the manifest that is there: the first one that was written stands."""
        self._lake.settle()
        key = self.keys.manifest(supplement)
        self._fence()
        there = self._put_once(key, self._encoded(manifest))
        self._lake.settle()
        return decode(there, Manifest, key)

    def write_map(self, round: int, items: bytes) -> str:
        """Writes what a round has for workers; returns its key."""
        key = self.keys.map(round)
        self._put_over(key, items, lambda there: None)
        return key

    def remove(self, key: str) -> None:
        """Removes an object that came late, which no part names or will name."""
        self._fence()
        self._lake.delete(key)

    def _encoded(self, file: PlanSegment | Intent | Part | Quarantined | Manifest) -> bytes:
        """The file as it is written. Raises PluginError where it holds a secret."""
        body = encode(file)
        if self._holds_secret(body):
            raise PluginError(
                f"a {type(file).__name__.lower()} of {self.keys.run} would hold a secret",
                Code.SOURCE_SECRET,
                hint="keep a page's number or cursor in params and checkpoints, not a URL that the API signed",
            )
        return body

    def _put_over(self, key: str, body: bytes, require_ours: Callable[[bytes], None]) -> None:
        """Writes `body`, over what is there unless `require_ours` raises.

        On a condition as everything: a bucket's policy may refuse whatever is written without one.
        """
        self._fence()
        while not self._lake.put_if_absent(key, body, {}):
            stored = self._lake.get(key)
            if stored is None:
                raise _haunted(key)
            if stored.body == body:
                return
            require_ours(stored.body)
            self._fence()
            if self._lake.swap(key, body, stored, {}):
                return

    def _put_once(self, key: str, body: bytes) -> bytes:
        """Writes `body` unless the key exists; returns what is there."""
        if self._lake.put_if_absent(key, body, {}):
            return body
        stored = self._lake.get(key)
        if stored is None:
            raise _haunted(key)
        return stored.body

    def read_manifest(self, supplement: int = 0) -> Manifest | None:
        """This generation's manifest, None where it is not committed."""
        key = self.keys.manifest(supplement)
        stored = self._lake.get(key)
        return None if stored is None else decode(stored.body, Manifest, key)


def weight_of(slice: Slice, requests: int) -> int:
    """What a slice takes of a segment of so many requests. One that follows pages may lead to any number of them."""
    return max(1, slice.requests) if slice.ids else max(slice.requests, requests // UNPINNED_IN_A_SEGMENT, 1)


def _haunted(key: str) -> LakeError:
    return LakeError(f"{key}: refused as existing, then not found", Code.LAKE_RACE, hint="run again")


def _taken_over(key: str) -> LockedError:
    return LockedError(f"{key} was written by another run, which has taken this date over", Code.LOCKED)
