"""The index of a run: which refs are new, which ids landed already and by whom, and what earlier generations wrote.

The sets live in a temporary SQLite file, not in memory: 4 MB for 1.2 million ids where a Python set takes 105 MB.
"""

from __future__ import annotations

import enum
import itertools
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import NamedTuple

import msgspec

from ingest_core.model import Slice
from ingest_core.run.rounds import pinned_slices
from ingest_core.run.summary import Summary
from ingest_core.state import Landed

ROWS_AT_ONCE = 10_000
_SUMMARIES = msgspec.json.Decoder(Summary)  # made before there are threads: see state/files.py

_TABLES = """
CREATE TABLE found (place TEXT, position INTEGER, stream TEXT, id TEXT, PRIMARY KEY (place, position)) WITHOUT ROWID;
CREATE TABLE planned (stream TEXT, id TEXT, round INTEGER, number INTEGER, PRIMARY KEY (stream, id)) WITHOUT ROWID;
CREATE INDEX of_round ON planned (round, stream, number);
CREATE TABLE known (stream TEXT, id TEXT, day TEXT, PRIMARY KEY (stream, id)) WITHOUT ROWID;
CREATE TABLE landed (stream TEXT, id TEXT, slice TEXT, there INTEGER, PRIMARY KEY (stream, id)) WITHOUT ROWID;
CREATE INDEX of_slice ON landed (slice);
CREATE TABLE slices (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE closed (name TEXT PRIMARY KEY, summary BLOB);
CREATE TABLE objects (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE earlier (key TEXT, sha256 TEXT, certain INTEGER, PRIMARY KEY (key, sha256)) WITHOUT ROWID;
"""


class Earlier(NamedTuple):
    """An object of an earlier generation. `is_certain` where a part says so; an intent only says that it was to be."""

    key: str
    sha256: str
    is_certain: bool = True


class Claimed(enum.Enum):
    """What became of a slice's claim to an id.

    MINE     it is the first to name it
    TAKEN    the lake has it by another slice, or this one named it before
    PENDING  another slice named it, and has not landed it yet: it may still fail
    DOUBTFUL a slice that failed was putting it: nobody knows whether it lies there
    """

    MINE = "mine"
    TAKEN = "taken"
    PENDING = "pending"
    DOUBTFUL = "doubtful"


# How far a claimed id has come: named, in the lake, on its way there, or given up on its way there.
_NAMED, _THERE, _SENT, _DOUBTFUL = range(4)


