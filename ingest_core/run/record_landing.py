"""Landing one object a record: a hundred records are a chunk, and share an intent."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from contextlib import suppress

import msgspec

from ingest_core.model import Record
from ingest_core.run.landing import Dock, Intents, Kept
from ingest_core.sink import Found, Parcel
from ingest_core.state import BatchFile, Landed

CHUNK_RECORDS = 100
CHUNK_BYTES = 4_000_000
FEW_RECORDS = 10
PUTS_WAITING = 64


class RecordLanding:
    """One object a record."""

    def __init__(self, dock: Dock, slice_name: str, kept: Kept) -> None:
        self.landed = list(kept.records)
        self.files: list[BatchFile] = []
        self.count = 0
        self._dock = dock
        self._slice = slice_name
        self._intents = Intents(dock, slice_name)
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
            self._dock.backpressure.send_to_land(len(parcel.body))
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
    if found.sha256 == landed.sha256 and found.key == landed.key and found.outcome == landed.outcome:
        return landed
    if found.sha256 == landed.sha256:
        return msgspec.structs.replace(landed, outcome=found.outcome, key=found.key)
    return msgspec.structs.replace(
        landed, outcome=found.outcome, key=found.key, sha256=found.sha256, bytes=found.bytes, origin=None
    )
