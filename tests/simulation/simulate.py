"""One seed, from its scenario to the verdict."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ingest_core.lake import Lake
from ingest_core.lake.s3 import S3Lake
from ingest_core.model import FailureBudget, Report, Status
from ingest_core.run import Job, run

from .api import SimulatedApi, SimulatedTransport
from .disk import Disk, SimulatedDiskLake
from .faults import Drawn
from .judge import CONFIG, FOREIGN_BODY, Judge
from .machine import CALM, Machine, Moods, Work, moody
from .s3 import BUCKET, Client, Object, Server
from .scenario import Scenario, Start, drawn, in_steps
from .sites import Hit
from .source import LABEL, Ear, source
from .steps import Steps
from .threads import SimulatedClock, SimulatedThreads
from .workers import SimulatedMapper
from .world import Process, StuckError, World

MOST_STARTS_AT_LAST = 30
FOREIGN_DAYS = ("2026/11/23", "2026/11/24")
Trace = Callable[[str], None]


def ignore_file(uri: str) -> Any:
    raise AssertionError(f"no file is opened here: {uri}")


@dataclass
class Outcome:
    """What came of a seed. `is_late`: a write arrived later than the protocol allows for; what then breaks is told
    apart."""

    seed: int
    violations: list[str]
    is_late: bool
    turns: int


@dataclass
class Simulation:
    """The world of one seed. `apart` draws what a state machine does, so that nothing else is drawn otherwise."""

    scenario: Scenario
    chance: random.Random
    apart: random.Random
    hits: Counter[Hit] = field(default_factory=Counter)
    trace: Trace | None = None

    def __post_init__(self) -> None:
        scenario = self.scenario
        self.world = World(self.chance)
        self.world.time = scenario.begins
        self.api = SimulatedApi(
            self.chance, scenario.habits, {name: [*ids] for name, ids in scenario.lists.items()}, scenario.pages
        )
        self.faults = Drawn(self.chance, scenario.every, scenario.focus, scenario.late, scenario.zombies, self.hits)
        self.server = Server(self.world, scenario.server_skew)
        self.disk = Disk()
        self.is_s3 = scenario.lake == "s3"
        foreign = {f"Raw/{LABEL}/JSON/{day}/{name}" for day in FOREIGN_DAYS for name in scenario.foreign}
        self.judge = Judge(self.world, self.api, self._read, self._keys, self._generation, foreign)
        self.server.on_write = self.disk.on_write = self.judge.on_write
        self.server.on_read = self.judge.on_read
        self.machine = Machine(self.world, self.server, self.apart, scenario.hands, self._call, self.judge.say)
        for key in sorted(self.judge.foreign):
            self.server.objects[key] = Object(FOREIGN_BODY, '"foreign"', {}, 0)
            self.disk.files[key] = FOREIGN_BODY
        self.called: list[Run] = []
        self.stamps = 0
        self.processes = 0
        self.is_over = False

    def _read(self, key: str) -> bytes | None:
        if not self.is_s3:
            return self.disk.files.get(key)
        there = self.server.objects.get(key)
        return None if there is None else there.body

    def _keys(self) -> list[str]:
        return [*(self.server.objects if self.is_s3 else self.disk.files)]

    def _generation(self, key: str) -> int | None:
        there = self.server.objects.get(key)
        return None if there is None else int(there.metadata.get("ingest-generation", "0"))

    def go(self) -> list[str]:
        """Runs the scenario to its end; returns what does not hold."""
        driver = Process(self.world, "driver")
        driver.spawn(self._script)
        try:
            self.world.run(lambda: self.is_over)
            self.judge.verdict()
        except StuckError as error:
            self.judge.say(f"no end: {error}")
        except Exception as error:  # noqa: BLE001 -- what cannot be read at all is as bad as what is wrong
            self.judge.say(f"what lies there cannot be judged: {type(error).__name__}: {error}")
        return self.judge.violations

    def _script(self) -> None:
        running: list[Run] = []
        for start in self.scenario.starts:
            if start.waits:
                self._wait(running)
            if start.after:
                self.world.sleep(start.after)
            running.append(self._start(start))
        if not self.scenario.zombies and self.chance.random() < 0.7:
            self._wait(running)
        self.faults.is_calm = self.api.is_still = True
        self.api.down = 0
        self._finish(running)
        self._wait([*running, *self.called])
        self.is_over = True

    def _wait(self, running: list[Run]) -> None:
        for one in running:
            while not one.is_over:
                one.waiters.append(self.world.current())
                self.world.block()

    def _finish(self, running: list[Run]) -> None:
        """Without faults any more: somebody calls until the answer is done."""
        last = self.scenario.starts[-1]
        if self.scenario.hands:
            self._wait(running)
            while self.machine.late:
                self.world.sleep(60.0)
            self._wait(self.called)
            self._drive_again(last)
        for _ in range(MOST_STARTS_AT_LAST):
            is_alone = all(other.is_over for other in (*running, *self.called)) and not self.machine.late
            one = self._start(Start(config=last.config))
            self._wait([one])
            if one.report is not None and one.report.status is Status.DONE and is_alone:
                self._rerun(one.report.date)
                return
            self.world.sleep(60.0)
        self.judge.say(f"no run comes to its end: {one.report and one.report.error}")

    def _drive_again(self, last: Start) -> None:
        """Executions of each day that is not done: the machine knows of no other day than its own."""
        for day in sorted(self.judge.days()):
            for _ in range(MOST_STARTS_AT_LAST):
                one = self._execute(Start(config=last.config, date=day), CALM)
                self._wait([one])
                if one.report is None or one.report.status is Status.DONE:
                    break
                self.world.sleep(60.0)
            else:
                self.judge.say(f"no execution of {day} comes to its end: {one.report and one.report.error}")

    def _rerun(self, date: dt.date) -> None:
        """A run that is done asks nothing and writes nothing."""
        last = self._start(Start(config=self.scenario.starts[-1].config, date=date))
        self._wait([last])
        # What a worker of an earlier run still does, as its request had been on its way for long, is not the rerun's.
        own = [
            one for one in self.world.processes if one is last.process or one.name.startswith(f"{last.process.name}w")
        ]
        if any(process.acts for process in own):
            self.judge.say("a rerun of what is done asked the API, or wrote")
        if last.report is None or last.report.status is not Status.DONE or not last.report.already_done:
            self.judge.say(f"a rerun of what is done is {last.report and last.report.status.value}")

    def _start(self, start: Start) -> Run:
        self.processes += 1
        self.api.down = start.down or self.api.down
        if self.scenario.hands and start.limit is None and self.apart.random() < 0.8:
            return self._execute(start, CALM if self.faults.is_calm else self._moods())
        return self._begin(f"p{self.processes}", start, run)

    def _moods(self) -> Moods:
        focus = self.scenario.focus
        return moody(self.apart, is_hasty=focus is not None and focus[1] == "map")

    def _execute(self, start: Start, moods: Moods) -> Run:
        """The state machine's own process: it is nowhere, and does not die."""
        process = Process(self.world, f"x{self.processes}")
        date = start.date or SimulatedClock(process).now().date()
        one = Run(process)
        process.spawn(lambda: self._work(one, lambda: self.machine.execute(process, start, date, moods)))
        return one

    def _call(self, name: str, start: Start, work: Work, lands: bool) -> Run:
        """One invocation of the function that the state machine calls."""
        self.processes += 1
        one = self._begin(f"{name}{self.processes}", start, work, lands=lands)
        self.called.append(one)
        return one

    def _begin(self, name: str, start: Start, work: Work, *, lands: bool = False) -> Run:
        process = Process(self.world, name, start.skew)
        if lands:
            self.judge.is_called(process)
        job, one = self._coordinating(process, start, lands=lands), Run(process)
        process.on_death.append(one.end)
        if self.trace is not None:
            self.trace(f"{self.world.time:10.2f}  {process.name}  starts: {start}")
        process.spawn(lambda: self._work(one, lambda: work(job)))
        return one

    def _work(self, one: Run, work: Callable[[], Report | None]) -> None:
        try:
            one.report = work()
        except Exception as error:  # noqa: BLE001 -- a run that raises is what is looked for
            self.judge.say(f"{one.process.name}: run raised {type(error).__name__}: {error}")
        if self.trace is not None and one.report is not None:
            told = one.report.error.what if one.report.error else ""
            self.trace(f"{self.world.time:10.2f}  {one.process.name}  answers {one.report.status.value} {told}")
        one.end()

    def _coordinating(self, process: Process, start: Start, *, lands: bool) -> Job:
        """The job of a process that has workers, where the scenario gives it some."""
        job = self._job(process, start, lands=lands)
        if not self.scenario.workers:
            return job
        mapper = SimulatedMapper(
            process,
            self.scenario.workers,
            lambda worker: self._job(worker, start),
            self.judge,
            is_folder=not self.is_s3,
        )
        return replace(job, mapper=mapper)

    def _job(self, process: Process, start: Start, *, lands: bool = False) -> Job:
        scenario, clock = self.scenario, SimulatedClock(process)
        steps = Steps(process, self.faults, self.chance, scenario.latency, self.trace, lands=lands)
        config = scenario.configs[start.config]
        ear = Ear(
            run=lambda: self.judge.run_of(process),
            begin=lambda run, name: self.judge.on_fetch(process, run, name),
            planned=self.judge.on_plan,
            asked=self.judge.asked,
        )
        return Job(
            config=CONFIG,
            source=source([config.selects for config in scenario.configs], ear, self._stamp),
            label=LABEL,
            settings={"choice": start.config},
            date=start.date or clock.now().date(),
            lake=self._lake(steps),
            transport=lambda: SimulatedTransport(self.api, steps),
            open_file=ignore_file,
            clock=clock,
            rate=1e6,
            connections=scenario.connections,
            attempts=2,
            max_failed=FailureBudget(1_000),
            specification=config.specification,
            batch=config.batch,
            limit=start.limit,
            refresh=start.refresh,
            deadline=None if start.deadline is None else self.world.time + start.deadline,
            margin=20.0,
            threads=SimulatedThreads(process),
            hand_over=scenario.hand_over,
            chance=self.chance,
        )

    def _lake(self, steps: Steps) -> Lake:
        if self.is_s3:
            return S3Lake(Client(self.server, steps), BUCKET, clock=SimulatedClock(steps.process))
        return SimulatedDiskLake(self.disk, steps)

    def _stamp(self) -> int:
        self.stamps += 1
        return self.stamps


@dataclass
class Run:
    """A process and what it answered; no report: it died."""

    process: Process
    report: Report | None = None
    is_over: bool = False
    waiters: list[Any] = field(default_factory=list)

    def end(self) -> None:
        self.is_over = True
        for task in self.waiters:
            self.process.world.ready(task)
        self.waiters.clear()


def simulate(seed: int, hits: Counter[Hit] | None = None, trace: Trace | None = None) -> Outcome:
    """Everything that one seed decides."""
    chance = random.Random(seed)
    # Drawn apart, so that what a seed decides beside is what it was.
    workers = random.Random(-seed).choice((0, 0, 0, 2, 3))
    apart = random.Random(f"steps {seed}")
    scenario = in_steps(replace(drawn(chance), workers=workers), apart)
    simulation = Simulation(scenario, chance, apart, Counter() if hits is None else hits, trace)
    if trace is not None:
        trace(repr(simulation.scenario))
    violations = simulation.go()
    simulation.world.close()
    return Outcome(seed, violations, simulation.faults.is_late, simulation.world.turns)
