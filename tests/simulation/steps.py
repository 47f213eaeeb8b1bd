"""One I/O step of a process: the fault that hits it, and the turns that it gives to others."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from .faults import Faults
from .sites import CRASH_AFTER, CRASH_BEFORE, FREEZE, LANDS, LATE, STALL_AFTER, STALL_BEFORE, WRITES
from .world import Process

Trace = Callable[[str], None]


class Steps:
    """Every I/O of one process goes through here. `latency` is how many seconds a step takes on average; 0: none.

    `lands` where the process lands a segment of a round that was handed over: its sites are sites of their own.
    """

    def __init__(
        self,
        process: Process,
        faults: Faults,
        chance: random.Random | None = None,
        latency: float = 0.0,
        trace: Trace | None = None,
        *,
        lands: bool = False,
    ) -> None:
        self.process = process
        self.faults = faults
        self._world = process.world
        self._chance = chance
        self._latency = latency
        self._trace = trace
        self._lands = lands

    def take(self, where: str, site: str, step: str, key: str, act: Callable[[str | None], Any]) -> Any:
        """`act(fault)` of one step. What it raises is the answer too."""
        process = self.process
        if process.is_dead:
            process.require_alive()
        task = self._world.current()
        at = LANDS if self._lands and where == "s3" else where
        fault = self.faults.draw(at, site, step, task, self._world.time)
        if self._trace is not None:
            self._tell(step, key, fault)
        if fault is CRASH_BEFORE:
            process.die()
        self._send(task, step, fault)
        try:
            answer = act(fault)
        finally:
            task.in_flight = False
            if fault is not None:
                self._after(fault)
            elif process.frozen_until > self._world.time or (self._chance is not None and self._chance.random() < 0.25):
                self._world.turn()
        return answer

    def _send(self, task: Any, step: str, fault: str | None) -> None:
        """The way there: from here on the request arrives, whatever becomes of its process."""
        world = self._world
        task.in_flight = True
        if fault is STALL_BEFORE:
            seconds = getattr(self.faults, "short", float)() if step in WRITES else self.faults.seconds(fault)
            world.sleep(seconds)
        elif fault is LATE:
            world.sleep(self.faults.seconds(fault))
        elif self._latency and self._chance is not None:
            world.sleep(self._chance.expovariate(1 / self._latency))
        else:
            world.turn()

    def _after(self, fault: str) -> None:
        if fault is CRASH_AFTER:
            self.process.die()
        elif fault is STALL_AFTER:
            self._world.sleep(self.faults.seconds(fault))
        elif fault is FREEZE:
            self.process.freeze(self.faults.seconds(fault))
            self._world.turn()

    def _tell(self, step: str, key: str, fault: str | None) -> None:
        if self._trace is not None:
            name, time = self.process.name, self._world.time
            self._trace(f"{time:10.2f}  {name}  {step:13} {key}{f'   !! {fault}' if fault else ''}")
