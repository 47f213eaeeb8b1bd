"""The coordinator's side of the seam: what of a round goes to workers, and what they made of it.

After the workers have ended the coordinator goes over the whole round itself, as a run without workers does: what is
closed is closed, what failed has failed, and what nobody could land it lands.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from ingest_core.codes import Code
from ingest_core.errors import IngestError, LockedError, PluginError
from ingest_core.model import Slice
from ingest_core.run.docking import takes_lists, takes_pinned
from ingest_core.run.index import Index
from ingest_core.run.job import Job
from ingest_core.run.ledger import Ledger
from ingest_core.run.machinery import Machinery
from ingest_core.run.spread import Allotment, Done, Mapper, Piece
from ingest_core.run.summary import Summary
from ingest_core.state import Inventory, Round, RunState, RunStore, ticket_of, weight_of

PIECES_A_WORKER = 8
PIECE_SECONDS = 10.0
FEWEST_REQUESTS, MOST_REQUESTS = 100, 2000


class Spreading:
    """Spreads one round after the other over workers."""

    def __init__(
        self, job: Job, mapper: Mapper, state: RunState, store: RunStore, index: Index, ledger: Ledger
    ) -> None:
        self._job = job
        self._mapper = mapper
        self._ticket = ticket_of(store.keys, state)
        self._store = store
        self._index = index
        self._ledger = ledger
        self._takes_lists = takes_lists(job, state)
        self._failures: dict[str, IngestError] = {}
        self._has_spread = False

    @property
    def may_repeat(self) -> bool:
        """Whether two may have been at one slice, so that one of them may have put more than the part says."""
        return self._has_spread and self._mapper.may_repeat

    def spread(self, round: Round, inventory: Inventory, machinery: Machinery) -> None:
        """Has workers land what they can of a round. `inventory` says what was begun before it."""
        cutter = Cutter(self._piece_size(round), self._most_requests())
        pieces = cutter.cut(self._open_slices(round, inventory))
        first = list(itertools.islice(pieces, 2))
        if len(first) < 2:
            return  # no work for two
        job, left = self._job, machinery.deadline.left()
        self._has_spread = True
        is_whole = True

        def take(done: Done) -> bool:
            nonlocal is_whole
            is_whole = is_whole and done.is_over and not done.left
            cutter.learn(done.seconds)
            machinery.traffic.requests += done.requests
            machinery.traffic.retries += done.retries
            machinery.traffic.throttled += done.throttled
            machinery.traffic.answered += done.answered
            job.progress.hear(done.worker, done.records, done.problem)
            machinery.traffic.meter.take_in(done.timeline)
            self._take_in(done.closed)
            for failed in done.failures:
                self._failures[failed.slice] = failed.error()
                job.progress.tell(failed.what)
            return not done.is_hopeless

        whole = Allotment(job.rate, job.connections, None if left == float("inf") else max(0.0, left))
        self._mapper.map(self._ticket, itertools.chain(first, pieces), whole=whole, take=take, stop=machinery.stop)
        for failure in self._failures.values():
            if isinstance(failure, LockedError):
                raise failure  # what is left is another's to land
        if not is_whole or self._mapper.may_repeat:
            self._ledger.read(self._store.inventory())

    def _piece_size(self, round: Round) -> int:
        fewest = 1 if round.ids is None else self._mapper.least
        return max(fewest, round.slices // (PIECES_A_WORKER * self._mapper.workers))

    def _most_requests(self) -> int:
        wanted = PIECE_SECONDS * self._job.rate / self._mapper.workers
        return int(min(MOST_REQUESTS, max(FEWEST_REQUESTS, wanted)))

    def _open_slices(self, round: Round, inventory: Inventory) -> Iterator[Slice]:
        if not takes_pinned(self._store, may_repeat=self._mapper.may_repeat):
            return
        for slice in open_slices(self._store.slices_of(round), self._index.closed):
            if slice.ids:
                if not self._index.is_pinned_elsewhere(slice):
                    yield slice
            elif self._takes_lists and slice.name not in inventory.intents:
                yield slice

    def _take_in(self, names: Iterable[str]) -> None:
        """Reads the parts that a worker has written."""
        for part in self._ledger.take_in(names):
            for landed in part.records if not self._job.source.streams else ():
                first = self._index.first_stream(landed.stream)
                if first != landed.stream:
                    raise PluginError(
                        f"source {self._job.source.name} landed records of streams {first!r} and {landed.stream!r}, "
                        f"whose ids could meet: declare Source(streams=({first!r}, {landed.stream!r}))",
                        Code.SOURCE_SLICE,
                    )
            self._job.progress.close_slice(len(part.next))

    def landing(self, land: Callable[[Slice], Summary]) -> Callable[[Slice], Summary]:
        """`land`; what a worker has tried fails here as it did there: nothing is tried twice in a run."""

        def landing(slice: Slice) -> Summary:
            failure = self._failures.get(slice.name)
            if failure is not None and self._index.closed(slice.name) is None:
                raise failure
            return land(slice)

        return landing


def open_slices(slices: Iterable[Slice], closed: Callable[[str], Summary | None]) -> Iterator[Slice]:
    """The slices that are open, in plan order: those of the plan, and those that closed ones handed over to."""
    for slice in slices:
        waiting = [slice]
        while waiting:
            one = waiting.pop()
            summary = closed(one.name)
            if summary is None:
                yield one
            else:
                waiting.extend(reversed(summary.next))


class Cutter:
    """Cuts slices into pieces of at most so many slices, and so many requests as far as they are known.

    Pieces that are over in no time become larger: the requests that a slice may need say little of a source that asks
    for hundreds of records at once, or for none, and a worker that lands one slice at a time waits for each write.
    """

    def __init__(self, most: int, requests: int) -> None:
        self._most = most
        self._requests = requests

    def learn(self, seconds: float | None) -> None:
        """A piece took so long; None: it is not over."""
        if seconds is not None and seconds < PIECE_SECONDS / 4:
            self._requests = min(2 * self._requests, MOST_REQUESTS)

    def cut(self, slices: Iterable[Slice]) -> Iterator[Piece]:
        """The pieces, each of a size as is known when it is asked for."""
        numbers, waiting, weight = itertools.count(), list[Slice](), 0
        for slice in slices:
            needed = weight_of(slice, self._requests)
            if waiting and (len(waiting) >= self._most or weight + needed > self._requests):
                yield Piece(next(numbers), tuple(waiting))
                waiting, weight = [], 0
            waiting.append(slice)
            weight += needed
        if waiting:
            yield Piece(next(numbers), tuple(waiting))
