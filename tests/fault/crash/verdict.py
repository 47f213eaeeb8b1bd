"""What lies in the lake for one date, against what the API sent. Found without asking ingest_core."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crash.site import Site, Task

OWN_FILES = re.compile(
    r"state\.json|state\.lock|"
    r"(g\d+|trial-\d+)/(plan-\d+-\d+|manifest|parts/[^/]+|intents/[^/]+/\d+-\d+|quarantine/[^/]+/\d+|"
    r"attempts/\d{8}T\d{6}\.\d{6}Z)\.json"
)
Id = tuple[str, str]


@dataclass
class Verdict:
    """One line for each fault. `requests` to the API, `again` those that had been made before."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    records: int = 0
    requests: int = 0
    again: int = 0

    @property
    def faults(self) -> dict[str, list[str]]:
        names = ("lost", "doubled", "torn", "left_behind", "wrong")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def judge(site: Site, task: Task) -> Verdict:
    """Everything that is wrong with a date that is said to be done."""
    return _Judge(site, task).judge()


class _Judge:
    def __init__(self, site: Site, task: Task) -> None:
        self._task = task
        self._verdict = Verdict()
        log = site.api.log(task.date)
        self._sent: dict[str, dict[str, str]] = log["sent"]
        self._verdict.requests, self._verdict.again = log["requests"], log["again"]
        self._raw = site.shelf.files(task.records)
        self._own = site.shelf.files(task.control)
        self._wanted = task.catalog.ids()

    def judge(self) -> Verdict:
        state = self._own_json("state.json")
        if state.get("phase") != "done":
            self._verdict.wrong.append(f"state.json says {state.get('phase')}")
        generation = f"g{state.get('generation')}/"
        manifest = self._own_json(f"{generation}manifest.json")
        parts = [self._own_json(f"{generation}parts/{name}.json") for name in manifest.get("parts", ())]
        landed = [record for part in parts for record in part.get("records", ())]
        there = [record for record in landed if record.get("outcome", "written") in {"written", "present"}]
        files = [file["key"] for part in parts for file in part.get("files", ())]
        self._look_behind(generation, manifest, {record["key"] for record in there} | set(files))
        in_folder = self._read_folder()
        self._compare("the folder", in_folder)
        self._compare("the manifest", Counter((record["stream"], record["id"]) for record in there))
        self._digests(there)
        self._totals(manifest, in_folder)
        return self._verdict

    def _own_json(self, name: str) -> dict[str, Any]:
        body = self._own.get(self._task.control + name)
        try:
            told: dict[str, Any] = json.loads(body) if body is not None else {}
        except ValueError:
            self._verdict.torn.append(name)
            return {}
        if body is None:
            self._verdict.wrong.append(f"there is no {name}")
        return told

    def _look_behind(self, generation: str, manifest: dict[str, Any], named: set[str]) -> None:
        self._verdict.left_behind.extend(f"{key}: no part names it" for key in sorted(set(self._raw) - named))
        self._verdict.lost.extend(f"{key}: a part names it" for key in sorted(named - set(self._raw)))
        parts = {f"{generation}parts/{name}.json" for name in manifest.get("parts", ())}
        for key in self._own:
            name = key.removeprefix(self._task.control)
            if OWN_FILES.fullmatch(name) is None:
                self._verdict.left_behind.append(f"{name}: no file of ours")
            elif name.startswith(f"{generation}parts/") and name not in parts:
                self._verdict.left_behind.append(f"{name}: the manifest does not name it")

    def _read_folder(self) -> Counter[Id]:
        found: Counter[Id] = Counter()
        for key, text in self._texts():
            try:
                told = json.loads(text)
                stream, id, edition = told["stream"], told["id"], told["edition"]
            except (ValueError, KeyError):
                self._verdict.torn.append(f"{key}: {text[:40]!r}… is not what the API sends")
                continue
            found[stream, id] += 1
            if edition != self._task.catalog.edition:
                self._verdict.left_behind.append(f"{key}: {stream} {id} is of edition {edition}")
                continue
            sent = self._sent.get(f"{edition}/{stream}/{id}", {})
            if _digest(text) not in (set(sent.values()) if self._task.batch else set(sent)):
                self._verdict.torn.append(f"{key}: {stream} {id} has bytes that the API never sent")
        return found

    def _texts(self) -> Iterator[tuple[str, bytes]]:
        for key, body in self._raw.items():
            if not self._task.batch:
                yield key, body
                continue
            if not body.endswith(b"\n"):
                self._verdict.torn.append(f"{key}: its last line has no end")
            yield from ((key, line) for line in body.splitlines())

    def _compare(self, where: str, found: Counter[Id]) -> None:
        for id in sorted(self._wanted - set(found)):
            self._verdict.lost.append(f"{id} in {where}")
        for id, count in found.items():
            if count > 1:
                self._verdict.doubled.append(f"{id} is {count} times in {where}")
            if id not in self._wanted and not id[1].startswith("passing-"):
                self._verdict.left_behind.append(f"{id} in {where}")

    def _digests(self, there: list[dict[str, Any]]) -> None:
        for record in there:
            body = self._raw.get(record["key"])
            if body is not None and not self._task.batch and _digest(body) != record["sha256"]:
                self._verdict.torn.append(f"{record['key']}: its part has another digest")

    def _totals(self, manifest: dict[str, Any], in_folder: Counter[Id]) -> None:
        totals = manifest.get("totals", {})
        self._verdict.records = in_folder.total()
        wanted = {
            "records": in_folder.total(),
            "missing": self._task.catalog.gone(),
            "rejected": 0,
            "conflicts": 0,
            "unaccounted": 0,
        }
        if not self._task.batch:
            wanted["bytes"] = sum(map(len, self._raw.values()))
        for name, count in wanted.items():
            if totals.get(name) != count:
                self._verdict.wrong.append(f"the manifest counts {totals.get(name)} {name}, not {count}")
        checkpoint = {"planned": self._task.date, "listed": self._task.catalog.list_pages}
        if manifest.get("checkpoint") != checkpoint:
            self._verdict.wrong.append(f"the checkpoint is {manifest.get('checkpoint')}")


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
