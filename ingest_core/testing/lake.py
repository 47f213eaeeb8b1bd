"""A lake in memory, with the same promises as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count

from ingest_core.lake import Entry, Stored


class MemoryLake:
    """Everything in a dict under one lock. It keeps metadata, as S3 does."""

    def __init__(self) -> None:
        self._objects: dict[str, Stored] = {}
        self._lock = threading.Lock()
        self._held: set[str] = set()
        self._versions = count(1)

    @property
    def uri(self) -> str:
        return "memory"

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        with self._lock:
            if key in self._objects:
                return False
            self._objects[key] = self._stored(body, metadata)
            return True

    def swap(self, key: str, body: bytes, seen: Stored | None, metadata: Mapping[str, str]) -> bool:
        with self._lock:
            now = self._objects.get(key)
            if (now.version if now else "") != (seen.version if seen else ""):
                return False
            self._objects[key] = self._stored(body, metadata)
            return True

    @property
    def holds(self) -> bool:
        return True

    def hold(self, key: str) -> Callable[[], None] | None:
        with self._lock:
            if key in self._held:
                return None
            self._held.add(key)
        return partial(self._held.discard, key)

    def tidy(self, prefix: str) -> None:
        """Memory shows nothing by halves."""

    def delete(self, key: str) -> None:
        with self._lock:
            self._objects.pop(key, None)

    def put(self, key: str, body: bytes) -> None:
        with self._lock:
            self._objects[key] = self._stored(body, {})

    def get(self, key: str) -> Stored | None:
        with self._lock:
            return self._objects.get(key)

    def entries(self, prefix: str) -> Iterator[Entry]:
        with self._lock:
            found = [Entry(key, len(stored.body)) for key, stored in self._objects.items() if key.startswith(prefix)]
        yield from sorted(found, key=lambda entry: entry.key)

    def folders(self, prefix: str) -> list[str]:
        below = (entry.key.removeprefix(prefix).partition("/") for entry in self.entries(prefix))
        return sorted({name for name, slash, _ in below if slash})

    def settle(self) -> None:
        """Memory is as safe as it gets."""

    def check_writable(self) -> None:
        """It always is."""

    def _stored(self, body: bytes, metadata: Mapping[str, str]) -> Stored:
        return Stored(body, dict(metadata), str(next(self._versions)))

    def bodies(self, prefix: str) -> dict[str, bytes]:
        """Key and body of everything below `prefix`."""
        return {entry.key: stored.body for entry in self.entries(prefix) if (stored := self.get(entry.key))}
