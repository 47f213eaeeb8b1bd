"""A lake in memory, with the same promises as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from ingest_core.lake import Entry, Stored


class MemoryLake:
    """Everything in a dict under one lock. It keeps metadata, as S3 does."""

    def __init__(self) -> None:
        self._objects: dict[str, Stored] = {}
        self._lock = threading.Lock()

    @property
    def uri(self) -> str:
        return "memory"

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        with self._lock:
            if key in self._objects:
                return False
            self._objects[key] = Stored(body, dict(metadata))
            return True

    def put(self, key: str, body: bytes) -> None:
        with self._lock:
            self._objects[key] = Stored(body)

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

    def bodies(self, prefix: str) -> dict[str, bytes]:
        """Key and body of everything below `prefix`."""
        return {entry.key: stored.body for entry in self.entries(prefix) if (stored := self.get(entry.key))}
