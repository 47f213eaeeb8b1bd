"""Rounds: which refs are new, in which slices, and which ids landed already.

The sets live in a temporary SQLite file, not in memory: 4 MB for 1.2 million ids where a Python set takes 105 MB.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from ingest_core.model import Slice

IDS_IN_A_SLICE = 100
_RESERVED = re.compile(r"r[0-9]+-")

_TABLES = """
CREATE TABLE found (place TEXT, position INTEGER, stream TEXT, id TEXT, PRIMARY KEY (place, position)) WITHOUT ROWID;
CREATE TABLE planned (stream TEXT, id TEXT, round INTEGER, number INTEGER, PRIMARY KEY (stream, id)) WITHOUT ROWID;
CREATE TABLE landed (stream TEXT, id TEXT, slice TEXT, PRIMARY KEY (stream, id)) WITHOUT ROWID;
"""


def is_reserved(slice_name: str) -> bool:
    """Whether only the core makes slices of this name: `r<round>-…`."""
    return _RESERVED.match(slice_name) is not None


class Index:
    """What a run has found, planned and landed so far. Thread-safe; a context manager that removes its file."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ingest-")
        self._lock = threading.Lock()
        self._stream = ""
        self._rows = sqlite3.connect(
            Path(self._folder.name) / "index.sqlite", check_same_thread=False, isolation_level=None
        )
        # One transaction that never ends: the file is thrown away, and a commit a record costs ten times the insert.
        pragmas = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
        self._rows.executescript(pragmas + _TABLES + "BEGIN;")

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._rows.close()
        self._folder.cleanup()

    def found(self, place: str, refs: Iterable[tuple[str, str]]) -> None:
        """Notes the refs of the slice at `place`; places sort as the plan does (`000002`, `000002.000000`)."""
        rows = ((place, position, stream, id) for position, (stream, id) in enumerate(refs))
        with self._lock:
            self._rows.executemany("INSERT OR REPLACE INTO found VALUES (?, ?, ?, ?)", rows)

    def first_stream(self, stream: str) -> str:
        """The stream that was asked for first in this run."""
        with self._lock:
            self._stream = self._stream or stream
            return self._stream

    def claim(self, stream: str, id: str, slice_name: str) -> bool:
        """True for the first slice of the run that lands this id, False for every other, and for a second time."""
        with self._lock:
            cursor = self._rows.execute("INSERT OR IGNORE INTO landed VALUES (?, ?, ?)", (stream, id, slice_name))
            return cursor.rowcount == 1

    def release(self, slice_name: str) -> None:
        """Takes back the claims of a slice that failed."""
        with self._lock:
            self._rows.execute("DELETE FROM landed WHERE slice = ?", (slice_name,))

    def next_round(self, round: int, limit: int | None) -> list[Slice]:
        """The new refs as slices of pinned ids, streams in order of name, ids in plan order, each id once in a run.

        `limit` keeps the first so many ids, for a run that wants no more.
        """
        with self._lock:
            self._rows.execute(_PLAN_FOUND, (round,))
            self._rows.execute("DELETE FROM found")
            new = self._rows.execute(_PLANNED, (round, -1 if limit is None else limit)).fetchall()
        return list(_slices(round, new))


_PLAN_FOUND = """
INSERT OR IGNORE INTO planned
SELECT stream, id, ?, row_number() OVER (ORDER BY place, position) FROM found ORDER BY place, position
"""
_PLANNED = "SELECT stream, id FROM planned WHERE round = ? ORDER BY number LIMIT ?"


def _slices(round: int, refs: Iterable[tuple[str, str]]) -> Iterator[Slice]:
    by_stream: dict[str, list[str]] = {}
    for stream, id in refs:
        by_stream.setdefault(stream, []).append(id)
    for stream, ids in sorted(by_stream.items()):
        for number, start in enumerate(range(0, len(ids), IDS_IN_A_SLICE)):
            some = tuple(ids[start : start + IDS_IN_A_SLICE])
            yield Slice(f"r{round}-{stream}-{number:05d}", {}, stream, some, requests=len(some), records=len(some))
