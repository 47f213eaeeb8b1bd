"""Landing files of many records: a file is a chunk, and has an intent of its own."""

from __future__ import annotations

import msgspec

from ingest_core.model import Batch, Record
from ingest_core.model.rawjson import compact
from ingest_core.run.landing import Dock, Intents, Kept
from ingest_core.sink import Found, Line, Parcel
from ingest_core.state import BatchFile, RunStore


class BatchLanding:
    """Files of many records, each of one stream. A file is one chunk: its intent names it and all that is in it."""

    def __init__(self, dock: Dock, slice_name: str, kept: Kept, batch: Batch) -> None:
        self.landed = list(kept.records)
        self.files = list(kept.files)
        self.count = 0
        self._dock = dock
        self._slice = slice_name
        self._batch = batch
        self._intents = Intents(dock, slice_name)
        self._lines: dict[str, list[Line]] = {}
        self._sizes: dict[str, int] = {}
        self._there = {file.key for file in kept.files}
        self._next_number = 0
        self._come_to_light: set[tuple[str, str]] = set()

    def refuses(self, record: Record) -> str | None:
        weight, room = self._batch.weight, self._batch.room
        if weight(len(record.body)) <= room or weight(len(compact(record.body))) <= room:
            return None
        return f"too large: {len(record.body):,} bytes, and a batch file holds {self._batch.bytes:,}"

    def take(self, record: Record, id: str) -> None:
        line = Line(record, id, compact(record.body))
        size = self._batch.weight(len(line.text))
        waiting = self._lines.setdefault(record.stream, [])
        self.count += 1
        if waiting and self._sizes[record.stream] + size > self._batch.room:
            self._send(record.stream)
            if (record.stream, id) in self._come_to_light:
                return  # the file that came to light as those before it were sent holds it already
            waiting = self._lines.setdefault(record.stream, [])
        waiting.append(line)
        self._sizes[record.stream] = self._sizes.get(record.stream, 0) + size
        self._dock.backpressure.count(answered=size)
        if len(waiting) >= self._batch.records:
            self._send(record.stream)

    def _send(self, stream: str) -> None:
        lines, size = self._lines.pop(stream), self._sizes.pop(stream)
        self._dock.backpressure.count(answered=-size)
        while lines:
            parcel = self._dock.sink.batch(lines, self._slice, self._next_number, self._batch)
            self._next_number += 1
            if parcel.key in self._there:
                continue
            file = BatchFile(parcel.key, parcel.sha256, len(parcel.body))
            # Numbers are given by whoever has the claim: it is asked of the lake, not of a clock.
            self._dock.puts.submit(self._dock.fence).result()
            self._intents.write(parcel.records, (file,))
            self._dock.index.note_sent(parcel.records, self._slice)
            self._dock.backpressure.send_to_land(len(parcel.body))
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
        self._come_to_light.update((landed.stream, landed.id) for landed in kept.records)
        return [line for line in lines if (line.record.stream, line.id) not in self._come_to_light]

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
