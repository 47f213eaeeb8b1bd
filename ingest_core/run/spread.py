"""The seam between a run and workers elsewhere: something shaped like `map`, and what goes through it.

One process coordinates: it has the claim, plans each round, and commits. Workers land slices of a round, wherever they
are; what they have done lies in the lake, as parts, and nowhere else. So a worker that dies takes nothing with it: what
it had closed is closed, and what it had begun is taken up by whoever comes next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from ingest_core import errors
from ingest_core.codes import Code
from ingest_core.errors import ConfigError, IngestError, StopError
from ingest_core.model import NO_TIMELINE, Slice, Timeline
from ingest_core.state import Ticket

_KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, IngestError) and kind is not ConfigError
}


class Piece(msgspec.Struct, frozen=True):
    """Some slices of a round, for one worker."""

    number: int
    slices: tuple[Slice, ...]


class Allotment(msgspec.Struct, frozen=True):
    """A worker's share: requests a second, connections, and seconds until it must be over (None: no limit)."""

    rate: float
    connections: int
    seconds: float | None = None


class Failed(msgspec.Struct, frozen=True):
    """A slice that a worker tried and left open: the error's name in the tree, what it says, and its code."""

    slice: str
    kind: str
    what: str
    code: Code
    hint: str = ""

    @classmethod
    def of(cls, slice_name: str, error: IngestError) -> Failed:
        return cls(slice_name, type(error).__name__, error.what, error.code, error.hint)

    def error(self) -> IngestError:
        """The error as it was raised."""
        kind: Callable[..., IngestError] = _KINDS.get(self.kind, StopError)
        code = self.code
        return kind(self.what, code, hint=self.hint)


class Done(msgspec.Struct, frozen=True):
    """What became of a piece, since this was last told: the slices that have their part now, and those that failed.

    `left` counts those that whoever coordinates must land; `is_over` where the worker came to the end of the piece,
    `is_hopeless` where it stopped because going on cannot help. `seconds` that the piece took, told with its end.
    `answered` counts the requests that came to an end, `problem` is the last thing that went wrong, `worker` who tells,
    by a number from 1. The other counts are as in `Counts`.
    """

    closed: tuple[str, ...] = ()
    failures: tuple[Failed, ...] = ()
    is_over: bool = True
    is_hopeless: bool = False
    left: int = 0
    seconds: float | None = None
    records: int = 0
    requests: int = 0
    retries: int = 0
    throttled: int = 0
    answered: int = 0
    problem: str = ""
    worker: int = 0
    timeline: Timeline = NO_TIMELINE


class Mapper(Protocol):
    """Has pieces landed by workers, `workers` of them at most.

    A piece has `least` slices of pinned ids or more: the end of a slice is waited for while the next is asked for, the
    end of a piece is not. `may_repeat` where a piece may have been in two hands at once: a worker that was given up may
    still have been at it.
    """

    workers: int

    @property
    def least(self) -> int: ...

    @property
    def may_repeat(self) -> bool: ...

    def map(
        self,
        ticket: Ticket,
        pieces: Iterable[Piece],
        *,
        whole: Allotment,
        take: Callable[[Done], bool],
        stop: threading.Event,
    ) -> None:
        """Has every piece landed, as far as that can be; returns when no worker is at one any more.

        The shares of the workers never add up to more than `whole`. `take` is told what became of the pieces as it
        comes, by the calling thread, and says whether to go on; `stop`, once set, ends the work. A piece whose worker
        died is another's. Raises where there are no workers to be had.
        """
        ...
