"""What earlier generations of a date wrote: it makes room for the new one, and what that has not is removed.

Readers list folders: after the commit of a new generation nothing of an older one may lie there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor

from msgspec import Struct

from ingest_core.errors import CredentialsError
from ingest_core.keys import CONTROL, ControlKeys
from ingest_core.lake import Lake
from ingest_core.run.index import Earlier, Index
from ingest_core.run.parallel import ordered_map
from ingest_core.sink import Owner, Stamp
from ingest_core.state import History, Intent, Inventory, Part, RunStore


class Removal(Struct, frozen=True):
    """How removing went: objects removed, objects that the lake did not let go, and why."""

    removed: int
    left: int
    why: str = ""


class Superseded:
    """The objects of the generations before this one, by their parts, and by the intents of slices that have none.

    `keys` are this generation's own, `earlier` those of the ones before it, trials among them.
    """

    def __init__(
        self, lake: Lake, keys: ControlKeys, earlier: Sequence[ControlKeys], index: Index, pool: Executor
    ) -> None:
        self._lake = lake
        self._keys = keys
        self._earlier = earlier
        self._index = index
        self._pool = pool
        self._read: set[str] = set()
        self._is_shared = False

    @property
    def is_any(self) -> bool:
        """Whether there were generations before this one."""
        return bool(self._earlier)

    def read(self) -> None:
        """Notes what is new since it was last called."""
        for keys in self._earlier:
            store = RunStore(self._lake, keys)
            inventory = store.inventory()
            for part in ordered_map(self._pool, store.read_part, self._unread_parts(store, inventory)):
                if part is not None:
                    self._index.note_earlier(_written_by(part))
            for intent in ordered_map(self._pool, store.read_intent, self._unread_intents(inventory)):
                if intent is not None:
                    self._index.note_earlier(_named_by(intent))

    def _unread_parts(self, store: RunStore, inventory: Inventory) -> Iterator[str]:
        for name in inventory.parts:
            key = store.keys.part(name)
            if key not in self._read:
                self._read.add(key)
                yield name

    def _unread_intents(self, inventory: Inventory) -> Iterator[str]:
        """Those of open slices; where claims are leases, one that was lost may have put more than the part says."""
        closed = set(inventory.parts) if self._lake.holds else set()
        for slice_name, keys in inventory.intents.items():
            if slice_name not in closed:
                new = [key for key in keys if key not in self._read]
                self._read.update(new)
                yield from new

    def remove(self, stamp: Stamp, may_remove: Callable[[], None]) -> Removal:
        """Removes what this generation has not. `may_remove` raises where nothing may be removed any more."""
        self.read()
        self._spare_what_others_name()
        leftover = (earlier for earlier in self._index.earlier() if not self._index.has_object(earlier.key))
        removed, left, why = 0, 0, ""

        def remove(earlier: Earlier) -> bool | CredentialsError:
            may_remove()
            try:
                return self._remove(earlier, stamp, may_remove)
            except CredentialsError as error:  # the right to remove is one that a role may well not have
                return error

        for done in ordered_map(self._pool, remove, leftover):
            if isinstance(done, CredentialsError):
                left, why = left + 1, done.what
            else:
                removed += done
        return Removal(removed, left, why)

    def _spare_what_others_name(self) -> None:
        """Configs that share the label share its folders: what they have committed is not ours to remove."""
        label, day = self._keys.label, self._keys.date
        others = [name for name in self._lake.folders(f"{CONTROL}/{label}/") if name != self._keys.config]
        self._is_shared = bool(others)
        for name in others:
            for part in History(self._lake, label, name).parts(day):
                self._index.note_objects(landed.key for landed in part.records if landed.is_there)

    def _remove(self, earlier: Earlier, stamp: Stamp, may_remove: Callable[[], None]) -> bool:
        stored = self._lake.get(earlier.key)
        if stored is None:
            return False
        if stored.metadata:
            owner = Owner.of(stored, stamp)
            is_ours = owner is not None and owner.is_before(stamp)
        else:
            # Without metadata an intent alone does not tell our bytes from the same bytes of another config.
            is_known = earlier.is_certain or not self._is_shared
            is_ours = is_known and hashlib.sha256(stored.body).hexdigest() == earlier.sha256
        if is_ours:
            may_remove()  # again: while the object was being read, another run may have taken the date over
            self._lake.delete(earlier.key)
        return is_ours


def _written_by(part: Part) -> Iterator[Earlier]:
    if part.files:
        yield from (Earlier(file.key, file.sha256) for file in part.files)
    else:
        yield from (Earlier(landed.key, landed.sha256) for landed in part.records if landed.outcome == "written")


def _named_by(intent: Intent) -> Iterator[Earlier]:
    if intent.files:
        yield from (Earlier(file.key, file.sha256, is_certain=False) for file in intent.files)
    else:
        yield from (Earlier(landed.key, landed.sha256, is_certain=False) for landed in intent.records)
