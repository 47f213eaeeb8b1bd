"""The framework's own files in the lake, as frozen values. Every file has a format version."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

import msgspec

from ingest_core.errors import LakeError, PluginError
from ingest_core.model import Slice

FORMAT = 1


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a record's bytes came from. `url` holds no secret; `fetched_at` is in UTC."""

    url: str
    status: int
    fetched_at: dt.datetime
    attempts: int
    etag: str | None = None


class Landed(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record as it lies in the lake.

    outcome   "written" by this slice · "present": the same bytes were there · "conflict": others were there and stay ·
              "repeated": another slice of this run has this id
    """

    stream: str
    id: str
    key: str
    sha256: str
    bytes: int
    outcome: str = "written"
    origin: Provenance | None = None

    @property
    def is_there(self) -> bool:
        """Whether the lake holds these bytes under this key."""
        return self.outcome in {"written", "present"}


class Absent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One id that did not become a record, and why. `quarantine` is the key of what was rejected."""

    stream: str
    id: str
    reason: str
    quarantine: str | None = None


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that one slice did. The set of parts is the progress of the run.

    `refs` are (stream, id) in the order they were found; `next` are the slices that it handed its rest to.
    """

    format: int
    slice: str
    records: tuple[Landed, ...] = ()
    missing: tuple[Absent, ...] = ()
    rejected: tuple[Absent, ...] = ()
    unaccounted: tuple[str, ...] = ()
    refs: tuple[tuple[str, str], ...] = ()
    checkpoints: dict[str, Any] = {}
    truncated: tuple[tuple[str, str], ...] = ()
    next: tuple[Slice, ...] = ()


class PlanSegment(msgspec.Struct, frozen=True):
    """Some of the slices of one round, in plan order. `last` marks the segment that completes the round."""

    format: int
    round: int
    segment: int
    last: bool
    slices: tuple[Slice, ...]
    checkpoints: dict[str, Any] = {}


class Quarantined(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rejected record: its reason, and its body as text where it is UTF-8, else as base64."""

    format: int
    stream: str
    id: str
    reason: str
    slice: str
    text: str | None = None
    base64: bytes | None = None
    origin: Provenance | None = None


class Manifest(msgspec.Struct, frozen=True):
    """The commit of a run, written last: what it landed, by its parts, and where the next run starts.

    `rounds` says how many segments each round's plan has; every slice in them and every slice that a part names in
    `next` has a part.
    """

    format: int
    run: str
    config: str
    source: str
    label: str
    date: str
    generation: int
    started: dt.datetime
    finished: dt.datetime
    rounds: tuple[int, ...]
    parts: tuple[str, ...]
    totals: dict[str, int]
    checkpoint: dict[str, Any]
    truncated: tuple[tuple[str, str], ...]


File = Part | PlanSegment | Quarantined | Manifest
T = TypeVar("T", Part, PlanSegment, Quarantined, Manifest)


def encode(file: File) -> bytes:
    """The file as JSON, keys in a fixed order. Raises PluginError where a source gave what JSON cannot say."""
    try:
        return msgspec.json.encode(file)
    except (TypeError, ValueError, RecursionError) as error:
        raise PluginError(
            f"the params of a slice, or the value of a checkpoint, cannot be written as JSON: {error}",
            hint="use text, numbers, booleans, None, lists and mappings with text keys",
        ) from None


def decode(body: bytes, type: type[T], key: str) -> T:
    """The file as a value. Raises LakeError, naming the key, where its format is not known here."""
    try:
        version = msgspec.json.decode(body, type=_Versioned).format
    except (msgspec.DecodeError, msgspec.ValidationError):
        version = None
    if version != FORMAT:
        raise LakeError(
            f"{key}: format {version!r} is not known to this version of ingest_core (it knows {FORMAT})",
            hint="upgrade ingest_core, or use another config name",
        )
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise LakeError(f"{key}: not a file of ingest_core ({error})") from error


class _Versioned(msgspec.Struct):
    format: int
