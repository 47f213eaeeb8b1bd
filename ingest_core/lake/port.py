"""The lake as the core sees it: a flat map from keys to bytes that can say "only if absent"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct, field


class Stored(Struct, frozen=True):
    """What lies under a key. `metadata` is empty on a lake that keeps none; `version` changes with the body.

    `age` is how many seconds ago it was written, both instants by the lake's own clock; None where it does not say.
    """

    body: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    age: float | None = None


class Entry(Struct, frozen=True):
    """One line of a listing: key and size in bytes."""

    key: str
    size: int


def content_type(key: str) -> str:
    """What an object under that key says it is, where a lake keeps such a thing: JSON, packed or not, or a page."""
    if key.endswith(".html"):
        return "text/html; charset=utf-8"
    return "application/gzip" if key.endswith(".gz") else "application/json"


class Lake(Protocol):
    """Where records land. Thread-safe. Every method raises LakeError or CredentialsError, with the key in its text.

    Keys are relative to the lake's own prefix, use '/', and come from `keys` alone.
    """

    @property
    def uri(self) -> str:
        """What a person calls it: `s3://bucket/prefix`, or the folder's path."""
        ...

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """Writes the whole of `body`, durably, unless the key exists. True where this call wrote it.

        False does not say who did: an answer lost on the way is sent again and meets its own write. Read back.
        """
        ...

    def swap(self, key: str, body: bytes, seen: Stored | None, metadata: Mapping[str, str]) -> bool:
        """Writes `body` where the key still holds what was `seen` (None: nothing). False where it holds something else.

        As with `put_if_absent`, False does not say who wrote that. On a lake with a hold, whoever swaps has it.
        """
        ...

    def hold(self, key: str) -> Callable[[], None] | None:
        """An exclusive hold that a dead process drops by itself: what releases it; None where another has it.

        A lake that has nothing of the kind always grants it, and says so by `holds`: there, leases keep runs apart.
        """
        ...

    @property
    def holds(self) -> bool:
        """Whether `hold` keeps others out."""
        ...

    def tidy(self, prefix: str) -> None:
        """Removes what processes that died while they wrote may have left below `prefix`.

        They wrote under the hold that the caller has now; what was put, and what others are writing, is not touched.
        """
        ...

    def delete(self, key: str) -> None:
        """Removes what lies under the key; nothing happens where nothing does."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Writes the whole of `body`, replacing what was there. For the framework's own files."""
        ...

    def get(self, key: str) -> Stored | None:
        """What lies under the key; None where nothing does."""
        ...

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Every object whose key begins with `prefix` (which ends in '/'), in the order of keys."""
        ...

    def folders(self, prefix: str) -> list[str]:
        """The names one level below `prefix` (which ends in '/'), sorted, without slashes."""
        ...

    def settle(self) -> None:
        """Returns when everything put before is safe from a loss of power."""
        ...

    def check_writable(self) -> None:
        """Raises where this lake could not be written to; leaves nothing behind."""
        ...
