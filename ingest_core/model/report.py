"""What a run did, in numbers and words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from msgspec import field

from ingest_core.errors import IngestError
from ingest_core.model.value import Value


class Status(Enum):
    """How a run ended, and the exit code of the command that ran it."""

    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    LOCKED = "locked"

    @property
    def exit_code(self) -> int:
        return {"done": 0, "failed": 1, "partial": 3, "locked": 5}[self.value]


class Counts(Value, frozen=True):
    """Totals of a run, summed from its parts.

    records     landed: written now, or found there with the same bytes
    written     of those, written by this run
    bytes       of the bodies landed
    missing     ids that the API does not have
    rejected    in the quarantine
    repeated    the same id again from another slice of this run; the first one stands
    duplicates  refs to an id that the run had named before; it was fetched once
    skipped     refs that were dropped by what earlier runs landed (`unless_landed`, `if_landed`)
    conflicts   a different document was there under the key; it was kept
    unaccounted pinned ids that a slice never answered for
    slices      closed, each with its part
    requests    HTTP requests sent, retries included
    retries     of those, sent again
    throttled   of those, refused with 429
    """

    records: int = 0
    written: int = 0
    bytes: int = 0
    missing: int = 0
    rejected: int = 0
    repeated: int = 0
    duplicates: int = 0
    skipped: int = 0
    conflicts: int = 0
    unaccounted: int = 0
    slices: int = 0
    requests: int = 0
    retries: int = 0
    throttled: int = 0


class HandedOver(Value, frozen=True):
    """A round that workers are to land, `segments` of it, so many at once, by the array that lies under `key`.

    `tolerated`: how many segments in a hundred may fail. `open`: how many have something for workers, those among them
    that do not fit into the array.
    """

    round: int
    segments: int
    workers: int
    key: str
    tolerated: float
    open: int


STEP_SECONDS = 60
LATENCY_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000)


class Timeline(Value, frozen=True):
    """What one attempt did, step by step: as many of each kind as there are steps.

    seconds    how long a step is: a minute, more where a run takes hours
    records    landed, `requests` sent, `retries` of those, `throttled` of those refused with 429
    latency    exchanges, retries included, by how long they took: up to LATENCY_MS[0] milliseconds, up to
               LATENCY_MS[1], …, and longer than the last
    setbacks   why answers were no use at first, and how often, in the words of the log; the most frequent first
    """

    seconds: int = STEP_SECONDS
    records: tuple[int, ...] = ()
    requests: tuple[int, ...] = ()
    retries: tuple[int, ...] = ()
    throttled: tuple[int, ...] = ()
    latency: tuple[int, ...] = ()
    setbacks: tuple[tuple[str, int], ...] = ()


NO_TIMELINE = Timeline()


class Fault(NamedTuple):
    """The failure that decided a status: its name in the error tree, what is wrong, what to do next, and its code."""

    kind: str
    what: str
    hint: str
    code: str

    @classmethod
    def of(cls, error: IngestError) -> Fault:
        """What can be told of `error`."""
        return cls(type(error).__name__, error.what, error.hint, error.code.value)


class Report(Value, frozen=True):
    """The whole account of one run. `problems` and `notes` are sentences for a person.

    `manifest` is a key, None if not committed. `error` is the failure that decided the status, `exit_code` its exit
    code. `began` is when it got its claim, None where it came to none. `workers` is how many could land slices at the
    same time. `handed` is what the step of a state machine leaves to workers.
    """

    status: Status
    config: str
    source: str
    label: str
    date: dt.date
    run: str
    lake: str
    prefix: str
    counts: Counts
    seconds: float
    manifest: str | None = None
    already_done: bool = False
    limited: bool = False
    error: Fault | None = None
    exit_code: int = 0
    problems: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    checkpoint: Mapping[str, Any] = field(default_factory=dict)
    began: dt.datetime | None = None
    timeline: Timeline = field(default_factory=Timeline)
    notice: str = ""
    workers: int = 1
    handed: HandedOver | None = None
