"""What a source hands over: records, and the ids that did not become one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from ingest_core.model.value import Value, shown_without
from ingest_core.model.work import checked_stream


class Origin(Protocol):
    """Where a record came from, as its provenance tells it. An Answer is one."""

    @property
    def url(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def fetched_at(self) -> dt.datetime: ...
    @property
    def attempts(self) -> int: ...


class Record(Value, frozen=True):
    """One raw document.

    `body` is landed byte for byte. `id` becomes the file's name: a string or an integer (anything else is rejected as
    a bad id, and costs this record alone). `origin` is the answer it came from, or None where there was none.
    """

    stream: str
    id: object
    body: bytes
    origin: Origin | None = None

    def __repr__(self) -> str:
        return shown_without(self, "body")

    def __post_init__(self) -> None:
        checked_stream(self.stream)
        if not isinstance(self.body, bytes):
            raise TypeError(f"the body of a Record is bytes, as the API sent them, not {type(self.body).__name__}")


class Missing(Value, frozen=True):
    """The API does not have this id. An outcome, not a failure."""

    stream: str
    id: object
    reason: str

    def __post_init__(self) -> None:
        checked_stream(self.stream)


class Rejected(Value, frozen=True):
    """A permanent fault of this one record; it goes to the quarantine with its reason and body."""

    stream: str
    id: object
    reason: str
    body: bytes = b""
    origin: Origin | None = None

    def __repr__(self) -> str:
        return shown_without(self, "body")

    def __post_init__(self) -> None:
        checked_stream(self.stream)
