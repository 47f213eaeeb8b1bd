"""The threads and the clock that a simulated process gives to a job."""

from __future__ import annotations

import datetime as dt
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any

from .world import Process, Task

EPOCH = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


class SimulatedFuture(Future[Any]):
    """A future whose waiters give up their turn. It has nothing of its base but the type."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._is_done = False
        self._is_running = False
        self._is_cancelled = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._told: list[Callable[[Any], object]] = []
        self._tasks: list[Task] = []

    def done(self) -> bool:
        return self._is_done

    def cancelled(self) -> bool:
        return self._is_cancelled

    def running(self) -> bool:
        return self._is_running and not self._is_done

    def cancel(self) -> bool:
        if self._is_running or self._is_done:
            return self._is_cancelled
        self._is_cancelled = True
        self._end()
        return True

    def result(self, timeout: float | None = None) -> Any:
        error = self.exception()
        if error is not None:
            raise error
        return self._value

    def exception(self, timeout: float | None = None) -> BaseException | None:
        while not self._is_done:
            self._tasks.append(self._process.world.current())
            self._process.world.block()
        if self._is_cancelled:
            raise CancelledError
        return self._error

    def add_done_callback(self, fn: Callable[[Any], object]) -> None:
        if self._is_done:
            fn(self)
        else:
            self._told.append(fn)

    def work(self, function: Callable[..., Any], args: tuple[Any, ...], more: dict[str, Any]) -> None:
        if self._is_cancelled:
            return
        self._is_running = True
        try:
            self._value = function(*args, **more)
        except Exception as error:  # noqa: BLE001 -- a pool keeps whatever its work raises
            self._error = error
        self._end()

    def _end(self) -> None:
        self._is_done = True
        for fn in self._told:
            fn(self)
        for task in self._tasks:
            self._process.world.ready(task)


class SimulatedPool(Executor):
    """At most `size` tasks at a time; what waits begins in the order it was submitted."""

    def __init__(self, process: Process, size: int) -> None:
        self._process = process
        self._free = size
        self._waiting: deque[Callable[[], None]] = deque()
        self._open = 0
        self._joining: list[Task] = []
        self._is_shut = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._process.require_alive()
        if self._is_shut:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = SimulatedFuture(self._process)
        self._open += 1
        self._waiting.append(lambda: future.work(fn, args, kwargs))
        if self._free:
            self._free -= 1
            self._process.spawn(self._serve)
        return future

    def _serve(self) -> None:
        while self._waiting:
            self._waiting.popleft()()
            self._open -= 1
            if self._waiting:
                self._process.world.turn()
        self._free += 1
        if not self._open:
            for task in self._joining:
                self._process.world.ready(task)
            self._joining.clear()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._is_shut = True
        while wait and self._open:
            self._joining.append(self._process.world.current())
            self._process.world.block()


class SimulatedCondition:
    """A condition; its lock is that only one task runs at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._waiters: list[Task] = []

    def __enter__(self) -> object:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        return

    def notify_all(self) -> None:
        waiters, self._waiters = self._waiters, []
        for task in waiters:
            self._process.world.ready(task)
        if self._process.pausing:
            self._process.wake_stopped()

    def wait_for(self, predicate: Callable[[], bool]) -> bool:
        while not predicate():
            self._waiters.append(self._process.world.current())
            self._process.world.block()
        return True


class SimulatedLock:
    """A lock that may be held over I/O."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._is_held = False
        self._waiters: list[Task] = []

    def __enter__(self) -> object:
        while self._is_held:
            self._waiters.append(self._process.world.current())
            self._process.world.block()
        self._is_held = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self._is_held = False
        waiters, self._waiters = self._waiters, []
        for task in waiters:
            self._process.world.ready(task)


class SimulatedThreads:
    """What `ingest_core.threads.Threads` wants, for one process."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def pool(self, size: int, name: str) -> Executor:
        return SimulatedPool(self._process, size)

    def condition(self) -> SimulatedCondition:
        return SimulatedCondition(self._process)

    def lock(self) -> SimulatedLock:
        return SimulatedLock(self._process)

    def gathered(self) -> AbstractContextManager[None]:
        return nullcontext()

    def every(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        process, world = self._process, self._process.world
        is_stopped, has_ended, joining = False, False, list[Task]()

        def repeat() -> None:
            nonlocal has_ended
            while not is_stopped:
                world.sleep(seconds)
                if not is_stopped:
                    work()
            has_ended = True
            for waiter in joining:
                world.ready(waiter)

        def stop() -> None:
            nonlocal is_stopped
            is_stopped = True
            world.wake(task)
            while not has_ended:
                process.require_alive()
                joining.append(world.current())
                world.block()

        task = process.spawn(repeat)
        return stop


class SimulatedClock:
    """The clocks of one process: the monotonic one is the world's, the wall clock is wrong by the process's skew."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def monotonic(self) -> float:
        return self._process.world.time

    def now(self) -> dt.datetime:
        return EPOCH + dt.timedelta(seconds=self._process.world.time + self._process.skew)

    def pause(self, seconds: float, stop: threading.Event) -> None:
        self._process.require_alive()
        if seconds <= 0 or stop.is_set():
            return
        task = self._process.world.current()
        self._process.pausing[task] = stop
        try:
            self._process.world.sleep(seconds)
        finally:
            self._process.pausing.pop(task, None)
