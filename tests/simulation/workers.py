"""Workers of a simulated run: processes of their own, which die, freeze, and are given up while they still live."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ingest_core.errors import IngestError
from ingest_core.run import Job
from ingest_core.run.shares import Shares
from ingest_core.run.spread import Allotment, Done, Piece
from ingest_core.run.worker import Worker
from ingest_core.state import Ticket

from .judge import Judge
from .world import Process, Task

POLL_SECONDS = 5.0
PATIENCE_SECONDS = 150.0  # after which a worker that says nothing is given up, and may still be at it
MOST_TRIES = 3


@dataclass
class Hand:
    """A worker process, what it was given, and when."""

    process: Process
    work: deque[tuple[Piece, Allotment]]
    task: Task | None = None
    piece: Piece | None = None
    since: float = 0.0
    worker: Worker | None = None
    is_told_to_end: bool = False


class SimulatedMapper:
    """Hands pieces to processes of the same world. `job_of` makes the job of a worker process.

    In a folder workers do not outlive the process that started them, as they have its lock, and one that is given up is
    killed; on S3 they may live on.
    """

    def __init__(
        self, process: Process, workers: int, job_of: Callable[[Process], Job], judge: Judge, *, is_folder: bool
    ) -> None:
        self.workers = workers
        self.may_repeat = not is_folder
        self.least = 1
        self._process = process
        self._world = process.world
        self._job_of = job_of
        self._judge = judge
        self._is_folder = is_folder
        self._hands: list[Hand] = []
        self._results: deque[tuple[Hand, Done | None]] = deque()
        self._count = 0
        self._waiting: Task = self._world.current()
        process.on_death.append(self._orphan)

    def map(
        self,
        ticket: Ticket,
        pieces: Iterable[Piece],
        *,
        whole: Allotment,
        take: Callable[[Done], bool],
        stop: threading.Event,
    ) -> None:
        self._shares, self._left = Shares(whole), iter(pieces)
        self._again: deque[Piece] = deque()
        self._tries: Counter[int] = Counter()
        self._hands = [self._started(ticket) for _ in range(min(self.workers, whole.connections))]
        self._results.clear()
        goes_on = True
        try:
            while not stop.is_set():
                if goes_on:
                    self._hand_out()
                if not any(hand.piece for hand in self._hands):
                    return
                self._wait(stop)
                while self._results and not stop.is_set():
                    goes_on = self._take(*self._results.popleft(), ticket, take) and goes_on
                for hand in self._hands:
                    if hand.piece is not None and self._world.time - hand.since > PATIENCE_SECONDS:
                        self._results.append((hand, None))
        finally:
            self._end()

    def _hand_out(self) -> None:
        for hand in self._hands:
            if hand.piece is not None:
                continue
            piece = self._again.popleft() if self._again else next(self._left, None)
            given = None if piece is None else self._shares.give(hand.process.name, len(self._hands))
            if piece is not None and given is None:
                self._again.append(piece)
            if piece is None or given is None:
                return
            self._tries[piece.number] += 1
            hand.piece, hand.since = piece, self._world.time
            hand.work.append((piece, given))
            self._wake(hand)

    def _take(self, hand: Hand, done: Done | None, ticket: Ticket, take: Callable[[Done], bool]) -> bool:
        lost, hand.piece = hand.piece, None
        self._shares.take_back(hand.process.name)
        if done is not None:
            return take(done)
        if hand in self._hands:
            if self._is_folder:
                self._kill(hand)
            self._hands[self._hands.index(hand)] = self._started(ticket)
            if lost is not None and self._tries[lost.number] < MOST_TRIES:
                self._again.append(lost)
            take(Done(is_over=False))
        return True

    def _wait(self, stop: threading.Event) -> None:
        if not self._results and not stop.is_set():
            self._waiting = self._world.current()
            self._world.sleep(POLL_SECONDS)

    def _started(self, ticket: Ticket) -> Hand:
        self._count += 1
        hand = Hand(Process(self._world, f"{self._process.name}w{self._count}", self._process.skew), deque())
        hand.process.on_death.append(lambda: self._tell(hand, None))
        self._judge.works_under(hand.process, self._process)
        hand.task = hand.process.spawn(lambda: self._work(hand, ticket))
        return hand

    def _work(self, hand: Hand, ticket: Ticket) -> None:
        try:
            with Worker(self._job_of(hand.process), ticket, may_repeat=self.may_repeat) as worker:
                hand.worker = worker
                while not hand.is_told_to_end:
                    if hand.work:
                        piece, given = hand.work.popleft()
                        self._tell(hand, worker.land(piece.slices, given, self.workers))
                    else:
                        self._world.sleep(POLL_SECONDS)
        except IngestError:
            self._tell(hand, Done(is_over=False))

    def _wake(self, hand: Hand) -> None:
        if hand.task is not None:
            self._world.wake(hand.task)

    def _tell(self, hand: Hand, done: Done | None) -> None:
        self._results.append((hand, done))
        if not self._process.is_dead:
            self._world.wake(self._waiting)

    def _end(self) -> None:
        for hand in self._hands:
            hand.is_told_to_end = True
            if hand.worker is not None:
                hand.worker.halt()
            self._wake(hand)
        if self._is_folder:
            self._orphan()

    def _orphan(self) -> None:
        if self._is_folder:
            for hand in self._hands:
                self._kill(hand)

    def _kill(self, hand: Hand) -> None:
        if not hand.process.is_dead:
            hand.process.is_dead = True
            self._world.dying.append(hand.process)