class Index:
    """What a run has found, planned and landed so far. Thread-safe; a context manager that removes its file.

    `keeps_keys` is set before anything lands, where an earlier generation has to make room.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stream = ""
        self.keeps_keys = False
        # No name: SQLite's own temporary file, which a process that is killed leaves nowhere.
        self._rows = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        # One transaction that never ends: the file is thrown away, and a commit a record costs ten times the insert.
        # A cache of half a megabyte instead of two: a run goes through its ids once.
        pragmas = (
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
            "PRAGMA cache_size = -512;"
        )
        self._rows.executescript(pragmas + _TABLES + "BEGIN;")

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._rows.close()

    def found(self, place: str, refs: Iterable[tuple[str, str]], first: int = 0) -> None:
        """Notes the refs of the slice at `place`, from its position `first` on.

        Places sort as the plan does (`00000002`, `00000002.000000`).
        """
        rows = ((place, position, stream, id) for position, (stream, id) in enumerate(refs, first))
        with self._lock:
            self._rows.executemany("INSERT OR REPLACE INTO found VALUES (?, ?, ?, ?)", rows)

    def first_stream(self, stream: str) -> str:
        """The stream that was asked for first in this run."""
        if not self._stream:
            with self._lock:
                self._stream = self._stream or stream
        return self._stream

    def name(self, slice_name: str) -> bool:
        """Notes a slice's name; False where this run has it already."""
        with self._lock:
            return self._rows.execute("INSERT OR IGNORE INTO slices VALUES (?)", (slice_name,)).rowcount == 1

    def claim(self, stream: str, id: str, slice_name: str) -> Claimed:
        """Whose an id is from now on: the first slice that asks has it."""
        with self._lock:
            query = "INSERT OR IGNORE INTO landed VALUES (?, ?, ?, 0)"
            if self._rows.execute(query, (stream, id, slice_name)).rowcount == 1:
                return Claimed.MINE
            query = "SELECT slice, there FROM landed WHERE stream = ? AND id = ?"
            slice, there = self._rows.execute(query, (stream, id)).fetchone()
        if there == _THERE or slice == slice_name:
            return Claimed.TAKEN
        return Claimed.DOUBTFUL if there == _DOUBTFUL else Claimed.PENDING

    def is_pending(self, stream: str, id: str) -> bool:
        """Whether a slice has the id, and may still land it."""
        with self._lock:
            query = f"SELECT 1 FROM landed WHERE stream = ? AND id = ? AND there IN ({_NAMED}, {_SENT})"  # noqa: S608
            return self._rows.execute(query, (stream, id)).fetchone() is not None

    def note_sent(self, records: Iterable[Landed], slice_name: str) -> None:
        """These ids, which that slice has claimed, are on their way to the lake."""
        for some in _hundreds(records):
            names = [name for landed in some for name in (landed.stream, landed.id)]
            rows = ", ".join(["(?, ?)"] * len(some))
            query = f"UPDATE landed SET there = {_SENT} WHERE slice = ? AND (stream, id) IN (VALUES {rows})"  # noqa: S608
            with self._lock:
                self._rows.execute(query, (slice_name, *names))

    def note_there(self, records: Iterable[Landed], slice_name: str) -> None:
        """These records lie in the lake, and are that slice's."""
        noted = list(records)
        for some in _hundreds(noted):
            values = [value for landed in some for value in (landed.stream, landed.id, slice_name)]
            rows = ", ".join(["(?, ?, ?, 1)"] * len(some))
            with self._lock:
                self._rows.execute(f"INSERT OR REPLACE INTO landed VALUES {rows}", values)  # noqa: S608
        if self.keeps_keys:
            self.note_objects(landed.key for landed in noted)

    def is_elsewhere(self, records: Iterable[Landed], slice_name: str) -> bool:
        """Whether another slice has one of these ids."""
        return self._has_another(((one.stream, one.id) for one in records), slice_name)

    def is_pinned_elsewhere(self, slice: Slice) -> bool:
        """Whether another slice has one of the ids that this one has pinned: a row of a list can name it, too."""
        return self._has_another(((slice.stream, id) for id in slice.ids), slice.name)

    def _has_another(self, ids: Iterable[tuple[str | None, str]], slice_name: str) -> bool:
        query = "SELECT 1 FROM landed WHERE stream = ? AND id = ? AND slice != ?"
        with self._lock:
            return any(self._rows.execute(query, (*id, slice_name)).fetchone() for id in ids)

    def has(self, stream: str, id: str) -> bool:
        """Whether a slice of this run has this id."""
        with self._lock:
            query = "SELECT 1 FROM landed WHERE stream = ? AND id = ?"
            return self._rows.execute(query, (stream, id)).fetchone() is not None

    def unclaim(self, stream: str, id: str, slice_name: str) -> None:
        """That slice does not have the id after all."""
        with self._lock:
            query = "DELETE FROM landed WHERE stream = ? AND id = ? AND slice = ?"
            self._rows.execute(query, (stream, id, slice_name))

    def release(self, slice_name: str, *, all: bool = False) -> None:
        """Takes back the claims of a slice that failed: of what was never sent, or `all`.

        What was on its way may lie there without an answer that says so. Another slice that took it could double it.
        """
        with self._lock:
            if all:
                self._rows.execute("DELETE FROM landed WHERE slice = ?", (slice_name,))
                return
            query = "DELETE FROM landed WHERE slice = ? AND there = ?"
            self._rows.execute(query, (slice_name, _NAMED))
            query = "UPDATE landed SET there = ? WHERE slice = ? AND there = ?"
            self._rows.execute(query, (_DOUBTFUL, slice_name, _SENT))

    def close(self, summary: Summary) -> None:
        """Keeps what the part of a slice says, for whoever meets the slice in the plan."""
        with self._lock:
            row = (summary.slice, msgspec.json.encode(summary))
            self._rows.execute("INSERT OR REPLACE INTO closed VALUES (?, ?)", row)

    def closed(self, slice_name: str) -> Summary | None:
        """What the part of that slice says, where an earlier attempt closed it."""
        with self._lock:
            row = self._rows.execute("SELECT summary FROM closed WHERE name = ?", (slice_name,)).fetchone()
        return None if row is None else _SUMMARIES.decode(row[0])

    def note_objects(self, keys: Iterable[str]) -> None:
        """What lies under these keys stays."""
        with self._lock:
            self._note_objects(keys)

    def _note_objects(self, keys: Iterable[str]) -> None:
        self._rows.executemany("INSERT OR IGNORE INTO objects VALUES (?)", ((key,) for key in keys))

    def has_object(self, key: str) -> bool:
        """Whether a part names this key: a file of many records always, a record where `keeps_keys` is set."""
        with self._lock:
            return self._rows.execute("SELECT 1 FROM objects WHERE key = ?", (key,)).fetchone() is not None

    def note_earlier(self, objects: Iterable[Earlier]) -> None:
        """Notes what earlier generations wrote."""
        with self._lock:
            self._rows.executemany(_NOTE_EARLIER, objects)

    def earlier(self) -> Iterator[Earlier]:
        """What earlier generations wrote, in the order of keys."""
        after = ("", "")
        while True:
            with self._lock:
                rows = self._rows.execute(_EARLIER_AFTER, (*after, ROWS_AT_ONCE)).fetchall()
            yield from (Earlier(*row) for row in rows)
            if len(rows) < ROWS_AT_ONCE:
                return
            after = rows[-1][:2]

    def is_earlier(self, key: str, sha256: str) -> bool:
        """Whether an earlier generation wrote just that there."""
        with self._lock:
            query = "SELECT 1 FROM earlier WHERE key = ? AND sha256 = ?"
            return self._rows.execute(query, (key, sha256)).fetchone() is not None

    def note_planned(self, slice: Slice, round: int) -> None:
        """Notes the pinned ids of a slice that an earlier attempt planned."""
        with self._lock:
            self._rows.executemany(
                "INSERT OR IGNORE INTO planned VALUES (?, ?, ?, 0)", ((slice.stream, id, round) for id in slice.ids)
            )

    def note_known(self, ids: Iterable[tuple[str, str]], day: str) -> None:
        """These (stream, id) were landed on that day (ISO 8601) by a run of an earlier date."""
        with self._lock:
            self._rows.executemany(_NOTE_KNOWN, ((stream, id, day) for stream, id in ids))

    def last_landed(self, stream: str, id: str) -> str | None:
        """The newest day that was noted for an id; None where there is none."""
        with self._lock:
            query = "SELECT day FROM known WHERE stream = ? AND id = ?"
            row = self._rows.execute(query, (stream, id)).fetchone()
        return None if row is None else str(row[0])

    def plan_found(self, round: int) -> int:
        """Makes the refs that were found the ids of that round; how many named an id that the run had already."""
        with self._lock:
            new = self._rows.execute(_PLAN_FOUND, (round,)).rowcount
            return self._rows.execute("DELETE FROM found").rowcount - new

    def slices_of(self, round: int, limit: int | None) -> Iterator[Slice]:
        """A round as slices of pinned ids, streams in order of name, ids in plan order, each id once in a run.

        `limit` keeps the first so many ids, for a run that wants no more.
        """
        with self._lock:
            cursor = self._rows.execute(_PLANNED, (round, -1 if limit is None else limit))

        def page() -> list[tuple[str, str]]:
            with self._lock:  # never over a yield: whoever takes the slices writes them to the lake meanwhile
                return cursor.fetchmany(ROWS_AT_ONCE)

        yield from pinned_slices(round, iter(page, []))

    def forget_found(self) -> None:
        """The refs found so far are planned already."""
        with self._lock:
            self._rows.execute("DELETE FROM found")


def _hundreds(records: Iterable[Landed]) -> Iterator[list[Landed]]:
    """A statement for each hundred: Python's lock goes back and forth for each statement, not for each row."""
    left = iter(records)
    while some := list(itertools.islice(left, 100)):
        yield some


_NOTE_EARLIER = """
INSERT INTO earlier VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET certain = max(certain, excluded.certain)
"""
_NOTE_KNOWN = """
INSERT INTO known VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET day = max(day, excluded.day)
"""
_EARLIER_AFTER = """
SELECT key, sha256, certain FROM earlier WHERE (key, sha256) > (?, ?) ORDER BY key, sha256 LIMIT ?
"""
_PLAN_FOUND = """
INSERT OR IGNORE INTO planned
SELECT stream, id, ?, row_number() OVER (ORDER BY place, position) FROM found ORDER BY place, position
"""
_PLANNED = """
SELECT stream, id FROM (SELECT stream, id, number FROM planned WHERE round = ? ORDER BY number LIMIT ?)
ORDER BY stream, number
"""
