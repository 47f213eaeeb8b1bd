"""What a plan is made of: slices, refs and checkpoints; and what is only told."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from msgspec import field

from ingest_core.model.value import Value

_STREAM = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def checked_stream(stream: object) -> str:
    """`stream` itself where it is a legal stream name, `[a-z][a-z0-9_]*`; else ValueError."""
    if not isinstance(stream, str) or not _STREAM.fullmatch(stream):
        raise ValueError(f"stream {stream!r}: a stream is a lower-case word such as 'movie' or 'issue_comment'")
    return stream


class Slice(Value, frozen=True):
    """The smallest unit of work that can be retried alone.

    `name` is unique within the run and names the slice's part (`[A-Za-z0-9][A-Za-z0-9._-]*`, at most 120 characters).
    `params` is the source's own and must survive a JSON round trip. `stream` and `ids` are set by the core alone, on
    slices that it makes from refs: exactly these ids, nothing else, are asked of the source.
    `requests` and `records` are estimates that `ingest plan` adds up.
    """

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    stream: str | None = None
    ids: tuple[str, ...] = ()
    requests: int = 1
    records: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(
                f"slice name {self.name!r}: use letters, digits, '.', '_' and '-', 120 at most, a letter or digit first"
            )


class Ref(Value, frozen=True):
    """A stream and an id that are still to be fetched; the core gathers refs into slices of pinned ids.

    An `id` that is neither text nor an integer is rejected, and costs itself alone. An id is fetched once in a run,
    whatever names it.

    answers        the pinned id of this slice that this ref answers for: it led to `id`, and to no record of its own
    unless_landed  the core drops the ref where a committed run of an earlier date landed the id on that day or later
    if_landed      the core drops the ref unless a committed run of an earlier date landed the id

    "A committed run" is one of any config of this label. What is dropped is counted as `skipped`.
    """

    stream: str
    id: object
    answers: object = None
    unless_landed: dt.date | None = None
    if_landed: bool = False

    def __post_init__(self) -> None:
        checked_stream(self.stream)


class Checkpoint(Value, frozen=True):
    """What the next run needs to know. Merged by name when the run commits; the last value of a name wins."""

    name: str
    value: Any


class Truncated(Value, frozen=True):
    """The API has more than it hands out: `name` is what was cut (`movie/popular`), `reason` the sentence to report.

    It changes nothing else; it exists so that a limit of the API is reported instead of met in silence.
    """

    name: str
    reason: str


class Note(Value, frozen=True):
    """Something about `name` that whoever reads the report should know, and that is no trouble: one sentence."""

    name: str
    text: str
