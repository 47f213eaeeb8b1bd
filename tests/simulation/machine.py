"""A state machine that has a run done in steps: plan → a map that lands segments → commit, a function for each.

It goes on as deploy/statemachine.asl.json does, and everything of it fails: functions die, say partial and are called
again, are called twice at once, are given up while they live, and come late; a map ends before its segments are in; the
execution itself is stopped. What is left then is for another one.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ingest_core.errors import UsageError
from ingest_core.model import HandedOver, Report, Status
from ingest_core.run import Hands, Job, coordinate, land

from .s3 import Server
from .scenario import Start
from .world import Process, World

if TYPE_CHECKING:
    from .simulate import Run

POLL_SECONDS = 5.0
TIMEOUT_SECONDS = 960.0
PAUSES = {None: 120.0, Status.PARTIAL: 60.0, Status.LOCKED: 120.0}  # None: it died, or nobody heard its answer
SEGMENT_PAUSE_SECONDS = 10.0
MOST_ROUNDS = 100
Event = dict[str, Any]
Work = Callable[[Job], Report | None]


@dataclass(frozen=True)
class Moods:
    """How much goes wrong with an execution: chances of each of its calls, or of all of it.

    `deaf`: the answer is lost, and the function lives on · `twice`: it is called twice at once · `short`: it has little
    time · `late`: the same again, when everything has gone on · `early`: the map ends before its segments are in ·
    `strict`: one failed segment fails the execution · `stops`: the execution is stopped.
    """

    deaf: float = 0.0
    twice: float = 0.0
    short: float = 0.0
    late: float = 0.0
    early: float = 0.0
    strict: float = 1.0
    stops: float = 0.0
    rounds: int = MOST_ROUNDS
    calls: int = 10


CALM = Moods()


def moody(chance: random.Random, *, is_hasty: bool) -> Moods:
    """The moods of an execution that things happen to; of one `is_hasty`, most maps end early."""
    moods = Moods(
        deaf=chance.choice((0.0, 0.1, 0.3)),
        twice=chance.choice((0.0, 0.1, 0.4)),
        short=chance.choice((0.0, 0.1, 0.5)),
        late=chance.choice((0.0, 0.1, 0.3)),
        early=chance.choice((0.0, 0.0, 0.3)),
        strict=chance.choice((0.0, 0.3)),
        stops=chance.choice((0.0, 0.05, 0.2)),
        rounds=chance.choice((3, 8, 20)),
        calls=chance.choice((1, 3, 10)),
    )
    return replace(moods, early=0.8, strict=0.0, rounds=20) if is_hasty else moods


@dataclass
class Machine:
    """Calls functions of the same world. `begin` starts one: what it is to do, and the name of its process.

    `late` counts those that are still to be called, when nobody waits for them any more.
    """

    world: World
    server: Server
    chance: random.Random
    hands: int
    begin: Callable[[str, Start, Work, bool], Run]
    say: Callable[[str], None]
    late: int = 0

    def execute(self, process: Process, start: Start, date: dt.date, moods: Moods) -> Report | None:
        """One execution, to its end; what its last function answered. `process` is the service's own: it never dies."""
        start, step = replace(start, date=date), self._first_step(start)
        report: Report | None = None
        for _ in range(moods.rounds):
            if self.chance.random() < moods.stops:
                return report
            called = self._call(process, start, moods, self._coordinating(step))
            report = called.report
            if report is not None and report.handed is not None:
                failed = self._map(process, start, report.handed, moods)
                if failed and self.chance.random() < moods.strict:
                    return report
                start, step = replace(start, refresh=False), "commit"
            elif report is not None and report.status not in PAUSES:
                return report
            else:
                self.world.sleep(PAUSES[None if report is None else report.status])
        return report

    def _first_step(self, start: Start) -> str:
        return "plan" if start.refresh or self.chance.random() < 0.6 else "commit"

    def _coordinating(self, step: str) -> Work:
        requests = self.chance.choice((1, 1, 3, 8))
        hands = Hands(self.hands, collects=step == "commit", requests=requests)
        return lambda job: coordinate(replace(job, hands=hands))

    def _map(self, process: Process, start: Start, handed: HandedOver, moods: Moods) -> int:
        """Calls a function for each item; how many of them failed."""
        there = self.server.objects.get(handed.key)
        if there is None:
            self.say(f"{handed.key} is handed over, and is not there")
            return 0
        items: deque[Event] = deque(json.loads(there.body))
        self.chance.shuffle(items)
        if self.chance.random() < moods.early:
            for _ in range(self.chance.randint(1, len(items))):
                items.pop()
        failed = 0
        ended = [False] * min(handed.workers, len(items))

        def lane(number: int) -> None:
            nonlocal failed
            while items:
                failed += not self._segment(process, start, items.popleft(), moods)
            ended[number] = True

        for number in range(len(ended)):
            process.spawn(lambda number=number: lane(number))  # type: ignore[misc]  # a default binds it now
        while not all(ended):
            self.world.sleep(POLL_SECONDS)
        return failed

    def _segment(self, process: Process, start: Start, event: Event, moods: Moods) -> bool:
        """Whether its function said in the end that it is done."""
        for _ in range(moods.calls):
            called = self._call(process, start, moods, _landing(event), lands=True)
            if called.report is not None and called.report.status is not Status.PARTIAL:
                return called.report.status is Status.DONE
            self.world.sleep(SEGMENT_PAUSE_SECONDS)
        return False

    def _call(self, process: Process, start: Start, moods: Moods, work: Work, *, lands: bool = False) -> Run:
        """One function, until it has answered or is given up. No report: there was no answer that anybody heard."""
        chance = self.chance
        deadline = chance.choice((25.0, 40.0, 120.0)) if chance.random() < moods.short else 900.0
        start = replace(start, deadline=deadline, skew=chance.choice((0.0, 0.0, 40.0, -40.0)) if moods.short else 0.0)
        patience = chance.uniform(0, 200) if chance.random() < moods.deaf else TIMEOUT_SECONDS
        name = f"{process.name}.{'land' if lands else 'step'}"
        one = self.begin(name, start, work, lands)
        if chance.random() < moods.twice:
            self.begin(name, start, work, lands)
        if chance.random() < moods.late:
            seconds = chance.choice((20.0, 200.0, 2000.0)) * chance.random()
            self.late += 1
            process.spawn(lambda: self._later(seconds, name, start, work, lands))
        until = self.world.time + patience
        while not one.is_over and self.world.time < until:
            self.world.sleep(POLL_SECONDS)
        return one if one.is_over else replace(one, report=None)

    def _later(self, seconds: float, name: str, start: Start, work: Work, lands: bool) -> None:
        self.world.sleep(seconds)
        self.late -= 1
        self.begin(name, start, work, lands)


def _landing(event: Event) -> Work:
    def work(job: Job) -> Report | None:
        try:
            return land(job, event["round"], event["segment"])
        except UsageError:  # it came so late that another run of the day has no such segment
            return None

    return work
