"""What committed runs of earlier dates landed, for refs that ask after it."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import Executor

from ingest_core.lake import Lake
from ingest_core.model import Ref
from ingest_core.run.index import Index
from ingest_core.run.parallel import ordered_map
from ingest_core.state import History, Part, histories


class Known:
    """Ids that runs of any config of the label landed before a date. Thread-safe.

    Nothing is read until a ref asks; then the parts of the days in question, each day once, into the index. The date
    itself is left out: a refresh would drop what it is about to replace.
    """

    def __init__(self, lake: Lake, label: str, before: dt.date, index: Index, pool: Executor) -> None:
        self._lake = lake
        self._label = label
        self._read_from = before
        self._index = index
        self._pool = pool
        self._lock = threading.Lock()

    def is_unwanted(self, ref: Ref, id: str) -> bool:
        """Whether the ref is dropped by its own conditions."""
        if ref.unless_landed is None and not ref.if_landed:
            return False
        self._read_since(dt.date.min if ref.if_landed or ref.unless_landed is None else ref.unless_landed)
        landed = self._index.last_landed(ref.stream, id)
        if landed is None:
            return ref.if_landed
        return ref.unless_landed is not None and landed >= ref.unless_landed.isoformat()

    def _read_since(self, since: dt.date) -> None:
        with self._lock:
            if since >= self._read_from:
                return
            for history in histories(self._lake, self._label):
                for day in history.days():
                    if since <= day < self._read_from:
                        for part in self._parts(history, day):
                            self._index.note_known(_ids(part), day.isoformat())
            self._read_from = since

    def _parts(self, history: History, day: dt.date) -> Iterator[Part]:
        manifest = history.manifest(day)
        if manifest is not None:
            read = history.store(day, manifest.generation).read_part
            yield from filter(None, ordered_map(self._pool, read, manifest.parts))


def _ids(part: Part) -> Iterator[tuple[str, str]]:
    yield from ((landed.stream, landed.id) for landed in part.records if landed.is_there)
    yield from part.resolved
