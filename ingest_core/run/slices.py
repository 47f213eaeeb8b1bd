"""Landing one slice: fetch → check → land → part."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ingest_core.codes import Code
from ingest_core.errors import LeftError, PluginError, TransientError
from ingest_core.guard import calling
from ingest_core.keys import id_text
from ingest_core.model import Checkpoint, Missing, Note, Record, Ref, Rejected, Slice, Truncated
from ingest_core.run.allowance import Allowance
from ingest_core.run.batch_landing import BatchLanding
from ingest_core.run.draft import Draft
from ingest_core.run.index import Claimed
from ingest_core.run.job import Job
from ingest_core.run.landing import Dock, Kept, Landing
from ingest_core.run.machinery import Machinery
from ingest_core.run.record_landing import RecordLanding
from ingest_core.run.summary import Summary
from ingest_core.sink import as_rejected, bad_id, provenance, reason_to_reject
from ingest_core.state import FORMAT, Absent, Part, Quarantined

MOST_REPEATED = 10_000


class SliceLander:
    """Lands slices of one run. Its threads do no I/O of their own: requests and puts have pools.

    `kept` says what earlier attempts at a slice left in the lake; `is_unwanted` which refs are dropped; `revise` has
    the last word on a part.
    """

    def __init__(
        self,
        job: Job,
        machinery: Machinery,
        *,
        dock: Dock,
        allowance: Allowance,
        kept: Callable[[str], Kept],
        is_unwanted: Callable[[Ref, str], bool],
        revise: Callable[[Part], Part] = lambda part: part,
    ) -> None:
        self._source = job.source
        self._clock = job.clock
        self._batch = job.batch
        self._hand_over = job.hand_over
        self._redactor = job.redactor
        self._context = machinery.context
        self._deadline = machinery.deadline
        self._stop = machinery.stop
        self._dock = dock
        self._index = dock.index
        self._allowance = allowance
        self._kept = kept
        self._is_unwanted = is_unwanted
        self._revise = revise

    def land(self, slice: Slice) -> Summary:
        """The slice's part, written, or as an earlier attempt wrote it. Raises where the slice stays open."""
        closed = self._index.closed(slice.name)
        if closed is not None:
            return closed
        began = self._clock.monotonic()
        kept = self._kept(slice.name)
        landing = self._landing(slice, kept)
        try:
            summary = self._close(self._revise(self._fill(_Filling(slice, landing, kept))))
        except BaseException as error:
            landing.let_go()
            self._index.release(slice.name)
            self._dock.backpressure.wake()  # whoever waits for these ids may have them now
            _let_go(error)
            raise
        self._deadline.learn(self._clock.monotonic() - began)
        return summary

    def _landing(self, slice: Slice, kept: Kept) -> Landing:
        if self._batch is None:
            return RecordLanding(self._dock, slice.name, kept)
        return BatchLanding(self._dock, slice.name, kept, self._batch)

    def _close(self, part: Part) -> Summary:
        there = self._dock.puts.submit(self._dock.store.write_part, part).result()
        if there.records != part.records:
            # Another claim closed this slice meanwhile. Its part stands; what is ours alone is found at the commit.
            self._index.release(part.slice, all=True)
            self._index.note_there((landed for landed in there.records if landed.outcome != "repeated"), part.slice)
        self._index.note_objects(file.key for file in there.files)
        self._index.release(part.slice)  # what a limit kept from landing is nobody's
        self._dock.backpressure.wake()
        return Summary.of(there)

    def _fill(self, filling: _Filling) -> Part:
        slice, draft, landing = filling.slice, filling.draft, filling.landing
        began = self._clock.monotonic()
        rest, seen = self._fetch(slice, filling), {slice.name}
        while len(rest) == 1 and not self._is_time_to_hand_over(draft, landing, began):
            following = rest[0]
            if following.name in seen:
                raise self._breach(slice, f"handed over to {following.name!r} twice: its paging does not advance")
            seen.add(following.name)
            rest = self._fetch(following, filling)
        landing.finish()
        self._settle_pending(filling)
        if self._dock.is_shared:
            # What was there already says of nobody that it found it first.
            for landed in landing.landed:
                if landed.outcome in {"present", "conflict"}:
                    filling.require_pinned(landed.stream, landed.id)
        return draft.part(landing.landed, landing.files, rest, is_cut_short=self._allowance.is_spent())

    def _settle_pending(self, filling: _Filling) -> None:
        """Waits until the slices that named our ids first have landed them; takes those that failed to.

        Everything of our own has landed by now, so two slices never wait for each other.
        """
        for record, id in filling.draft.pending:
            while True:
                self._dock.backpressure.wait_for(partial(self._is_settled, record.stream, id))
                if self._stop.is_set():
                    raise TransientError("the run is stopping", Code.STOPPING)
                claimed = self._index.claim(record.stream, id, filling.slice.name)
                if claimed is Claimed.DOUBTFUL and self._dock.is_shared:
                    raise LeftError(f"slice {filling.slice.name}: a slice that was left may have {record.stream} {id}")
                if claimed is Claimed.DOUBTFUL:
                    what = f"a slice that failed may have landed {record.stream} {id}; the next attempt looks"
                    raise TransientError(f"slice {filling.slice.name}: {what}", Code.DOUBTFUL)
                if claimed is Claimed.TAKEN:
                    filling.draft.repeat(record, id)
                elif claimed is Claimed.MINE and self._allowance.take():
                    filling.landing.take(record, id)
                    filling.landing.finish()
                elif claimed is Claimed.MINE:
                    self._index.unclaim(record.stream, id, filling.slice.name)
                if claimed is not Claimed.PENDING:
                    break

    def _is_settled(self, stream: str, id: str) -> bool:
        return self._stop.is_set() or not self._index.is_pending(stream, id)

    def _fetch(self, slice: Slice, filling: _Filling) -> list[Slice]:
        """Takes everything that `fetch` yields for `slice` into the part that is being filled; returns its rest."""
        rest: list[Slice] = []
        for item in self._items(slice):
            if self._allowance.is_spent():
                return []
            if self._stop.is_set():
                raise TransientError("the run is stopping", Code.STOPPING)
            if isinstance(item, Slice):
                rest.append(item)
            elif rest:
                raise self._breach(slice, "yielded something after a Slice: slices come last, they are the rest")
            else:
                self._take(item, filling)
        return rest

    def _take(self, item: object, filling: _Filling) -> None:
        draft = filling.draft
        if isinstance(item, Record):
            self._take_record(item, filling)
        elif isinstance(item, Missing):
            id = filling.answer(item.stream, item.id)
            if not filling.has_kept(item.stream, id):
                draft.missing.append(Absent(item.stream, id, _written(item.reason)))
        elif isinstance(item, Rejected):
            self._reject(item, filling)
        elif isinstance(item, Ref):
            self._take_ref(item, filling)
        elif isinstance(item, Checkpoint):
            draft.checkpoints[item.name] = item.value
        elif isinstance(item, Truncated):
            draft.truncated.append((item.name, item.reason))
        elif isinstance(item, Note):
            draft.notes.append((item.name, item.text))
        else:
            what = f"yielded a {type(item).__name__}, which is none of the contract's values"
            raise self._breach(filling.slice, what)

    def _items(self, slice: Slice) -> Iterator[object]:
        with calling(self._source.name, f", slice {slice.name}:"):
            yield from self._source.fetch(self._context, slice)

    def _take_record(self, record: Record, filling: _Filling) -> None:
        reason = self._reason_to_reject(record) or filling.landing.refuses(record)
        if reason is not None:
            self._reject(as_rejected(record, reason), filling)
            return
        self._require_known_stream(record.stream, filling.slice)
        draft, id = filling.draft, filling.answer(record.stream, record.id)
        if self._dock.is_shared and not self._dock.shows_others:
            filling.require_pinned(record.stream, id)
        if filling.has_kept(record.stream, id):
            # Counted all the same: a resumed slice hands over where an undisturbed one does.
            draft.kept += 1
            draft.bytes += len(record.body)
            return
        claimed = self._index.claim(record.stream, id, filling.slice.name)
        if claimed in {Claimed.PENDING, Claimed.DOUBTFUL}:
            draft.pending.append((record, id))
        elif claimed is Claimed.TAKEN:
            draft.repeat(record, id)
            if draft.barren > MOST_REPEATED:
                raise self._breach(
                    filling.slice, f"{MOST_REPEATED:,} records in a row that this run has already: paging in circles"
                )
        else:
            draft.barren = 0
            if self._allowance.take():
                draft.bytes += len(record.body)
                filling.landing.take(record, id)
            else:
                self._index.unclaim(record.stream, id, filling.slice.name)
                self._dock.backpressure.wake()

    def _reason_to_reject(self, record: Record) -> str | None:
        if self._redactor.is_quoted_in(record.body):
            return "quotes a secret: the API sent the key back that the request was signed with; masked here"
        return reason_to_reject(record)

    def _take_ref(self, ref: Ref, filling: _Filling) -> None:
        draft, id, answered = filling.draft, id_text(ref.id), self._answered_by(ref, filling)
        if id is None:
            self._reject(Rejected(ref.stream, ref.id, bad_id(ref.id)), filling)
        elif self._is_unwanted(ref, id):
            draft.skipped += 1
        else:
            draft.refs.append((ref.stream, id))
            draft.resolved.extend(answered)

    def _answered_by(self, ref: Ref, filling: _Filling) -> list[tuple[str, str]]:
        """The pinned (stream, id) that the ref answers for, in a list; empty where it says of none."""
        if ref.answers is None:
            return []
        stream, id = filling.slice.stream or "", filling.answer(filling.slice.stream or "", ref.answers)
        if id not in filling.slice.ids:
            raise self._breach(filling.slice, f"a ref answers for {ref.answers!r}, which is none of the slice's ids")
        return [(stream, id)]

    def _reject(self, rejected: Rejected, filling: _Filling) -> None:
        id = filling.answer(rejected.stream, rejected.id)
        if filling.has_kept(rejected.stream, id):
            return
        raw = self._redactor.clean_bytes(rejected.body) if self._redactor.is_quoted_in(rejected.body) else rejected.body
        try:
            body: dict[str, Any] = {"text": raw.decode()}
        except UnicodeDecodeError:
            body = {"base64": raw}
        file = Quarantined(
            FORMAT,
            rejected.stream,
            id,
            _written(rejected.reason),
            filling.slice.name,
            origin=provenance(rejected.origin),
            **body,
        )
        number = len(filling.draft.rejected)
        key = self._dock.puts.submit(self._dock.store.write_quarantined, number, file).result()
        filling.draft.rejected.append(Absent(rejected.stream, id, _written(rejected.reason), key))

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

    def _is_time_to_hand_over(self, draft: Draft, landing: Landing, began: float) -> bool:
        left = self._allowance.left
        return (
            landing.count + draft.kept + len(draft.repeated) + len(draft.refs) >= self._hand_over.records
            or (left is not None and len(draft.refs) >= left)
            or draft.bytes >= self._hand_over.bytes
            or self._clock.monotonic() - began >= self._hand_over.seconds
            or self._deadline.is_near()
        )

    def _breach(self, slice: Slice, what: str) -> PluginError:
        return PluginError(f"source {self._source.name}, slice {slice.name}: {what}", Code.SOURCE_SLICE)


class _Filling:
    """One slice under way: its draft, its landing, and what earlier attempts at it left."""

    def __init__(self, slice: Slice, landing: Landing, kept: Kept) -> None:
        self.slice = slice
        self.landing = landing
        self._kept = {(landed.stream, landed.id) for landed in kept.records}
        self._pinned = frozenset(slice.ids)
        self.draft = Draft(slice, answered=set(self._kept))

    def answer(self, stream: str, id: object) -> str:
        """Notes that something was said about an id; returns its text."""
        text = id_text(id) or ""
        self.draft.answered.add((stream, text))
        return text

    def require_pinned(self, stream: str, id: str) -> None:
        """Raises LeftError unless the id is one that only this slice has."""
        if stream != self.slice.stream or id not in self._pinned:
            raise LeftError(f"slice {self.slice.name}: another slice may have {stream} {id}, too")

    def has_kept(self, stream: str, id: str) -> bool:
        """Whether an earlier attempt landed this id: that record stands, whatever the API says of it now."""
        return (stream, id) in self._kept


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
