"""A disk that all processes share, and the lake that one of them sees: holds that death drops, no metadata."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest_core.errors import LakeError
from ingest_core.lake import Entry, Stored

from .sites import DELETE, FULL, GET, HOLD, LIST, PUT, PUT_NEW, SWAP, site_of
from .steps import Steps


@dataclass
class Disk:
    """Files by name, and who holds which lock. `on_write` is told first."""

    files: dict[str, bytes] = field(default_factory=dict)
    held: dict[str, object] = field(default_factory=dict)
    on_write: Callable[[str, bytes | None, Mapping[str, str]], None] = lambda key, body, metadata: None

    def write(self, key: str, body: bytes) -> None:
        self.on_write(key, body, {})
        self.files[key] = body

    def delete(self, key: str) -> None:
        if key in self.files:
            self.on_write(key, None, {})
            del self.files[key]


class SimulatedDiskLake:
    """The port's promises as DiskLake keeps them, step by step."""

    uri = "disk"
    holds = True

    def __init__(self, disk: Disk, steps: Steps) -> None:
        self._disk = disk
        self._steps = steps
        steps.process.on_death.append(self._drop_holds)

    def _drop_holds(self) -> None:
        for key in [key for key, holder in self._disk.held.items() if holder is self._steps.process]:
            del self._disk.held[key]

    def _take(self, step: str, key: str, act: Callable[[], Any]) -> Any:
        def acting(fault: str | None) -> Any:
            if fault is FULL:
                raise LakeError(f"{key}: No space left on device")
            return act()

        return self._steps.take("disk", site_of(key), step, key, acting)

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        def act() -> bool:
            if key in self._disk.files:
                return False
            self._disk.write(key, body)
            return True

        return bool(self._take(PUT_NEW, key, act))

    def swap(self, key: str, body: bytes, seen: Stored | None, metadata: Mapping[str, str]) -> bool:
        if seen is None:
            return self.put_if_absent(key, body, metadata)

        def act() -> bool:
            now = self._disk.files.get(key)
            if now is None or _version(now) != seen.version:
                return False
            self._disk.write(key, body)
            return True

        return bool(self._take(SWAP, key, act))

    def hold(self, key: str) -> Callable[[], None] | None:
        process, held = self._steps.process, self._disk.held

        def act(fault: str | None) -> bool:
            if key in held:
                return False
            held[key] = process
            return True

        def release() -> None:
            if held.get(key) is process:
                del held[key]

        return release if self._steps.take("disk", "lock", HOLD, key, act) else None

    def tidy(self, prefix: str) -> None:
        """A file has no name before it is whole."""

    def delete(self, key: str) -> None:
        self._take(DELETE, key, lambda: self._disk.delete(key))

    def put(self, key: str, body: bytes) -> None:
        self._take(PUT, key, lambda: self._disk.write(key, body))

    def get(self, key: str) -> Stored | None:
        body: bytes | None = self._take(GET, key, lambda: self._disk.files.get(key))
        return None if body is None else Stored(body, version=_version(body))

    def entries(self, prefix: str) -> Iterator[Entry]:
        files = self._disk.files

        def act(fault: str | None) -> list[Entry]:
            return [Entry(key, len(files[key])) for key in sorted(files) if key.startswith(prefix)]

        found: list[Entry] = self._steps.take("disk", "list", LIST, prefix, act)
        return iter(found)

    def folders(self, prefix: str) -> list[str]:
        def act(fault: str | None) -> list[str]:
            below = (key[len(prefix) :].partition("/") for key in self._disk.files if key.startswith(prefix))
            return sorted({name for name, slash, _ in below if slash})

        names: list[str] = self._steps.take("disk", "list", LIST, prefix, act)
        return names

    def settle(self) -> None:
        """No power is lost here."""

    def check_writable(self) -> None:
        """It always is."""


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
