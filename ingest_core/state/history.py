"""What the runs of one config left in the lake."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ingest_core.errors import LakeError
from ingest_core.keys import ControlKeys, control_root, label_root
from ingest_core.lake import Lake
from ingest_core.state.files import Account, Manifest, Part, RunState, decode
from ingest_core.state.store import RunStore

logger = logging.getLogger(__name__)

DAYS_LOOKED_BACK = 31
Read = Callable[[Callable[[dt.date], RunState | None], list[dt.date]], Iterable[RunState | None]]


class History:
    """The days of one config, newest first."""

    def __init__(self, lake: Lake, label: str, config: str) -> None:
        self._lake = lake
        self._label = label
        self._config = config

    @property
    def label(self) -> str:
        return self._label

    @property
    def config(self) -> str:
        return self._config

    def days(self) -> list[dt.date]:
        """Every day that has files of this config, newest first."""
        found = filter(_is_date, self._lake.folders(control_root(self._label, self._config)))
        return sorted(map(dt.date.fromisoformat, found), reverse=True)

    def keys(self, day: dt.date, generation: int = 1) -> ControlKeys:
        """The keys of a day."""
        return ControlKeys(self._label, self._config, day, generation)

    def keys_of(self, day: dt.date, state: RunState) -> ControlKeys:
        """The keys of the run that a day's state is about: its newest generation, or a trial."""
        keys = self.keys(day, state.generation)
        return keys if state.limit is None else keys.of_trial(state.trials)

    def store(self, day: dt.date, generation: int) -> RunStore:
        """For reading the files of one generation of a day."""
        return RunStore(self._lake, self.keys(day, generation))

    def state(self, day: dt.date) -> RunState | None:
        """Where the run of that day stands; None where there is none."""
        key = self.keys(day).state
        stored = self._lake.get(key)
        return None if stored is None else decode(stored.body, RunState, key)

    def unfinished(self, read: Read = map) -> list[RunState]:
        """The runs that are begun and not finished, oldest first, of the newest days that have files.

        `read` is `map`, or one that asks for several at once.
        """
        states = read(self.state, self.days()[:DAYS_LOOKED_BACK])
        return sorted((state for state in states if state and state.is_unfinished), key=lambda state: state.date)

    def checkpoint_before(self, date: dt.date) -> dict[str, Any]:
        """The checkpoint of the newest committed run of an earlier date; empty where there is none."""
        for day in self.days():
            manifest = self.manifest(day) if day < date else None
            if manifest is not None:
                state = self.state(day)
                return {} if state is not None and state.forgotten else manifest.checkpoint
        return {}

    def landed(self, stream: str, since: dt.date) -> Iterator[str]:
        """The ids of `stream` that committed runs landed on or after `since`; one id may come more than once."""
        for day in self.days():
            if day < since:
                return
            for part in self.parts(day):
                yield from (landed.id for landed in part.records if landed.stream == stream and landed.is_there)

    def manifest(self, day: dt.date) -> Manifest | None:
        """The manifest of that day's newest committed generation, with what replays added; None without one."""
        found = (self.manifest_of(day, generation) for generation in self.generations(day))
        return next(filter(None, found), None)

    def manifest_of(self, day: dt.date, generation: int) -> Manifest | None:
        """The manifest of one generation of that day, with what replays added; None where it is not committed."""
        store = self.store(day, generation)
        manifest = store.read_manifest()
        supplement = 1
        # A replay adds only where something was rejected: of most days one request says it all.
        while manifest is not None and manifest.totals.get("rejected", 0):
            newer = store.read_manifest(supplement)
            if newer is None:
                break
            manifest, supplement = newer, supplement + 1
        return manifest

    def generations(self, day: dt.date) -> list[int]:
        """The generations that a day has files of, newest first."""
        names = self._lake.folders(self.keys(day).day)
        return sorted((int(name[1:]) for name in names if name[:1] == "g" and name[1:].isdigit()), reverse=True)

    def accounts(self, keys: ControlKeys, most: int) -> list[Account]:
        """What the newest attempts at a run told of themselves, oldest first; what cannot be read is left out."""
        found = []
        for entry in list(self._lake.entries(keys.accounts))[-most:]:
            stored = self._lake.get(entry.key)
            try:
                found += [] if stored is None else [decode(stored.body, Account, entry.key)]
            except LakeError:
                logger.debug("%s is left out", entry.key, exc_info=True)
        return found

    def parts(self, day: dt.date) -> Iterator[Part]:
        """The parts that the day's manifest names."""
        manifest = self.manifest(day)
        if manifest is not None:
            yield from self.parts_of(self.keys(day, manifest.generation), manifest.parts)

    def parts_of(self, keys: ControlKeys, names: Iterable[str]) -> Iterator[Part]:
        """These parts, in that order; what `ingest prune` removed is left out."""
        store = RunStore(self._lake, keys)
        yield from filter(None, map(store.read_part, names))


def histories(lake: Lake, label: str) -> list[History]:
    """Every config of a label that has files in the lake."""
    return [History(lake, label, config) for config in lake.folders(label_root(label))]


def _is_date(name: str) -> bool:
    try:
        return dt.date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False
