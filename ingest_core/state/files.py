"""The framework's own files in the lake, as frozen values. Every file has a format version."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
from typing import Any, TypeVar

import msgspec

from ingest_core.codes import Code
from ingest_core.errors import LakeError, PluginError
from ingest_core.model import NO_TIMELINE, Batch, Fault, Slice, Timeline

FORMAT = 1


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a record's bytes came from. `url` holds no secret; `fetched_at` is in UTC."""

    url: str
    status: int
    fetched_at: dt.datetime
    attempts: int
    etag: str | None = None


class Landed(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record as it lies in the lake: `sha256` and `bytes` are of the body that the API sent.

    outcome   "written" by this run · "present": the same bytes were there · "conflict": others were there and stay ·
              "repeated": another slice of this run has this id
    line      in a file of many records: the digest of the record's line, where it is not the body's own
    """

    stream: str
    id: str
    key: str
    sha256: str
    bytes: int
    outcome: str = "written"
    origin: Provenance | None = None
    line: str | None = None

    @property
    def is_there(self) -> bool:
        """Whether the lake holds this record under this key."""
        return self.outcome in {"written", "present"}


class BatchFile(msgspec.Struct, frozen=True):
    """One file of many records: its digest and size as it lies in the lake."""

    key: str
    sha256: str
    bytes: int


class Intent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a slice is about to put: written before the first put of a chunk, so that nothing it leaves is unknown."""

    format: int
    slice: str
    epoch: int
    records: tuple[Landed, ...]
    files: tuple[BatchFile, ...] = ()


class Absent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One id that did not become a record, and why. `quarantine` is the key of what was rejected."""

    stream: str
    id: str
    reason: str
    quarantine: str | None = None


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that one slice did. The set of parts is the progress of the run.

    refs       (stream, id) in the order they were found; those that were dropped are counted as `skipped`
    resolved   the pinned (stream, id) that one of `refs` answers for
    next       the slices that it handed its rest to
    files      the files of many records
    recovered  the (stream, id) that a replay took out of the quarantine
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
    files: tuple[BatchFile, ...] = ()
    recovered: tuple[tuple[str, str], ...] = ()
    skipped: int = 0
    resolved: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


class PlanSegment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Some of the slices of one round, in plan order. All segments of a round are of one epoch.

    last         marks the segment that completes the round
    settings     in round 0: the fingerprint of what was frozen when it was planned
    before       in round 0: the checkpoint that the run began with
    checkpoints  in the last segment of round 0: what the plan itself said
    notes        in the last segment of round 0: what the plan told
    totals       in the last segment: what became of the refs that made no slice, by the names that `Counts` has
    """

    format: int
    round: int
    segment: int
    epoch: int
    last: bool
    slices: tuple[Slice, ...]
    settings: str = ""
    before: dict[str, Any] = {}
    checkpoints: dict[str, Any] = {}
    notes: tuple[tuple[str, str], ...] = ()
    totals: dict[str, int] = {}


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
    notes: tuple[tuple[str, str], ...] = ()


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one attempt at a run went, for whoever looks at it later. Nothing rests on it: it may be missing.

    status    "done", "partial" or "failed"
    ended     by the writer's clock, in UTC, after so many `seconds`
    counts    by the names that `Counts` has, where they are not 0; requests, retries and throttled are this attempt's
    problems  sentences for a person, as the report had them
    workers   how many could land slices at the same time; 0 where it is not known
    """

    format: int
    run: str
    status: str
    ended: dt.datetime
    seconds: float
    counts: dict[str, int] = {}
    error: Fault | None = None
    problems: tuple[str, ...] = ()
    timeline: Timeline = NO_TIMELINE
    workers: int = 0


class Frozen(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stays the same from a run's first attempt to its last. Secrets in `settings` are references.

    `streams` are the source's own: a version of it that has others makes other keys.
    """

    source: str
    settings: dict[str, Any]
    streams: tuple[str, ...] = ()
    specification: dict[str, str] = {}
    batch: Batch | None = None

    @property
    def fingerprint(self) -> str:
        """Equal where runs would land the same under the same keys."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


class Phase(enum.Enum):
    """Where the run of a date stands.

    RUNNING    somebody has the claim: alive, or dead since less than the lease
    HANDED     a round was handed to workers that no process looks after; they renew the lease
    OPEN       not finished, and nobody is at it
    DONE       committed
    LIMITED    it was a trial by --limit, and ended
    ABANDONED  given up; its records stay until a later generation of the date replaces them
    """

    RUNNING = "running"
    HANDED = "handed"
    OPEN = "open"
    DONE = "done"
    LIMITED = "limited"
    ABANDONED = "abandoned"


class Handed(msgspec.Struct, frozen=True):
    """A round that so many workers at once land. `slowed`: what refusals have left of the rate, 0 to 1.

    `open` counts the segments that had something for workers, `left` the slices that they left to whoever collects.
    """

    round: int
    segments: int
    workers: int
    slowed: float = 1.0
    open: int = 0
    left: int = 0


class RunState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The claim of one date of one config. Changed by compare-and-swap alone.

    epoch      counts the claims; each has a `nonce` of its own
    renewals   counts the renewals of this claim's lease
    begun      when this generation began, `touched` when this was written; both by the writer's clock, in UTC
    holder     who has the claim, for a person to read
    generation counts the real runs of the date; 0 where there was none yet
    limit      set for a trial by --limit, which nothing resumes; `trials` counts them
    refreshed  this generation was begun by --refresh: the same wish goes on with it
    untouched  nothing has landed yet: the next attempt may begin it with other settings
    forgotten  the checkpoint that this date committed is not to be used any more
    handed     in the phase HANDED: what was; kept by whoever collects
    """

    format: int
    config: str
    date: str
    phase: Phase
    generation: int
    epoch: int
    nonce: str
    frozen: Frozen
    begun: dt.datetime
    touched: dt.datetime
    renewals: int = 0
    holder: str = ""
    limit: int | None = None
    trials: int = 0
    refreshed: bool = False
    untouched: bool = False
    forgotten: bool = False
    handed: Handed | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether a later run has to finish this one."""
        return self.phase in {Phase.RUNNING, Phase.HANDED, Phase.OPEN} and self.limit is None


File = Part | PlanSegment | Intent | Quarantined | Manifest | RunState | Account
T = TypeVar("T", Part, PlanSegment, Intent, Quarantined, Manifest, RunState, Account)


def encode(file: File) -> bytes:
    """The file as JSON, keys in a fixed order. Raises PluginError where a source gave what JSON cannot say."""
    try:
        return msgspec.json.encode(file)
    except (TypeError, ValueError, RecursionError) as error:
        raise PluginError(
            f"the params of a slice, or the value of a checkpoint, cannot be written as JSON: {error}",
            Code.SOURCE_VALUES,
            hint="use text, numbers, booleans, None, lists and mappings with text keys",
        ) from None


def decode(body: bytes, type: type[T], key: str) -> T:
    """The file as a value. Raises LakeError, naming the key, where its format is not known here."""
    try:
        version = _VERSIONED.decode(body).format
    except (msgspec.DecodeError, msgspec.ValidationError):
        version = None
    if version != FORMAT:
        raise LakeError(
            f"{key}: format {version!r} is not known to this version of ingest_core (it knows {FORMAT})",
            Code.LAKE_FORMAT,
            hint="upgrade ingest_core, or use another config name",
        )
    try:
        found: T = _DECODERS[type].decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise LakeError(f"{key}: not a file of ingest_core ({error})", Code.LAKE_FORMAT) from error
    return found


class _Versioned(msgspec.Struct):
    format: int


# Made here, by the one thread that imports: msgspec finds out about a type when it is first asked to decode it, and
# two threads that ask at once can end the process with SIGSEGV (seen with 0.22).
_VERSIONED = msgspec.json.Decoder(_Versioned)
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {
    type: msgspec.json.Decoder(type) for type in (Part, PlanSegment, Intent, Quarantined, Manifest, RunState, Account)
}
