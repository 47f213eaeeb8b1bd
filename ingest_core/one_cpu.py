"""One CPU for the threads of a run.

Python runs one of them at a time. Where the kernel spreads them over several CPUs, they take turns across them: each
time one lets go of Python's lock, for a system call or a hash, it wakes the next on another CPU and sleeps itself. That
costs up to half as much again as all their work does on one CPU, and takes longer, too.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

LOOK_SECONDS = 1.0
# Of a CPU's time: where others take so much of it, and half as much of another one, that one is better.
WANTED_BY_OTHERS = 0.25
_OURS = Path("/proc/self/task")
_HERE = Path("/proc/thread-self/stat")
_ALL = Path("/proc/stat")
_PROCESSOR = 36  # of what follows the name in proc(5)'s stat


class OneCpu:
    """Keeps threads of this process on one CPU, and takes them to another where others want that one. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callers = 0
        self._cpu = -1
        self._left = threading.Event()
        self._looking: threading.Thread | None = None

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Around work of the calling thread and of all threads that it starts meanwhile. Nothing but on Linux."""
        allowed = self._gather()
        try:
            yield
        finally:
            if allowed:
                self._scatter(allowed)

    def _gather(self) -> set[int]:
        """The CPUs that the calling thread had before; none where it keeps them."""
        try:
            allowed = os.sched_getaffinity(0) if _takes_turns() else set()
            if len(allowed) < 2:
                return set()
            with self._lock:
                if not self._callers:
                    self._cpu = _current()
                os.sched_setaffinity(0, {self._cpu})
                self._callers += 1
                if self._callers == 1:
                    self._left = threading.Event()
                    looks = (allowed, self._left)
                    self._looking = threading.Thread(target=self._look, args=looks, name="cpu", daemon=True)
                    self._looking.start()
        except (OSError, ValueError, IndexError):  # a sandbox that does not tell, or does not let us
            return set()
        return allowed

    def _scatter(self, allowed: set[int]) -> None:
        with self._lock:
            self._callers -= 1
            with suppress(OSError):
                os.sched_setaffinity(0, allowed)
            if self._callers:
                return
            self._left.set()
            self._take_to(allowed)
            looking, self._looking = self._looking, None
        if looking is not None:
            looking.join()

    def _look(self, allowed: set[int], left: threading.Event) -> None:
        with suppress(OSError, ValueError):
            os.sched_setaffinity(0, allowed)
            was, ours = busy(_ALL.read_text()), time.process_time()
            while not left.wait(LOOK_SECONDS):
                now, ours_now = busy(_ALL.read_text()), time.process_time()
                taken = {cpu: now[cpu] - was.get(cpu, now[cpu]) for cpu in allowed if cpu in now}
                with self._lock:
                    if left.is_set():
                        return
                    better = a_better_one(taken, self._cpu, ours_now - ours)
                    if better is not None and random.random() < 0.5:  # noqa: S311 -- or two runs would flee together
                        self._take_to({better})
                        self._cpu = better
                was, ours = now, ours_now

    def _take_to(self, cpus: set[int]) -> None:
        """All threads that are on our CPU, and on no other, to `cpus`."""
        for task in _OURS.iterdir():
            with suppress(OSError):  # it has ended
                if os.sched_getaffinity(int(task.name)) == {self._cpu}:
                    os.sched_setaffinity(int(task.name), cpus)


def a_better_one(taken: Mapping[int, float], cpu: int, ours: float) -> int | None:
    """A CPU that others want less than they want `cpu`, of which we took `ours` seconds; None where that will do.

    `taken` are seconds of work on each CPU that may be had, in the last LOOK_SECONDS.
    """
    others = taken.get(cpu, 0.0) - ours
    best = min(taken, key=taken.__getitem__, default=cpu)
    is_wanted = others > WANTED_BY_OTHERS * LOOK_SECONDS
    return best if is_wanted and best != cpu and taken[best] < others / 2 else None


def busy(stat: str) -> dict[int, float]:
    """Seconds that each CPU has worked, by proc(5)'s stat; what is nice does not count, it makes way."""
    ticks = os.sysconf("SC_CLK_TCK")
    seconds = {}
    for line in stat.splitlines():
        name, *numbers = line.split()
        if name.startswith("cpu") and name != "cpu":
            user, _, system, _, _, irq, softirq, steal = map(int, numbers[:8])
            seconds[int(name[3:])] = (user + system + irq + softirq + steal) / ticks
    return seconds


def _current() -> int:
    """Where the kernel has put the calling thread: it knows best which CPU is free."""
    return int(_HERE.read_text().rpartition(")")[2].split()[_PROCESSOR])


def _takes_turns() -> bool:
    """Whether threads wait for each other at all, on Linux and with Python's lock; and nobody says INGEST_ONE_CPU=0."""
    if os.environ.get("INGEST_ONE_CPU") == "0":
        return False
    return sys.platform == "linux" and getattr(sys, "_is_gil_enabled", lambda: True)()


ONE_CPU = OneCpu()
