"""What a source hands over: records, and the ids that did not become one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Record:
    """One raw document.

    `body` is landed byte for byte. `id` becomes the file's name: a string or an integer (anything else is rejected as
    a bad id, and costs this record alone). `origin` is the answer it came from, or None where there was none.
    """

    stream: str
    id: object
    body: bytes = field(repr=False)
    origin: Origin | None = None

    def __post_init__(self) -> None:
        checked_stream(self.stream)
        if not isinstance(self.body, bytes):
            raise TypeError(f"the body of a Record is bytes, as the API sent them, not {type(self.body).__name__}")


@dataclass(frozen=True, slots=True)
class Missing:
    """The API does not have this id. An outcome, not a failure."""

    stream: str
    id: object
    reason: str

    def __post_init__(self) -> None:
        checked_stream(self.stream)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A permanent fault of this one record; it goes to the quarantine with its reason and body."""

    stream: str
    id: object
    reason: str
    body: bytes = field(default=b"", repr=False)
    origin: Origin | None = None

    def __post_init__(self) -> None:
        checked_stream(self.stream)
