"""`--workers N`: pieces of a round are landed by processes of this machine."""

from __future__ import annotations

import itertools
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from types import TracebackType
from typing import BinaryIO, cast

import msgspec

from ingest_core.run.spread import Allotment, Done, Piece
from ingest_core.state import Ticket
from ingest_core.workers.messages import NEWS, Broken, Halt, News, Order, line
from ingest_core.workers.setting import Setting
from ingest_core.workers.supply import Supply

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-P", "-m", "ingest_core.workers.process")
LOOK_SECONDS = 0.2
GRACE_SECONDS = 10.0
MOST_TRIES = 2  # a piece that has cost two workers their lives is left to the run itself


class _Process:
    """One worker process. Its news, and in the end None, go into `box` as they come."""

    def __init__(self, number: int, setting: Setting, box: queue.Queue[tuple[_Process, News | None]]) -> None:
        self.number = number
        self.piece: Piece | None = None
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A folder's lock goes along: nobody else has the date while one of us is still at it.
            close_fds=False,
        )
        self._reader = threading.Thread(target=self._read, args=(box,), name=f"worker-{number}", daemon=True)
        self._reader.start()
        self._send(line(setting))

    def _read(self, box: queue.Queue[tuple[_Process, News | None]]) -> None:
        try:
            with cast(BinaryIO, self._process.stdout) as news:
                for told in news:
                    if told.endswith(b"\n"):
                        box.put((self, NEWS.decode(told)))
        except msgspec.DecodeError:
            logger.warning("worker %d says what is no news: it is ended", self.number)
        finally:
            box.put((self, None))  # or it would be waited for, for ever

    def order(self, order: Order) -> None:
        """Gives an order; one that is dead does not hear it, and is noticed by its silence."""
        self._send(line(order))

    def _send(self, text: bytes) -> None:
        orders = cast(BinaryIO, self._process.stdin)
        with suppress(BrokenPipeError):
            orders.write(text)
            orders.flush()

    def end(self) -> int:
        """Ends it, whatever it is at; returns its exit code, negative for a signal."""
        with suppress(OSError):
            cast(BinaryIO, self._process.stdin).close()
        with suppress(subprocess.TimeoutExpired):
            if self.piece is None:
                self._process.wait(GRACE_SECONDS)
        self._process.kill()
        code = self._process.wait()
        self._reader.join()
        return code


class ProcessMapper:
    """Begins with `with`, and ends its processes with it. They are started when there is something to land."""

    least = 4
    may_repeat = False  # a process that is given up is dead

    def __init__(self, setting: Setting, workers: int) -> None:
        self.workers = workers
        self._setting = setting
        self._numbers = itertools.count(1)
        self._ticket: Ticket | None = None
        self._processes: list[_Process] = []
        self._box: queue.Queue[tuple[_Process, News | None]] = queue.Queue()

    def __enter__(self) -> ProcessMapper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end_all()

    def map(
        self,
        ticket: Ticket,
        pieces: Iterable[Piece],
        *,
        whole: Allotment,
        take: Callable[[Done], bool],
        stop: threading.Event,
    ) -> None:
        self._start(ticket, min(self.workers, whole.connections))
        work = Supply(ticket, pieces, whole, MOST_TRIES)
        try:
            while not stop.is_set():
                self._hand_out(work)
                if not any(process.piece for process in self._processes):
                    break
                with suppress(queue.Empty):
                    process, news = self._box.get(timeout=LOOK_SECONDS)
                    self._hear(process, news, work, take)
        finally:
            self._settle(take)
        if work.broken is not None:
            raise work.broken

    def _start(self, ticket: Ticket, count: int) -> None:
        if ticket != self._ticket:
            self._end_all()  # another claim: in a folder, its lock is one that they have not
            self._ticket = ticket
        while len(self._processes) < count:
            self._processes.append(_Process(next(self._numbers), self._setting, self._box))

    def _hand_out(self, work: Supply) -> None:
        for process in self._processes:
            if process.piece is None:
                order = work.next_order(process.number, self._busy(), len(self._processes))
                if order is None:
                    return
                process.piece = order.piece
                process.order(order)

    def _busy(self) -> int:
        return sum(process.piece is not None for process in self._processes)

    def _hear(self, process: _Process, news: News | None, work: Supply, take: Callable[[Done], bool]) -> None:
        if process not in self._processes:
            return
        if news is None:
            self._processes.remove(process)
            code = process.end()
            logger.warning("worker %d has died (%d); what it had is landed by the others", process.number, code)
            work.lose(process.number, process.piece)
            take(Done(is_over=False))
        elif isinstance(news, Broken):
            work.give_up(process.number, news.why.error())
            process.piece = None
        else:
            work.hear(process.number, news.done, is_last=news.is_last)
            if news.is_last:
                process.piece = None
                self._hand_out(work)  # before its news are looked into: nobody waits for that
            if not take(msgspec.structs.replace(news.done, worker=process.number)):
                work.is_over = True

    def _settle(self, take: Callable[[Done], bool]) -> None:
        """Nobody is at work any more when this returns: what is under way is cut short."""
        if not any(process.piece for process in self._processes):
            return
        for process in self._processes:
            process.order(Halt())
        with suppress(queue.Empty):
            while any(process.piece for process in self._processes):
                process, news = self._box.get(timeout=GRACE_SECONDS)
                if news is None or isinstance(news, Broken):
                    process.piece = None
                else:
                    if news.is_last:
                        process.piece = None
                    take(msgspec.structs.replace(news.done, worker=process.number))
        self._end_all()

    def _end_all(self) -> None:
        for process in self._processes:
            process.end()
        self._processes = []
        self._box = queue.Queue()


def processes(setting: Setting, workers: int) -> AbstractContextManager[ProcessMapper | None]:
    """So many processes; nothing where one is enough, which is the caller's own."""
    return ProcessMapper(setting, workers) if workers > 1 else nullcontext()
