"""The lake against its manifest: what is missing, altered, or there without being named."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ingest_core.codes import Code
from ingest_core.errors import StopError
from ingest_core.keys import RecordKeys, label_root
from ingest_core.lake import LAKE_THREADS, Lake
from ingest_core.run.parallel import ordered_map
from ingest_core.state import History, Manifest, Part


class Wrong(NamedTuple):
    """One key that is not as the manifest says. `kind`: "missing", "altered" or "extra"; `about` says how."""

    kind: str
    key: str
    about: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is verified: the run of one config on one date, and where its records may lie."""

    lake: Lake
    label: str
    config: str
    date: dt.date
    keys: RecordKeys


@dataclass(frozen=True, slots=True)
class Verdict:
    """`objects` and `records` are what the manifest names; `wrong` is complete and in the order of keys."""

    manifest: Manifest
    objects: int
    records: int
    wrong: tuple[Wrong, ...]


def newest_committed(lake: Lake, label: str, config: str) -> dt.date | None:
    """The newest day with a manifest; None where there is none."""
    history = History(lake, label, config)
    return next((day for day in history.days() if history.manifest(day) is not None), None)


def verify(subject: Subject, *, by_size_alone: bool = False) -> Verdict:
    """Compares every object that the day's manifest names, and looks for others beside them.

    Reads each object and compares its digest; `by_size_alone` lists folders instead, which is quick and sees less.
    Raises StopError where the day has no committed run, or its parts were pruned.
    """
    history = History(subject.lake, subject.label, subject.config)
    manifest = history.manifest(subject.date)
    if manifest is None:
        raise StopError(
            f"{subject.config} has no committed run for {subject.date}",
            Code.UNCOMMITTED,
            hint=f"ingest runs {subject.config} lists the days that have",
        )
    with _Expected() as expected, ThreadPoolExecutor(LAKE_THREADS, "verify") as pool:
        records = _expect(subject, history, manifest, expected)
        wrong = list(_beside(subject, expected))
        if by_size_alone:
            wrong += expected.unseen()
        else:
            look = _Look(subject.lake)
            wrong += filter(None, ordered_map(pool, look, expected.own()))
        return Verdict(manifest, expected.count(), records, tuple(sorted(set(wrong), key=lambda one: one.key)))


def _expect(subject: Subject, history: History, manifest: Manifest, expected: _Expected) -> int:
    keys, records, parts = history.keys(subject.date, manifest.generation), 0, 0
    for part in history.parts_of(keys, manifest.parts):
        expected.add(_objects(part))
        records += sum(landed.is_there for landed in part.records)
        parts += 1
    if parts < len(manifest.parts):
        raise StopError(
            f"{keys.root}parts/ has {parts} of the {len(manifest.parts)} parts that the manifest names",
            Code.PRUNED,
            hint="they were pruned: what landed on that day is known no more",
        )
    for other in subject.lake.folders(label_root(subject.label)):
        if other != subject.config:
            for part in History(subject.lake, subject.label, other).parts(subject.date):
                expected.add_of_others(one.key for one in _objects(part))
    return records


class _Object(NamedTuple):
    key: str
    sha256: str
    bytes: int


def _objects(part: Part) -> Iterator[_Object]:
    """What a part names in the lake: its files of many records, or a record each."""
    if part.files:
        yield from (_Object(file.key, file.sha256, file.bytes) for file in part.files)
    else:
        yield from (_Object(one.key, one.sha256, one.bytes) for one in part.records if one.is_there)


def _beside(subject: Subject, expected: _Expected) -> Iterator[Wrong]:
    """Objects in the folders of the day that no manifest names; sizes are compared on the way."""
    folders = set(subject.keys.folders()) | expected.folders()
    for folder in sorted(folders):
        for entry in subject.lake.entries(folder):
            size = expected.size_of(entry.key)
            if size is None:
                if not expected.is_of_others(entry.key):
                    yield Wrong("extra", entry.key, f"{entry.size:,} bytes that no manifest names")
            elif size != entry.size:
                yield Wrong("altered", entry.key, f"{entry.size:,} bytes instead of {size:,}")
            expected.saw(entry.key)


class _Look:
    """Reads one object and compares its digest."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def __call__(self, wanted: _Object) -> Wrong | None:
        stored = self._lake.get(wanted.key)
        if stored is None:
            return Wrong("missing", wanted.key, f"{wanted.bytes:,} bytes landed")
        if len(stored.body) != wanted.bytes:
            return Wrong("altered", wanted.key, f"{len(stored.body):,} bytes instead of {wanted.bytes:,}")
        if hashlib.sha256(stored.body).hexdigest() != wanted.sha256:
            return Wrong("altered", wanted.key, "other bytes of the same length")
        return None


class _Expected:
    """What should be there, in a temporary SQLite file: a day may have millions of objects."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ingest-verify-")
        self._rows = sqlite3.connect(
            Path(self._folder.name) / "expected.sqlite", check_same_thread=False, isolation_level=None
        )
        self._rows.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE own (key TEXT PRIMARY KEY, sha256 TEXT, bytes INTEGER, seen INTEGER) WITHOUT ROWID;"
            "CREATE TABLE others (key TEXT PRIMARY KEY) WITHOUT ROWID; BEGIN;"
        )

    def __enter__(self) -> _Expected:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()
        self._folder.cleanup()

    def add(self, objects: Iterable[_Object]) -> None:
        self._rows.executemany("INSERT OR REPLACE INTO own VALUES (?, ?, ?, 0)", objects)

    def add_of_others(self, keys: Iterable[str]) -> None:
        self._rows.executemany("INSERT OR IGNORE INTO others VALUES (?)", ((key,) for key in keys))

    def count(self) -> int:
        return int(self._rows.execute("SELECT count(*) FROM own").fetchone()[0])

    def own(self) -> Iterator[_Object]:
        after = ""
        while True:
            query = "SELECT key, sha256, bytes FROM own WHERE key > ? ORDER BY key LIMIT 1000"
            rows = self._rows.execute(query, (after,)).fetchall()
            yield from (_Object(*row) for row in rows)
            if len(rows) < 1000:
                return
            after = rows[-1][0]

    def folders(self) -> set[str]:
        found = self._rows.execute("SELECT DISTINCT rtrim(key, replace(key, '/', '')) FROM own")
        return {row[0] for row in found}

    def size_of(self, key: str) -> int | None:
        row = self._rows.execute("SELECT bytes FROM own WHERE key = ?", (key,)).fetchone()
        return None if row is None else int(row[0])

    def is_of_others(self, key: str) -> bool:
        return self._rows.execute("SELECT 1 FROM others WHERE key = ?", (key,)).fetchone() is not None

    def saw(self, key: str) -> None:
        self._rows.execute("UPDATE own SET seen = 1 WHERE key = ?", (key,))

    def unseen(self) -> list[Wrong]:
        rows = self._rows.execute("SELECT key, bytes FROM own WHERE seen = 0 ORDER BY key").fetchall()
        return [Wrong("missing", key, f"{size:,} bytes landed") for key, size in rows]
