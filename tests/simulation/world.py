"""Virtual time, tasks that take turns, and processes that die.

Everything runs in one thread of the operating system. A task gives up its turn only where the code under test waits or
does I/O; who is next is drawn by the seed. Time moves when nobody can go on.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import greenlet  # type: ignore[import-untyped]  # it has none

MOST_SECONDS = 40 * 86_400.0
MOST_TURNS = 500_000


class Killed(BaseException):
    """The process is dead: whatever it tries from now on ends here."""


class StuckError(Exception):
    """Nobody can go on, or somebody goes on for ever."""


class Task(greenlet.greenlet):  # type: ignore[misc]  # greenlet has no types
    """A thread of a process. `in_flight` while a request of it is under way, which no freeze of its process stops."""

    def __init__(self, world: World, process: Process, work: Callable[[], object]) -> None:
        super().__init__(parent=world.hub)
        self.process = process
        self.work = work
        self.alarm = 0
        self.is_asleep = False
        self.in_flight = False
        self.stalled_at = -1e9

    def run(self) -> None:
        if not self.process.is_dead:
            with suppress(Killed):
                self.work()
        self.process.tasks.pop(self, None)


class Process:
    """One simulated process. `skew` is what its wall clock is wrong by, in seconds; `acts` counts what it asked the
    API, wrote and removed."""

    def __init__(self, world: World, name: str, skew: float = 0.0) -> None:
        self.world = world
        self.name = name
        self.skew = skew
        self.is_dead = False
        self.acts = 0
        self.frozen_until = 0.0
        self.tasks: dict[Task, None] = {}
        self.pausing: dict[Task, threading.Event] = {}
        self.on_death: list[Callable[[], None]] = []
        world.processes.append(self)

    def spawn(self, work: Callable[[], object]) -> Task:
        self.require_alive()
        task = Task(self.world, self, work)
        self.tasks[task] = None
        self.world.ready(task)
        return task

    def require_alive(self) -> None:
        if self.is_dead:
            raise Killed(self.name)

    def die(self) -> None:
        """Ends the process here and now. Raises Killed in the task that calls it."""
        self.is_dead = True
        for told in self.on_death:
            told()
        self.world.dying.append(self)
        raise Killed(self.name)

    def freeze(self, seconds: float) -> None:
        """Stops every task of it for so long: a paused virtual machine, a laptop that sleeps."""
        self.frozen_until = max(self.frozen_until, self.world.time + seconds)

    def wake_stopped(self) -> None:
        """Ends the pauses whose stop was set meanwhile."""
        for task in [task for task, stop in self.pausing.items() if stop.is_set()]:
            self.world.wake(task)


class World:
    """The scheduler. `chance` draws who is next; without it, tasks take turns in the order they got ready."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self.hub = greenlet.getcurrent()
        self.time = 0.0
        self.dying: list[Process] = []
        self._draw = None if chance is None else chance.random
        self._ready: list[Task] = []
        self._alarms: list[tuple[float, int, int, Task]] = []
        self._order = itertools.count()
        self.processes: list[Process] = []
        self.turns = 0
        self.network = Process(self, "network")

    def current(self) -> Task:
        return cast(Task, greenlet.getcurrent())

    def ready(self, task: Task) -> None:
        self._ready.append(task)

    def block(self) -> None:
        """Gives up the turn until somebody makes this task ready. Raises Killed where its process has died."""
        process: Process = greenlet.getcurrent().process
        if process.is_dead:
            raise Killed
        self.hub.switch()
        if process.is_dead:
            raise Killed

    def turn(self) -> None:
        """Lets others go first, perhaps."""
        self._ready.append(cast(Task, greenlet.getcurrent()))
        self.block()

    def sleep(self, seconds: float) -> None:
        task = self.current()
        task.is_asleep = True
        heapq.heappush(self._alarms, (self.time + seconds, next(self._order), task.alarm, task))
        self.block()

    def wake(self, task: Task) -> None:
        """Ends a sleep before its time."""
        if task.is_asleep:
            task.is_asleep = False
            task.alarm += 1
            self._ready.append(task)

    def run(self, is_over: Callable[[], bool]) -> None:
        """Lets tasks take turns until `is_over`. Raises StuckError where that never comes."""
        ready, draw = self._ready, self._draw
        for _ in range(MOST_TURNS):
            if self.dying:
                self._bury()
            if is_over():
                return
            if not ready:
                self._move_time()
                continue
            if draw is None:
                task = ready.pop(0)
            else:
                chosen = int(draw() * len(ready))
                task = ready[chosen]
                last = ready.pop()
                if last is not task:
                    ready[chosen] = last
            process = task.process
            if process.is_dead or task.dead:
                continue
            if process.frozen_until > self.time and not task.in_flight:
                heapq.heappush(self._alarms, (process.frozen_until, next(self._order), task.alarm, task))
                continue
            self.turns += 1
            task.switch()
        raise StuckError(f"{MOST_TURNS} turns and no end")

    def _move_time(self) -> None:
        while self._alarms:
            time, _, alarm, task = heapq.heappop(self._alarms)
            if task.alarm != alarm or task.process.is_dead or task.dead:
                continue
            self.time = max(self.time, time)
            if self.time > MOST_SECONDS:
                raise StuckError("more than a month has gone by")
            task.is_asleep = False
            task.alarm += 1
            self._ready.append(task)
            return
        raise StuckError("everybody waits")

    def _bury(self) -> None:
        """Unwinds the tasks of dead processes: their frames go, and none of their I/O gets through any more."""
        while self.dying:
            process = self.dying.pop()
            for task in list(process.tasks):
                with suppress(Killed):  # it had not begun
                    task.throw(Killed)
            process.tasks.clear()

    def close(self) -> None:
        """Ends whoever is left."""
        for process in self.processes:
            process.is_dead = True
            self.dying.append(process)
        self._bury()
