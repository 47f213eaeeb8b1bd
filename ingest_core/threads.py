"""Threads, passed in so that a simulation can own them: pools, waiting, locks, and a timer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

from ingest_core.one_cpu import ONE_CPU

logger = logging.getLogger(__name__)


class Condition(Protocol):
    """What `threading.Condition` can do, as far as it is used here."""

    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def notify_all(self) -> None: ...
    def wait_for(self, predicate: Callable[[], bool]) -> bool: ...


class Lock(Protocol):
    """A lock that may be held over I/O."""

    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...


class Threads(Protocol):
    """Where a run's work happens."""

    def pool(self, size: int, name: str) -> Executor:
        """An executor of at most `size` threads."""
        ...

    def condition(self) -> Condition:
        """A condition that threads of these pools, and the one that made them, wait on."""
        ...

    def lock(self) -> Lock:
        """A lock that is held over I/O; one that never is may be the operating system's own."""
        ...

    def gathered(self) -> AbstractContextManager[None]:
        """Around work that the calling thread shares with those that it starts: on one CPU, it costs less."""
        ...

    def every(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        """Calls `work` each time `seconds` have passed, on a thread of its own; returns what ends that."""
        ...


class SystemThreads:
    """The threads of the operating system."""

    def pool(self, size: int, name: str) -> Executor:
        return ThreadPoolExecutor(size, name)

    def condition(self) -> Condition:
        return threading.Condition()

    def lock(self) -> Lock:
        return threading.Lock()

    def gathered(self) -> AbstractContextManager[None]:
        return ONE_CPU.gathered()

    def every(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        stopped = threading.Event()

        def repeat() -> None:
            while not stopped.wait(seconds):
                try:
                    work()
                except Exception:
                    logger.exception("what is to be done every %.0f s failed; it is tried again", seconds)

        # A daemon: it must not keep a process alive whose main thread has died.
        thread = threading.Thread(target=repeat, name="timer", daemon=True)
        thread.start()

        def stop() -> None:
            stopped.set()
            thread.join()

        return stop
