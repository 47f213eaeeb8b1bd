"""Landing one slice: fetch → check → put → part."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from ingest_core.errors import PluginError, TransientError
from ingest_core.guard import calling
from ingest_core.keys import id_text
from ingest_core.model import Checkpoint, Missing, Record, Ref, Rejected, Slice, Truncated
from ingest_core.run.allowance import Allowance
from ingest_core.run.job import Job
from ingest_core.run.machinery import Machinery
from ingest_core.run.rounds import Index
from ingest_core.sink import Sink, as_rejected, bad_id, provenance, reason_to_reject
from ingest_core.state import FORMAT, Absent, Landed, Part, Quarantined, RunStore

PUTS_WAITING = 64
MOST_REPEATED = 10_000


@dataclass
class _Draft:
    """A part that is being filled."""

    records: list[Landed] = field(default_factory=list)
    missing: list[Absent] = field(default_factory=list)
    rejected: list[Absent] = field(default_factory=list)
    refs: list[tuple[str, str]] = field(default_factory=list)
    checkpoints: dict[str, Any] = field(default_factory=dict)
    truncated: list[tuple[str, str]] = field(default_factory=list)
    answered: set[tuple[str, str]] = field(default_factory=set)
    barren: int = 0
    bytes: int = 0


class SliceLander:
    """Lands slices of one run. Its threads do no I/O of their own: requests and puts have pools."""

    def __init__(
        self, job: Job, machinery: Machinery, *, sink: Sink, store: RunStore, index: Index, allowance: Allowance
    ) -> None:
        self._source = job.source
        self._clock = job.clock
        self._progress = job.progress
        self._hand_over = job.hand_over
        self._context = machinery.context
        self._puts = machinery.puts
        self._backpressure = machinery.backpressure
        self._deadline = machinery.deadline
        self._stop = machinery.stop
        self._sink = sink
        self._store = store
        self._index = index
        self._allowance = allowance

    def land(self, slice: Slice) -> Part:
        """The slice's part, written. Raises where it stays open: nothing of it then counts."""
        began = self._clock.monotonic()
        try:
            part = self._land(slice)
        except BaseException as error:
            self._index.release(slice.name)
            _let_go(error)
            raise
        self._deadline.learn(self._clock.monotonic() - began)
        return part

    def _land(self, slice: Slice) -> Part:
        draft = _Draft()
        began = self._clock.monotonic()
        landing: deque[Future[Landed]] = deque()
        rest, seen = self._fetch(slice, draft, landing, slice), {slice.name}
        while len(rest) == 1 and not self._is_time_to_hand_over(draft, landing, began):
            following = rest[0]
            if following.name in seen:
                raise self._breach(slice, f"handed over to {following.name!r} twice: its paging does not advance")
            seen.add(following.name)
            rest = self._fetch(following, draft, landing, slice)
        while landing:
            draft.records.append(landing.popleft().result())
        part = Part(
            format=FORMAT,
            slice=slice.name,
            records=tuple(draft.records),
            missing=tuple(draft.missing),
            rejected=tuple(draft.rejected),
            # A limit leaves ids out on purpose; a limited run is never committed anyway.
            unaccounted=() if self._allowance.is_spent() else _unaccounted(slice, draft, rest),
            refs=tuple(draft.refs),
            checkpoints=draft.checkpoints,
            truncated=tuple(draft.truncated),
            next=tuple(rest),
        )
        return self._puts.submit(self._store.write_part, part).result()

    def _fetch(self, slice: Slice, draft: _Draft, landing: deque[Future[Landed]], owner: Slice) -> list[Slice]:
        """Takes everything that `fetch` yields for `slice` into the part of `owner`; returns its rest."""
        rest: list[Slice] = []
        for item in self._items(slice):
            if self._allowance.is_spent():
                return []
            if self._stop.is_set():
                raise TransientError("the run is stopping")
            if isinstance(item, Slice):
                rest.append(item)
            elif rest:
                raise self._breach(slice, "yielded something after a Slice: slices come last, they are the rest")
            elif isinstance(item, Record):
                self._take_record(item, draft, landing, owner)
            elif isinstance(item, Missing):
                id = self._answered(item.stream, item.id, draft)
                draft.missing.append(Absent(item.stream, id, _written(item.reason)))
            elif isinstance(item, Rejected):
                self._reject(item, draft, owner)
            elif isinstance(item, Ref):
                self._take_ref(item, draft, owner)
            elif isinstance(item, Checkpoint):
                draft.checkpoints[item.name] = item.value
            elif isinstance(item, Truncated):
                draft.truncated.append((item.name, item.reason))
            else:
                raise self._breach(slice, f"yielded a {type(item).__name__}, which is none of the contract's values")
        return rest

    def _items(self, slice: Slice) -> Iterator[object]:
        with calling(self._source.name, f", slice {slice.name}:"):
            yield from self._source.fetch(self._context, slice)

    def _take_record(self, record: Record, draft: _Draft, landing: deque[Future[Landed]], owner: Slice) -> None:
        reason = reason_to_reject(record)
        if reason is not None:
            self._reject(as_rejected(record, reason), draft, owner)
            return
        self._require_known_stream(record.stream, owner)
        id = self._answered(record.stream, record.id, draft)
        if not self._index.claim(record.stream, id, owner.name):
            draft.records.append(Landed(record.stream, id, "", "", len(record.body), "repeated"))
            draft.barren += 1
            if draft.barren > MOST_REPEATED:
                raise self._breach(
                    owner, f"{MOST_REPEATED:,} records in a row that this run has already: paging in circles"
                )
            return
        draft.barren = 0
        if not self._allowance.take():
            return
        draft.bytes += len(record.body)
        self._backpressure.wait_to_land()
        self._backpressure.count(landing=len(record.body))
        landing.append(self._puts.submit(self._put, record, owner.name))
        if len(landing) >= PUTS_WAITING:
            draft.records.append(landing.popleft().result())

    def _take_ref(self, ref: Ref, draft: _Draft, owner: Slice) -> None:
        id = id_text(ref.id)
        if id is None:
            self._reject(Rejected(ref.stream, ref.id, bad_id(ref.id)), draft, owner)
        else:
            draft.refs.append((ref.stream, id))

    def _put(self, record: Record, slice_name: str) -> Landed:
        try:
            landed = self._sink.land(record, slice_name)
            self._progress.land()
            return landed
        finally:
            self._backpressure.count(landing=-len(record.body))

    def _reject(self, rejected: Rejected, draft: _Draft, owner: Slice) -> None:
        id = self._answered(rejected.stream, rejected.id, draft)
        try:
            body: dict[str, Any] = {"text": rejected.body.decode()}
        except UnicodeDecodeError:
            body = {"base64": rejected.body}
        file = Quarantined(
            FORMAT,
            rejected.stream,
            id,
            _written(rejected.reason),
            owner.name,
            origin=provenance(rejected.origin),
            **body,
        )
        key = self._puts.submit(self._store.write_quarantined, len(draft.rejected), file).result()
        draft.rejected.append(Absent(rejected.stream, id, _written(rejected.reason), key))

    def _answered(self, stream: str, id: object, draft: _Draft) -> str:
        text = id_text(id) or ""
        draft.answered.add((stream, text))
        return text

    def _require_known_stream(self, stream: str, slice: Slice) -> None:
        known = self._source.streams
        if known and stream not in known:
            raise self._breach(slice, f"landed a record of stream {stream!r}; its streams are {', '.join(known)}")
        first = self._index.first_stream(stream)
        if not known and first != stream:
            raise self._breach(
                slice,
                f"landed records of streams {first!r} and {stream!r}, whose ids could meet: "
                f"declare Source(streams=({first!r}, {stream!r}))",
            )

    def _is_time_to_hand_over(self, draft: _Draft, landing: deque[Future[Landed]], began: float) -> bool:
        left = self._allowance.left
        return (
            len(draft.records) + len(landing) + len(draft.refs) >= self._hand_over.records
            or (left is not None and len(draft.refs) >= left)
            or draft.bytes >= self._hand_over.bytes
            or self._clock.monotonic() - began >= self._hand_over.seconds
            or self._deadline.is_near()
        )

    def _breach(self, slice: Slice, what: str) -> PluginError:
        return PluginError(f"source {self._source.name}, slice {slice.name}: {what}")


def _unaccounted(slice: Slice, draft: _Draft, rest: Sequence[Slice]) -> tuple[str, ...]:
    """The pinned ids that nothing was said about, and that no rest of the slice carries on."""
    carried = {id for following in rest for id in following.ids}
    return tuple(id for id in slice.ids if (slice.stream, id) not in draft.answered and id not in carried)


def _written(reason: str) -> str:
    """`reason` as UTF-8 can say it."""
    return reason.encode("utf-8", "replace").decode()


def _let_go(error: BaseException) -> None:
    """Ends the generators that a failed slice's frames keep alive, and with them the requests they wait for."""
    cleared: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in cleared:  # `raise error from error` is its own cause
        traceback.clear_frames(cause.__traceback__)
        cleared.append(cause)
        cause = cause.__cause__ or cause.__context__
