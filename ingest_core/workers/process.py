"""A worker process: `python -m ingest_core.workers.process`. Orders come by standard input, news go by standard output.

Whoever started it is gone when its standard input ends; it then ends at once, wherever it is.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
from typing import BinaryIO

from ingest_core.heap import share_heap
from ingest_core.logs import wanted_level
from ingest_core.run import Job
from ingest_core.run.spread import Done
from ingest_core.run.worker import Worker
from ingest_core.state import Ticket
from ingest_core.threads import SystemThreads
from ingest_core.workers.messages import ORDERS, SETTINGS, TICK_SECONDS, Broken, Halt, Land, News, Told, line


class Desk:
    """One worker process at work. `orders` is read by a thread of its own: a halt is heard while a piece is landed."""

    def __init__(self, job: Job, orders: BinaryIO, news: BinaryIO) -> None:
        self._job = job
        self._orders = orders
        self._news = news
        self._telling = threading.Lock()
        self._work: queue.Queue[Land] = queue.Queue()
        self._worker: Worker | None = None
        self._ticket: Ticket | None = None
        self._is_halted = False

    def listen(self) -> None:
        """Takes orders until there is nobody to give any."""
        for order in map(ORDERS.decode, self._orders):
            if isinstance(order, Halt):
                self._is_halted = True
                if self._worker is not None:
                    self._worker.halt()
            else:
                self._work.put(order)
        os._exit(0)

    def work(self) -> None:
        """Lands piece after piece. Does not return: the process ends with its orders."""
        while True:
            order = self._work.get()
            try:
                self._land(order)
            except Exception as error:  # noqa: BLE001 -- whoever coordinates says what is to be done
                self._tell(Broken.by(error))

    def _land(self, order: Land) -> None:
        worker = self._worker_of(order.ticket)
        if self._is_halted:
            worker.halt()
        stop_ticking = SystemThreads().every(TICK_SECONDS, lambda: self._tick(worker))
        try:
            done = worker.land(order.piece.slices, order.allotment, order.workers)
        finally:
            stop_ticking()
        self._tell(Told(done, is_last=True))

    def _worker_of(self, ticket: Ticket) -> Worker:
        if self._worker is None or self._ticket != ticket:
            self._worker, self._ticket = Worker(self._job, ticket, may_repeat=False).__enter__(), ticket
        return self._worker

    def _tick(self, worker: Worker) -> None:
        news = worker.news()
        if news != Done():
            self._tell(Told(news, is_last=False))

    def _tell(self, news: News) -> None:
        with self._telling:
            try:
                self._news.write(line(news))
                self._news.flush()
            except BrokenPipeError:
                os._exit(0)


def main() -> None:
    """Works until standard input ends."""
    share_heap()
    orders, news = _apart()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all: whoever coordinates says what to do
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("ingest_core").setLevel(wanted_level(os.environ, logging.WARNING))
    setting = SETTINGS.decode(orders.readline())
    workspace = setting.workspace()
    workspace.redactor.guard(logging.getLogger().handlers)
    desk = Desk(setting.job(workspace), orders, news)
    threading.Thread(target=desk.listen, name="orders", daemon=True).start()
    desk.work()


def _apart() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes, out of the way of whatever a plugin reads or prints."""
    orders, news = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return orders, news


if __name__ == "__main__":
    main()
