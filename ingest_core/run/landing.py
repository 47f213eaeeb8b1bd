"""One slice's records on their way to the lake: chunk → intent → puts → what a part will say.

A chunk's intent is safe before the first of its records is put, so whatever a crash leaves behind is known by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Protocol

from msgspec import Struct

from ingest_core.backpressure import Backpressure
from ingest_core.errors import TransientError
from ingest_core.model import Record
from ingest_core.run.index import Index
from ingest_core.sink import Found, Parcel, Sink
from ingest_core.state import FORMAT, BatchFile, Intent, Landed, RunStore

PUT_ATTEMPTS = 3
PUT_PAUSE_SECONDS = 1.0


class Kept(Struct, frozen=True):
    """What earlier attempts at a slice put, and what really lies there of it: records, and the files that hold them."""

    records: tuple[Landed, ...] = ()
    files: tuple[BatchFile, ...] = ()


class Dock(Struct, frozen=True):
    """What every landing of a run shares. `fence` asks the lake itself whether the claim still stands.

    `is_shared` where others land slices of the run at the same time. Two of them may then meet in an id that no slice
    has pinned; `shows_others` where the lake shows whose an object is.
    """

    sink: Sink
    store: RunStore
    index: Index
    puts: Executor
    backpressure: Backpressure
    epoch: int
    fence: Callable[[], None]
    on_land: Callable[[], None]
    pause: Callable[[float], None]
    is_shared: bool = False
    shows_others: bool = True

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


class Intents:
    """Numbers and writes the intents of one slice."""

    def __init__(self, dock: Dock, slice_name: str) -> None:
        self._dock = dock
        self._slice = slice_name
        self._number = 0

    def write(self, records: Iterable[Landed], files: tuple[BatchFile, ...] = ()) -> None:
        intent = Intent(FORMAT, self._slice, self._dock.epoch, tuple(records), files)
        self._dock.puts.submit(self._dock.store.write_intent, self._number, intent).result()
        self._number += 1
