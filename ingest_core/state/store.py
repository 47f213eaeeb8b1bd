"""Reading and writing the files of one run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ingest_core.errors import LakeError
from ingest_core.keys import ControlKeys, control_root
from ingest_core.lake import Lake
from ingest_core.model import Slice
from ingest_core.state.files import FORMAT, Manifest, Part, PlanSegment, Quarantined, decode, encode

SLICES_IN_A_SEGMENT = 1000


class RunStore:
    """Plan, parts, quarantine and manifest of one run. Data first, bookkeeping second, checkpoint last."""

    def __init__(self, lake: Lake, keys: ControlKeys) -> None:
        self._lake = lake
        self.keys = keys

    def write_plan(self, round: int, slices: Sequence[Slice], checkpoints: Mapping[str, Any]) -> list[PlanSegment]:
        """Writes a round in segments (one, empty, for a round without slices); returns them as they would be read."""
        segments = []
        count = max(1, -(-len(slices) // SLICES_IN_A_SEGMENT))
        for segment in range(count):
            some = tuple(slices[segment * SLICES_IN_A_SEGMENT : (segment + 1) * SLICES_IN_A_SEGMENT])
            plan = PlanSegment(FORMAT, round, segment, segment == count - 1, some, dict(checkpoints))
            key, body = self.keys.plan(round, segment), encode(plan)
            self._lake.put(key, body)
            segments.append(decode(body, PlanSegment, key))
        return segments

    def write_part(self, part: Part) -> Part:
        """Writes a part, once everything that it names is safe; returns it as whoever resumes would read it."""
        key, body = self.keys.part(part.slice), encode(part)
        self._lake.settle()
        self._lake.put(key, body)
        return decode(body, Part, key)

    def write_quarantined(self, number: int, rejected: Quarantined) -> str:
        """Writes what was rejected; returns its key."""
        key = self.keys.quarantine(rejected.slice, number)
        self._lake.put(key, encode(rejected))
        return key

    def write_manifest(self, manifest: Manifest) -> str:
        """Commits the run; returns the manifest's key."""
        self._lake.settle()
        key, body = self.keys.manifest(), encode(manifest)
        if not self._lake.put_if_absent(key, body, {}):
            stored = self._lake.get(key)
            if stored is None or stored.body != body:
                raise LakeError(f"{key} was written by another run meanwhile", hint="its account stands; run again")
        self._lake.settle()
        return key

    def read_manifest(self) -> Manifest | None:
        """This run's manifest, None where it is not committed."""
        return _read_manifest(self._lake, self.keys.manifest())


class History:
    """What the committed runs of one config left in the lake."""

    def __init__(self, lake: Lake, label: str, config: str) -> None:
        self._lake = lake
        self._label = label
        self._config = config

    def checkpoint_before(self, date: dt.date) -> dict[str, Any]:
        """The checkpoint of the newest committed run of an earlier date; empty where there is none."""
        for manifest in self._manifests():
            if manifest.date < date.isoformat():
                return manifest.checkpoint
        return {}

    def landed(self, stream: str, since: dt.date) -> Iterator[str]:
        """The ids of `stream` that committed runs landed on or after `since`; one id may come more than once."""
        for manifest in self._manifests():
            if manifest.date < since.isoformat():
                return
            keys = ControlKeys(self._label, self._config, dt.date.fromisoformat(manifest.date), manifest.generation)
            for part in self._parts(keys, manifest.parts):
                yield from (landed.id for landed in part.records if landed.stream == stream and landed.is_there)

    def _parts(self, keys: ControlKeys, names: Iterable[str]) -> Iterator[Part]:
        for name in names:
            stored = self._lake.get(keys.part(name))
            if stored is not None:
                yield decode(stored.body, Part, keys.part(name))

    def _manifests(self) -> Iterator[Manifest]:
        """Newest date first; of one date, the newest generation alone."""
        root = control_root(self._label, self._config)
        for day in sorted((name for name in self._lake.folders(root) if _is_date(name)), reverse=True):
            generations = [int(name[1:]) for name in self._lake.folders(f"{root}{day}/") if name[1:].isdigit()]
            for generation in sorted(generations, reverse=True):
                keys = ControlKeys(self._label, self._config, dt.date.fromisoformat(day), generation)
                manifest = _read_manifest(self._lake, keys.manifest())
                if manifest is not None:
                    yield manifest
                    break


def _read_manifest(lake: Lake, key: str) -> Manifest | None:
    stored = lake.get(key)
    return None if stored is None else decode(stored.body, Manifest, key)


def _is_date(name: str) -> bool:
    try:
        return dt.date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False
