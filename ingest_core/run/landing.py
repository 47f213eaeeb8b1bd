"""One slice's records on their way to the lake: chunk → intent → puts → what a part will say.

A chunk's intent is safe before the first of its records is put, so whatever a crash leaves behind is known by name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import msgspec

from ingest_core.backpressure import Backpressure
from ingest_core.errors import TransientError
from ingest_core.model import Batch, Record
from ingest_core.model.rawjson import compact
from ingest_core.run.rounds import Index
from ingest_core.sink import Found, Line, Parcel, Sink
from ingest_core.state import FORMAT, BatchFile, Intent, Landed, RunStore

CHUNK_RECORDS = 100
CHUNK_BYTES = 4_000_000
FEW_RECORDS = 10
PUTS_WAITING = 64
PUT_ATTEMPTS = 3
PUT_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What earlier attempts at a slice put, and what really lies there of it: records, and the files that hold them."""

    records: tuple[Landed, ...] = ()
    files: tuple[BatchFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Dock:
    """What every landing of a run shares. `fence` asks the lake itself whether the claim still stands."""

    sink: Sink
    store: RunStore
    index: Index
    puts: Executor
    backpressure: Backpressure
    epoch: int
    fence: Callable[[], None]
    on_land: Callable[[], None]
    pause: Callable[[float], None]

    def put(self, parcel: Parcel, slice_name: str) -> Found:
        """Puts a parcel, again where the lake is busy."""
        for attempt in range(1, PUT_ATTEMPTS + 1):
            try:
                return self.sink.put(parcel, slice_name)
            except TransientError:
                if attempt == PUT_ATTEMPTS:
                    raise
            self.pause(PUT_PAUSE_SECONDS * 2 ** (attempt - 1))
        raise AssertionError("the loop returns or raises")


class Landing(Protocol):
    """Takes the records of one slice. Used by the thread of that slice alone."""

    landed: list[Landed]
    files: list[BatchFile]
    count: int

    def take(self, record: Record, id: str) -> None:
        """Sends a record, which has no reason to be rejected, on its way."""
        ...

    def finish(self) -> None:
        """Returns when every record that was taken is safe; `landed` and `files` then say where."""
        ...

    def let_go(self) -> None:
        """The slice failed: what waits here is forgotten, what is under way comes to its end."""
        ...

    def refuses(self, record: Record) -> str | None:
        """Why this layout has no place for a record; None where it has."""
        ...


def landing_for(batch: Batch | None, dock: Dock, slice_name: str, kept: Kept) -> Landing:
    """A landing in the run's layout; it begins with what earlier attempts left."""
    if batch is None:
        return RecordLanding(dock, slice_name, kept)
    return BatchLanding(dock, slice_name, kept, batch)


class _Intents:
    """Numbers and writes the intents of one slice."""

    def __init__(self, dock: Dock, slice_name: str) -> None:
        self._dock = dock
        self._slice = slice_name
        self._number = 0

    def write(self, records: Iterable[Landed], files: tuple[BatchFile, ...] = ()) -> None:
        intent = Intent(FORMAT, self._slice, self._dock.epoch, tuple(records), files)
        self._dock.puts.submit(self._dock.store.write_intent, self._number, intent).result()
        self._number += 1


class RecordLanding:
    """One object a record."""

    def __init__(self, dock: Dock, slice_name: str, kept: Kept) -> None:
        self.landed = list(kept.records)
        self.files: list[BatchFile] = []
        self.count = 0
        self._dock = dock
        self._slice = slice_name
        self._intents = _Intents(dock, slice_name)
        self._chunk: list[Parcel] = []
        self._bytes = 0
        self._under_way: deque[Future[Landed]] = deque()

    def refuses(self, record: Record) -> str | None:
        return None

    def take(self, record: Record, id: str) -> None:
        self._chunk.append(self._dock.sink.parcel(record, id))
        self.count += 1
        self._bytes += len(record.body)
        self._dock.backpressure.count(answered=len(record.body))
        if self._is_full():
            self._send()

    def _is_full(self) -> bool:
        if len(self._chunk) >= CHUNK_RECORDS or self._bytes >= CHUNK_BYTES:
            return True
        return len(self._chunk) >= FEW_RECORDS and not self._dock.backpressure.has_bytes_free()

    def _send(self) -> None:
        chunk, size = self._chunk, self._bytes
        records = [landed for parcel in chunk for landed in parcel.records]
        self._intents.write(records)
        self._dock.index.note_sent(records, self._slice)
        self._chunk, self._bytes = [], 0
        # What waits here counts as answered: a thread that waited for its own chunk to land would wait for ever.
        self._dock.backpressure.count(answered=-size)
        for parcel in chunk:
            self._dock.backpressure.wait_to_land()
            self._dock.backpressure.count(landing=len(parcel.body))
            self._under_way.append(self._dock.puts.submit(self._put, parcel))
        self._gather(leave=PUTS_WAITING)

    def _put(self, parcel: Parcel) -> Landed:
        try:
            landed = _as_found(parcel.records[0], self._dock.put(parcel, self._slice))
            self._dock.on_land()
            return landed
        finally:
            self._dock.backpressure.count(landing=-len(parcel.body))

    def _gather(self, leave: int = 0) -> None:
        """Waits until no more than `leave` puts are under way, and notes what landed."""
        landed = []
        try:
            while len(self._under_way) > leave:
                landed.append(self._under_way.popleft().result())
        finally:
            self.landed.extend(landed)
            self._dock.index.note_there((one for one in landed if one.outcome != "repeated"), self._slice)
            for one in landed:
                if one.outcome == "repeated":
                    self._dock.index.unclaim(one.stream, one.id, self._slice)

    def finish(self) -> None:
        if self._chunk:
            self._send()
        self._gather()

    def let_go(self) -> None:
        self._dock.backpressure.count(answered=-self._bytes)
        self._chunk, self._bytes = [], 0
        while self._under_way:
            with suppress(Exception):  # the slice has failed already, and says why
                self._gather()


def _as_found(landed: Landed, found: Found) -> Landed:
    """The record as it lies there. Where other bytes than ours stand, where those came from is not known here."""
    if found.sha256 == landed.sha256:
        return msgspec.structs.replace(landed, outcome=found.outcome)
    return msgspec.structs.replace(landed, outcome=found.outcome, sha256=found.sha256, bytes=found.bytes, origin=None)


class BatchLanding:
    """Files of many records, each of one stream. A file is one chunk: its intent names it and all that is in it."""

    def __init__(self, dock: Dock, slice_name: str, kept: Kept, batch: Batch) -> None:
        self.landed = list(kept.records)
        self.files = list(kept.files)
        self.count = 0
        self._dock = dock
        self._slice = slice_name
        self._batch = batch
        self._intents = _Intents(dock, slice_name)
        self._lines: dict[str, list[Line]] = {}
        self._sizes: dict[str, int] = {}
        self._there = {file.key for file in kept.files}
        self._next_number = 0

    def refuses(self, record: Record) -> str | None:
        if len(record.body) < self._batch.bytes or len(compact(record.body)) < self._batch.bytes:
            return None
        return f"too large: {len(record.body):,} bytes, and a batch file holds {self._batch.bytes:,}"

    def take(self, record: Record, id: str) -> None:
        line = Line(record, id, compact(record.body))
        size = len(line.text) + 1
        waiting = self._lines.setdefault(record.stream, [])
        if waiting and self._sizes[record.stream] + size > self._batch.bytes:
            self._send(record.stream)
            waiting = self._lines.setdefault(record.stream, [])
        waiting.append(line)
        self._sizes[record.stream] = self._sizes.get(record.stream, 0) + size
        self.count += 1
        self._dock.backpressure.count(answered=size)
        if len(waiting) >= self._batch.records:
            self._send(record.stream)

    def _send(self, stream: str) -> None:
        lines, size = self._lines.pop(stream), self._sizes.pop(stream)
        self._dock.backpressure.count(answered=-size)
        while lines:
            parcel = self._dock.sink.batch(lines, self._slice, self._next_number)
            self._next_number += 1
            if parcel.key in self._there:
                continue
            file = BatchFile(parcel.key, parcel.sha256, len(parcel.body))
            # Numbers are given by whoever has the claim: it is asked of the lake, not of a clock.
            self._dock.puts.submit(self._dock.fence).result()
            self._intents.write(parcel.records, (file,))
            self._dock.index.note_sent(parcel.records, self._slice)
            self._dock.backpressure.wait_to_land()
            self._dock.backpressure.count(landing=len(parcel.body))
            found = self._dock.puts.submit(self._put, parcel).result()
            if found.sha256 == parcel.sha256:
                self.files.append(file)
                landed = [msgspec.structs.replace(landed, outcome=found.outcome) for landed in parcel.records]
                self.landed.extend(landed)
                self._dock.index.note_there(landed, self._slice)
                return
            if found.outcome == "written":
                lines = self._without_those_in(parcel.key, found, lines)
            # Somebody else's file has the name: it stays, and ours takes the next number.

    def _without_those_in(self, key: str, found: Found, lines: list[Line]) -> list[Line]:
        """An earlier attempt's file came to light late: it stays, and what it holds is struck from ours.

        Where other slices have landed of it meanwhile, it goes: nobody has relied on it.
        """
        kept = self._dock.puts.submit(kept_in, self._dock.store, self._slice, key, found.sha256).result()
        if self._dock.index.is_elsewhere(kept.records, self._slice):
            self._dock.puts.submit(self._dock.store.remove, key).result()
            return lines
        self.files.extend(kept.files)
        self.landed.extend(kept.records)
        self._dock.index.note_there(kept.records, self._slice)
        ids = {landed.id for landed in kept.records}
        return [line for line in lines if line.id not in ids]

    def _put(self, parcel: Parcel) -> Found:
        try:
            found = self._dock.put(parcel, self._slice)
            for _ in parcel.records:
                self._dock.on_land()
            return found
        finally:
            self._dock.backpressure.count(landing=-len(parcel.body))

    def finish(self) -> None:
        for stream in sorted(self._lines):
            self._send(stream)

    def let_go(self) -> None:
        self._dock.backpressure.count(answered=-sum(self._sizes.values()))
        self._lines, self._sizes = {}, {}


def kept_in(store: RunStore, slice_name: str, key: str, sha256: str) -> Kept:
    """The records of the file under `key` with that digest, by the intents of its slice; none where none has it."""
    for intent in map(store.read_intent, store.inventory().intents.get(slice_name, ())):
        for file in () if intent is None else intent.files:
            if intent is not None and (file.key, file.sha256) == (key, sha256):
                return Kept(tuple(landed for landed in intent.records if landed.key == key), (file,))
    return Kept()
