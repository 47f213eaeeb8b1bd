"""What earlier attempts at a generation have done, as its files tell: closed slices, and what open ones left behind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from typing import NamedTuple

from ingest_core.lake import Lake
from ingest_core.run.index import Index
from ingest_core.run.landing import Kept
from ingest_core.run.parallel import ordered_map
from ingest_core.run.rounds import is_beside_the_plan
from ingest_core.run.summary import Summary
from ingest_core.state import BatchFile, Intent, Inventory, Landed, Part, RunStore


class _There(NamedTuple):
    """What lies under a key: its digest, and the slice of this run that wrote it, where the lake tells."""

    sha256: str | None = None
    writer: str | None = None


class Ledger:
    """Fills the index of a run with what is there already, before its rounds begin.

    `beside` are the parts that belong to no slice of the plan. `is_sole` as in Sink.
    """

    def __init__(self, lake: Lake, store: RunStore, index: Index, pool: Executor, *, is_sole: bool = True) -> None:
        self._lake = lake
        self._store = store
        self._index = index
        self._pool = pool
        self._is_sole = is_sole
        self._kept: dict[str, Kept] = {}
        self._taken: set[str] = set()
        self.beside: list[Summary] = []

    def read(self, inventory: Inventory) -> None:
        """Closed slices are not fetched again; what open ones put, and what lies there, is theirs.

        May be called again, with what is there by then: what was taken in already is not read twice.
        """
        for _ in self.take_in(name for name in inventory.parts if name not in self._taken):
            pass
        for slice_name, keys in inventory.intents.items():
            if slice_name not in self._taken:
                intents = list(filter(None, ordered_map(self._pool, self._store.read_intent, keys)))
                self._kept[slice_name] = self._what_lies_there(slice_name, intents)
                self._index.note_there(self._kept[slice_name].records, slice_name)

    def take_in(self, names: Iterable[str]) -> Iterator[Part]:
        """Takes in the parts of these slices, and gives them."""
        for part in ordered_map(self._pool, self._store.read_part, names):
            if part is not None:
                self._take(part)
                yield part

    def _take(self, part: Part) -> None:
        self._taken.add(part.slice)
        self._index.note_there((landed for landed in part.records if landed.outcome != "repeated"), part.slice)
        summary = Summary.of(part)
        self._index.note_objects(file.key for file in part.files)
        if is_beside_the_plan(part.slice):
            self.beside.append(summary)
        else:
            self._index.close(summary)

    def kept(self, slice_name: str) -> Kept:
        """What earlier attempts at an open slice left."""
        return self._kept.get(slice_name, Kept())

    def _what_lies_there(self, slice_name: str, intents: list[Intent]) -> Kept:
        files = {file: intent for intent in intents for file in intent.files}
        if files:
            return self._files_there(slice_name, files)
        found: dict[tuple[str, str], Landed] = {}
        records = [landed for intent in intents for landed in intent.records]
        for landed, there in zip(records, self._there([landed.key for landed in records]), strict=True):
            # An intent alone proves nothing: where lists shift, two slices may have named the id.
            is_ours = there.sha256 == landed.sha256 and self._may_be_of(slice_name, there)
            if is_ours and not self._index.is_elsewhere([landed], slice_name):
                found.setdefault((landed.stream, landed.id), landed)
        return Kept(tuple(found.values()))

    def _files_there(self, slice_name: str, files: dict[BatchFile, Intent]) -> Kept:
        there, records = [], list[Landed]()
        for (file, intent), found in zip(files.items(), self._there([file.key for file in files]), strict=True):
            held = [landed for landed in intent.records if landed.key == file.key]
            if found.sha256 != file.sha256 or not self._may_be_of(slice_name, found):
                continue
            if self._index.is_elsewhere(held, slice_name):
                # It came late, after another slice had landed of it: nobody has relied on it.
                self._store.remove(file.key)
                continue
            there.append(file)
            records.extend(held)
        return Kept(tuple(records), tuple(there))

    def _may_be_of(self, slice_name: str, there: _There) -> bool:
        """Where the lake names no slice of this run, it was an earlier one; or it names none ever."""
        return there.writer == slice_name or (there.writer is None and self._is_sole)

    def _there(self, keys: list[str]) -> Iterator[_There]:
        return ordered_map(self._pool, self._look, keys)

    def _look(self, key: str) -> _There:
        stored = self._lake.get(key)
        if stored is None:
            return _There()
        is_of_this_run = stored.metadata.get("ingest-run") == self._store.keys.run
        writer = stored.metadata.get("ingest-slice") if is_of_this_run else None
        return _There(hashlib.sha256(stored.body).hexdigest(), writer)
