"""What earlier generations of a date wrote: it makes room for the new one, and what that has not is removed.

Readers list folders: after the commit of a new generation nothing of an older one may lie there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor

from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.run.parallel import ordered_map
from ingest_core.run.rounds import Earlier, Index
from ingest_core.sink import Owner, Stamp
from ingest_core.state import Intent, Inventory, Part, RunStore


class Superseded:
    """The objects of the generations before this one, by their parts, and by the intents of slices that have none.

    `earlier` are the keys of those generations, trials among them.
    """

    def __init__(self, lake: Lake, earlier: Sequence[ControlKeys], index: Index, pool: Executor) -> None:
        self._lake = lake
        self._earlier = earlier
        self._index = index
        self._pool = pool
        self._read: set[str] = set()

    @property
    def is_any(self) -> bool:
        """Whether there were generations before this one."""
        return bool(self._earlier)

    def read(self) -> None:
        """Notes what is new since it was last called."""
        for keys_of_one in self._earlier:
            store = RunStore(self._lake, keys_of_one)
            inventory = store.inventory()
            for part in ordered_map(self._pool, store.read_part, self._unread(store, inventory)):
                if part is not None:
                    self._index.note_earlier(_written_by(part))
            closed = set(inventory.parts)
            keys = [key for slice, keys in inventory.intents.items() if slice not in closed for key in keys]
            new = [key for key in keys if key not in self._read]
            self._read.update(new)
            for intent in ordered_map(self._pool, store.read_intent, new):
                if intent is not None:
                    self._index.note_earlier(_named_by(intent))

    def _unread(self, store: RunStore, inventory: Inventory) -> Iterator[str]:
        for name in inventory.parts:
            key = store.keys.part(name)
            if key not in self._read:
                self._read.add(key)
                yield name

    def remove(self, is_current: Callable[[Earlier], bool], stamp: Stamp) -> int:
        """Removes what this generation has not; returns how many objects that were."""
        self.read()
        leftover = (earlier for earlier in self._index.earlier() if not is_current(earlier))
        return sum(ordered_map(self._pool, lambda earlier: self._remove(earlier, stamp), leftover))

    def _remove(self, earlier: Earlier, stamp: Stamp) -> bool:
        stored = self._lake.get(earlier.key)
        if stored is None:
            return False
        if stored.metadata:
            owner = Owner.of(stored, stamp)
            is_ours = owner is not None and owner.generation < stamp.generation
        else:
            is_ours = hashlib.sha256(stored.body).hexdigest() == earlier.sha256
        if is_ours:
            self._lake.delete(earlier.key)
        return is_ours


def _written_by(part: Part) -> Iterator[Earlier]:
    if part.files:
        yield from (Earlier(file.key, file.sha256) for file in part.files)
    else:
        for landed in part.records:
            if landed.outcome == "written":
                yield Earlier(landed.key, landed.sha256, landed.stream, landed.id)


def _named_by(intent: Intent) -> Iterator[Earlier]:
    if intent.files:
        yield from (Earlier(file.key, file.sha256) for file in intent.files)
    else:
        yield from (Earlier(landed.key, landed.sha256, landed.stream, landed.id) for landed in intent.records)
