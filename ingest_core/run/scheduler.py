"""One round: which slice starts when, and what its part or its failure leads to."""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial

from msgspec import Struct, field

from ingest_core.codes import Code
from ingest_core.errors import (
    CredentialsError,
    IngestError,
    LockedError,
    PluginError,
    StopError,
    TransientError,
)
from ingest_core.model import Slice
from ingest_core.run.machinery import Machinery
from ingest_core.run.rounds import is_reserved
from ingest_core.run.summary import Summary

logger = logging.getLogger(__name__)

# Of slices that are begun: what they were answered waits in memory for the lake, and more of them land nothing sooner.
REQUESTS_UNDER_WAY, REQUESTS_A_CONNECTION = 1_200, 8
FAILURES_THAT_ARE_AN_OUTAGE = 5
BARREN_PARTS = 20
EMPTY_PARTS = 1000


class Failure(Struct, frozen=True):
    """A slice that stays open, and why."""

    slice: str
    error: IngestError


class RoundResult(Struct):
    """What one round left open. Its parts went to `on_part` as they came."""

    failures: list[Failure] = field(default_factory=list)
    is_cut_short: bool = False
    is_outage: bool = False

    @property
    def is_closed(self) -> bool:
        return not self.failures and not self.is_cut_short


class _Placed(Struct, frozen=True):
    """A slice and its place in the order of the plan; what it hands over to comes right behind it."""

    place: str
    slice: Slice
    barren: int = 0
    empty: int = 0


class _Waiting:
    """Slices that are still to start, in the order of the plan: those of the round as they are read, and rests."""

    def __init__(self, slices: Iterable[Slice]) -> None:
        self._planned: Iterator[_Placed] = (_Placed(f"{number:08d}", slice) for number, slice in enumerate(slices))
        self._first: deque[_Placed] = deque()

    def __bool__(self) -> bool:
        if not self._first:
            self._first.extend(itertools.islice(self._planned, 1))
        return bool(self._first)

    def take(self) -> _Placed:
        return self._first.popleft()

    def put_first(self, rest: Sequence[_Placed]) -> None:
        self._first.extendleft(reversed(rest))

    def clear(self) -> None:
        self._first.clear()
        self._planned = iter(())


class Scheduler:
    """Runs the slices of a round on a pool, as many at once as the API and memory have room for.

    One failing slice does not stop its siblings, except where going on cannot help: refused credentials, a request
    that is wrong, a lake that refuses, a broken plugin, a claim that is lost, or an outage (five transient failures
    with no success between).
    """

    def __init__(
        self,
        land: Callable[[Slice], Summary],
        machinery: Machinery,
        *,
        take_name: Callable[[str], bool],
        on_part: Callable[[str, Summary], bool],
        on_failure: Callable[[Failure], None],
    ) -> None:
        self._land = land
        self._take_name = take_name
        self._pool = machinery.slices
        self._most = machinery.most_slices
        self._connections = machinery.connections
        self._most_requests = max(REQUESTS_UNDER_WAY, REQUESTS_A_CONNECTION * machinery.connections)
        self._fewest = min(1, machinery.connections)
        self._backpressure = machinery.backpressure
        self._stop = machinery.stop
        self._halt = machinery.halt
        self._deadline = machinery.deadline
        self._on_part = on_part
        self._on_failure = on_failure

    def run(self, slices: Iterable[Slice]) -> RoundResult:
        """Lands `slices` and whatever they hand over to. `on_part` says whether more is wanted."""
        waiting = _Waiting(slices)
        under_way: dict[Future[Summary], _Placed] = {}
        result, in_a_row = RoundResult(), 0
        while waiting or under_way:
            while waiting and self._may_start(under_way):
                placed = waiting.take()
                expected = max(self._fewest, min(placed.slice.requests, self._connections))
                self._backpressure.count(requests=expected)
                future = self._pool.submit(self._land_one, placed.slice, expected)
                under_way[future] = placed
                future.add_done_callback(lambda _: self._backpressure.wake())
            if not under_way:
                break
            more = bool(waiting)  # asked outside the wait: it may read from the lake
            self._backpressure.wait_for(partial(self._is_time_to_look, under_way, more))
            for future in [future for future in under_way if future.done()]:
                placed = under_way.pop(future)
                failure = _failure(future, placed.slice) or self._breach(placed, future.result())
                if failure is None:
                    in_a_row = 0
                    waiting.put_first(_rest(placed, future.result()))
                    if not self._on_part(placed.place, future.result()):
                        waiting.clear()
                    continue
                result.failures.append(failure)
                self._on_failure(failure)
                in_a_row += isinstance(failure.error, TransientError)
                result.is_outage = result.is_outage or in_a_row >= FAILURES_THAT_ARE_AN_OUTAGE
                if result.is_outage or is_hopeless(failure.error):
                    self._halt()
        result.is_cut_short = bool(waiting)
        return result

    def _land_one(self, slice: Slice, expected: int) -> Summary:
        with self._backpressure.expecting(expected):
            return self._land(slice)

    def _breach(self, placed: _Placed, part: Summary) -> Failure | None:
        """What is wrong with the way a slice hands over, if anything."""
        barren, empty = _barren(placed, part)
        if part.next and (barren > BARREN_PARTS or empty > EMPTY_PARTS):
            count = max(barren, empty) - 1
            what = f"slice {placed.slice.name}: {count} slices in a row brought nothing new; paging in circles"
            return Failure(placed.slice.name, PluginError(what, Code.SOURCE_SLICE))
        return self._clash(part, placed.slice)

    def _clash(self, part: Summary, slice: Slice) -> Failure | None:
        """Notes the names of the slices that `slice` hands over to; a failure where one is taken."""
        for following in part.next:
            if is_reserved(following.name) or not self._take_name(following.name):
                what = f"slice {slice.name} hands over to {following.name!r}, a name that this run has already"
                return Failure(slice.name, PluginError(what, Code.SOURCE_SLICE))
        return None

    def _may_start(self, under_way: dict[Future[Summary], _Placed]) -> bool:
        if len(under_way) >= self._most or self._stop.is_set() or self._deadline.is_near():
            return False
        if sum(placed.slice.requests for placed in under_way.values()) >= self._most_requests:
            return False
        return not under_way or self._backpressure.has_room()

    def _is_time_to_look(self, under_way: dict[Future[Summary], _Placed], more: bool) -> bool:
        return any(future.done() for future in under_way) or (more and self._may_start(under_way))


def is_hopeless(error: IngestError) -> bool:
    """Whether going on with other slices cannot help."""
    return isinstance(error, CredentialsError | StopError | PluginError | LockedError)


def _failure(future: Future[Summary], slice: Slice) -> Failure | None:
    error = future.exception()
    if error is None:
        return None
    if not isinstance(error, IngestError):
        logger.error("slice %s: an error that ingest_core does not name", slice.name, exc_info=error)
        error = PluginError(f"slice {slice.name}: {type(error).__name__}: {error}", Code.SOURCE_RAISED)
    return Failure(slice.name, error)


def _rest(placed: _Placed, part: Summary) -> list[_Placed]:
    barren, empty = _barren(placed, part)
    return [_Placed(f"{placed.place}.{number:06d}", slice, barren, empty) for number, slice in enumerate(part.next)]


def _barren(placed: _Placed, part: Summary) -> tuple[int, int]:
    """How many slices of this chain in a row brought nothing but what the run has already, and how many nothing at all.

    Days without a record are common, pages that only repeat are not.
    """
    repeats = placed.barren + (not part.is_empty) if part.brought_nothing else 0
    return repeats, placed.empty + 1 if part.is_empty else 0
