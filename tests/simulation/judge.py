"""What must hold, whatever failed: looked at as things are written, and when everything is over."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from ingest_core.model import Context, Slice
from ingest_core.state import Landed, Manifest, Part, Phase, PlanSegment, Quarantined, RunState, decode

from .api import Id, SimulatedApi
from .source import LABEL, Asked
from .world import Process, World

CONFIG = "films"
FOREIGN_BODY = b'{"foreign": true}'


@dataclass
class Claimed:
    """What a process has claimed last, and when."""

    state: RunState
    tick: int

    @property
    def run(self) -> str:
        return f"{CONFIG}/{self.state.date}/{self.root}"

    @property
    def root(self) -> str:
        return f"g{self.state.generation}" if self.state.limit is None else f"trial-{self.state.trials}"


@dataclass
class Judge:
    """`read` gives what lies under a key now, `keys` all keys, `generation` that of an object where the lake knows.

    `foreign` are keys that somebody else wrote, and that nobody may touch.
    """

    world: World
    api: SimulatedApi
    read: Callable[[str], bytes | None]
    keys: Callable[[], Iterable[str]]
    generation: Callable[[str], int | None]
    foreign: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    _claims: dict[Process, Claimed] = field(default_factory=dict)
    _called: set[Process] = field(default_factory=set)
    _parts: dict[str, int] = field(default_factory=dict)
    _checkpoints: dict[str, list[dict[str, object]]] = field(default_factory=lambda: defaultdict(list))
    _tick: int = 0

    def on_write(self, key: str, body: bytes | None, metadata: Mapping[str, str]) -> None:
        """Something is about to be written or (no body) removed."""
        self._tick += 1
        process = self.world.current().process
        process.acts += 1
        if key.startswith("Raw/"):
            self._on_record(process, key, body, metadata)
        elif body is not None and key.endswith("/state.json"):
            state = decode(body, RunState, key)
            claimed = self._claims.get(process)
            if claimed is None or (claimed.state.date, claimed.state.epoch) != (state.date, state.epoch):
                self._claims[process] = Claimed(state, self._tick)
        elif "/parts/" in key:
            self._parts[key] = self._tick
        elif body is not None and key.endswith("/manifest.json"):
            self._on_commit(key, body)

    def _on_record(self, process: Process, key: str, body: bytes | None, metadata: Mapping[str, str]) -> None:
        there = self.generation(key)
        if there is None:
            return
        claimed = self._claims.get(process)
        writer = _generation(metadata) if body is not None else claimed.state.generation if claimed is not None else 0
        # A trial is generation 0 whatever its number; trials make room for one another.
        is_same = there == writer and there > 0
        if is_same and body is None and claimed is not None:
            # A file that came late, or was a double's, and holds what others have: no part names it.
            is_same = self._is_named(claimed.run, key)
        if there > writer or is_same:
            self.say(f"{key} of generation {there} was {'removed' if body is None else 'rewritten'} by {writer}")

    def _is_named(self, run: str, key: str) -> bool:
        root = f"_ingest/{LABEL}/{run}/parts/"
        bodies = (self.read(name) for name in self.keys() if name.startswith(root))
        parts = [decode(body, Part, root) for body in bodies if body is not None]
        return key in {file.key for part in parts for file in part.files}

    def _on_commit(self, key: str, body: bytes) -> None:
        manifest = decode(body, Manifest, key)
        self._checkpoints[manifest.date].append(manifest.checkpoint)
        parts = self.parts(manifest)
        if len(parts) != len(manifest.parts):
            self.say(f"{key}: committed before its parts")
        self._check_data(manifest, parts, "at the commit")

    def parts(self, manifest: Manifest) -> list[Part]:
        root = f"_ingest/{LABEL}/{manifest.run}/parts/"
        bodies = ((f"{root}{name}.json", self.read(f"{root}{name}.json")) for name in manifest.parts)
        return [decode(body, Part, key) for key, body in bodies if body is not None]

    def _check_data(self, manifest: Manifest, parts: list[Part], when: str) -> None:
        """Every record that the manifest names is there, with its digest, once."""
        there: Counter[Id] = Counter()
        for part in parts:
            digests = {file.key: file.sha256 for file in part.files}
            for key, digest in digests.items():
                self._check_object(key, digest, f"{when}, {manifest.run}")
            for landed in part.records:
                if landed.is_there:
                    there[landed.stream, landed.id] += 1
                    if not part.files:
                        self._check_object(landed.key, landed.sha256, f"{when}, {manifest.run}")
                    elif landed.key not in digests:
                        self.say(f"{when}, {manifest.run}: {landed.id} is in a file that its part does not name")
        twice = [id for id, count in there.items() if count > 1]
        if twice:
            self.say(f"{when}, {manifest.run}: twice in the manifest: {twice}")

    def _check_object(self, key: str, digest: str, when: str) -> None:
        body = self.read(key)
        if body is None:
            self.say(f"{when}: {key} is not there")
        elif hashlib.sha256(body).hexdigest() != digest:
            self.say(f"{when}: {key} has another digest")

    def on_plan(self, ctx: Context) -> None:
        """The checkpoint that a run begins with is one that was committed, of an earlier date."""
        seen = dict(ctx.checkpoint)
        committed = [
            checkpoint
            for date, checkpoints in self._checkpoints.items()
            if date < ctx.date.isoformat()
            for checkpoint in checkpoints
        ]
        if seen not in (committed or [{}]) and seen:
            self.say(f"the run of {ctx.date} saw a checkpoint that nobody committed: {seen}")

    def works_under(self, worker: Process, coordinator: Process) -> None:
        """What `worker` does from now on is under the claim that `coordinator` has."""
        self._claims[worker] = self._claims[coordinator]

    def is_called(self, worker: Process) -> None:
        """What `worker` does is under the claim that it finds first."""
        self._called.add(worker)

    def on_read(self, process: Process, key: str, body: bytes) -> None:
        """Something has been read."""
        if process in self._called and process not in self._claims and key.endswith("/state.json"):
            self._claims[process] = Claimed(decode(body, RunState, key), self._tick)

    def run_of(self, process: Process) -> str:
        return self._claims[process].run

    def on_fetch(self, process: Process, run: str, slice_name: str) -> None:
        """A slice that had its part when the date was claimed is not asked for again."""
        tick = self._parts.get(f"_ingest/{LABEL}/{run}/parts/{slice_name}.json")
        if tick is not None and tick < self._claims[process].tick:
            self.say(f"{run}: closed slice {slice_name} is fetched again")

    def say(self, what: str) -> None:
        self.violations.append(what)

    def days(self) -> set[dt.date]:
        """The days that something was begun of."""
        return {dt.date.fromisoformat(key.split("/")[3]) for key in self.keys() if key.startswith("_ingest/")}

    def verdict(self) -> None:
        """Everything is over: each date that was really run is whole."""
        for day in sorted(map(str, self.days())):
            key = f"_ingest/{LABEL}/{CONFIG}/{day}/state.json"
            body = self.read(key)
            if body is None:
                self.say(f"{day}: there is no state")
                continue
            state = decode(body, RunState, key)
            if state.generation:
                self._judge_day(day, state)

    def _judge_day(self, day: str, state: RunState) -> None:
        if state.phase not in {Phase.DONE, Phase.LIMITED} and not (
            state.phase is Phase.RUNNING and state.limit is not None
        ):
            self.say(f"{day}: the run is left {state.phase.value}")
            return
        manifest = self._manifest(day, state.generation)
        if manifest is None:
            self.say(f"{day}: generation {state.generation} has no manifest")
            return
        parts = self.parts(manifest)
        self._check_data(manifest, parts, "at the end")
        self._check_folder(day, parts)
        self._check_sent(manifest, parts)
        self._check_lost(manifest, parts)
        self._check_totals(manifest, parts)

    def _manifest(self, day: str, generation: int) -> Manifest | None:
        key = f"_ingest/{LABEL}/{CONFIG}/{day}/g{generation}/manifest.json"
        body = self.read(key)
        return None if body is None else decode(body, Manifest, key)

    def _check_folder(self, day: str, parts: list[Part]) -> None:
        """What lies there is what the manifest names, and each id lies there once."""
        named = {landed.key for part in parts for landed in part.records if landed.is_there}
        dated = f"/{day.replace('-', '/')}/"
        lying = {key for key in self.keys() if key.startswith("Raw/") and dated in key}
        for key in self.foreign:
            if self.read(key) != FOREIGN_BODY:
                self.say(f"{key} is somebody else's, and was touched")
        for key in sorted(lying - named - self.foreign):
            self.say(f"{day}: {key} lies there and no part names it")
        ids: Counter[Id] = Counter()
        files = {file.key for part in parts for file in part.files}
        for key in lying & files:
            for line in (self.read(key) or b"").splitlines():
                found = msgspec.json.decode(line)
                ids[found["of"], str(found["id"])] += 1
        twice = [id for id, count in ids.items() if count > 1]
        if twice:
            self.say(f"{day}: twice in the folder: {twice}")

    def _check_sent(self, manifest: Manifest, parts: list[Part]) -> None:
        """The bytes are the API's own."""
        for landed in _there(parts):
            digests = {hashlib.sha256(body).hexdigest() for body in self.api.sent[landed.stream, landed.id]}
            if landed.sha256 not in digests:
                self.say(f"{manifest.run}: {landed.stream} {landed.id} is nothing that the API sent")

    def _check_lost(self, manifest: Manifest, parts: list[Part]) -> None:
        """Whatever was pinned, and what some whole answer to each slice named, is accounted for."""
        there = {(landed.stream, landed.id) for landed in _there(parts)}
        absent = {(one.stream, one.id) for part in parts for one in (*part.missing, *part.rejected)}
        self._check_quarantine(manifest, parts)
        conflicts = {(one.stream, one.id) for part in parts for one in part.records if one.outcome == "conflict"}
        accounted = there | absent | conflicts
        pinned = {ref for part in parts for ref in part.refs}
        named = [slice.name for part in parts for slice in part.next]
        for slice in self._planned(manifest):
            named.append(slice.name)
            pinned.update((slice.stream or "", id) for id in slice.ids)
        without = sorted(set(named) - set(manifest.parts))
        if without:
            self.say(f"{manifest.run}: no part of {without}")
        said = {(one.stream, one.id) for part in parts for one in part.records}
        lost = sorted((pinned | said) - accounted)
        if lost:
            self.say(f"{manifest.run}: lost {lost}")
        answers: dict[str, list[frozenset[Id]]] = defaultdict(list)
        for asked in self.asked:
            # A plan that nothing had landed of may have made room for another.
            if asked.run == manifest.run and (asked.slice in named or _first_page(asked.slice) in named):
                answers[asked.slice].append(asked.ids)
        for slice_name, told in answers.items():
            if not any(ids <= accounted for ids in told):
                self.say(f"{manifest.run}: lost rows of {slice_name}: {[sorted(ids - accounted) for ids in told]}")

    def _check_quarantine(self, manifest: Manifest, parts: list[Part]) -> None:
        """What a part says was rejected lies where it says."""
        for part in parts:
            for one in part.rejected:
                body = self.read(one.quarantine or "")
                if body is None or decode(body, Quarantined, "quarantine").id != one.id:
                    self.say(f"{manifest.run}: {one.stream} {one.id} is not what lies at {one.quarantine}")

    def _planned(self, manifest: Manifest) -> Iterator[Slice]:
        for round, segments in enumerate(manifest.rounds):
            for segment in range(segments):
                key = f"_ingest/{LABEL}/{manifest.run}/plan-{round}-{segment}.json"
                body = self.read(key)
                if body is None:
                    self.say(f"{key} is not there")
                else:
                    yield from decode(body, PlanSegment, key).slices

    def _check_totals(self, manifest: Manifest, parts: list[Part]) -> None:
        if manifest.totals["records"] != sum(1 for _ in _there(parts)):
            self.say(f"{manifest.run}: the manifest counts {manifest.totals['records']} records")


def _first_page(slice_name: str) -> str:
    return f"{slice_name.rpartition('-')[0]}-1"


def _there(parts: list[Part]) -> Iterable[Landed]:
    return (landed for part in parts for landed in part.records if landed.is_there)


def _generation(metadata: Mapping[str, str]) -> int:
    return int(metadata.get("ingest-generation", "0"))
