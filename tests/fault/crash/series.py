"""Runs that are killed, in pairs or stalled, until their date is done; then the lake is judged."""

from __future__ import annotations

import datetime as dt
import logging
import random
import signal
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from crash.catalog import Catalog
from crash.figures import Figures
from crash.launch import Step
from crash.site import Site, Task
from crash.starts import Run
from crash.verdict import judge

DAYS = 5_000
FIRST_DAY = dt.date(2026, 1, 1)
PATIENCE_SECONDS = 60.0
LOOKS_PER_LEASE = 50
TRIES = 6
DATES_KEPT = 4
CLAIM_STEPS = 6
DATES_TOLD = 25
CALM_EVERY = 10  # an undisturbed run tells how long one takes now

logger = logging.getLogger(__name__)
MOST_PROBLEMS = 30
LOCKED = 5
PARTIAL = 3


class Layout(NamedTuple):
    """See Task and Launch."""

    batch: int = 0
    named: bool = False


LAYOUTS = (Layout(), Layout(batch=7), Layout(named=True))


def day(number: int) -> dt.date:
    """The days of a series, by their number."""
    return FIRST_DAY + dt.timedelta(days=number)


@dataclass
class Pace:
    """How long a run takes from its claim to its end when nobody kills it."""

    seconds: float = 0.4
    is_learnt: bool = False

    def learn(self, seconds: float) -> None:
        self.seconds += (seconds - self.seconds) / (4 if self.is_learnt else 1)
        self.is_learnt = True


class Series:
    """Many dates on one site, one after the other. The same `seed` makes the same choices, not the same times.

    It ends early where too much goes wrong.
    """

    def __init__(self, site: Site, seed: int, things: int = 60, rows: int = 40, first: int = 0) -> None:
        self.figures = Figures()
        self._site = site
        self._seed = seed
        self._chance = random.Random(seed)
        self._sizes = things, rows
        self._judged: deque[Task] = deque()
        self._paces: dict[int, Pace] = {}
        self._days = map(day, range(first, first + DAYS))

    def kill(self, kills: int) -> Figures:
        """Kills runs at random moments until so many were killed and every date is done."""
        began = time.monotonic()
        while self.figures.kills < kills and self._is_worth_it():
            task = self._next_task()
            if self.figures.dates % CALM_EVERY == 0:
                self._finish(task)
                self._judge(task)
                task = self._next_task(Layout(task.batch, task.named))
            left = kills - self.figures.kills
            self._killed_until_done(task, min(left, self._chance.randint(1, 8)))
            first = task
            if self._chance.random() < 0.35:
                task = self._superseded(task, kills - self.figures.kills)
            self._judge(task, asks_anew=task is not first and task.catalog == first.catalog)
        self._end(began)
        return self.figures

    def pair(self, pairs: int) -> Figures:
        """Two runs of one date at once, so many times; of some one is killed or stalled on the way."""
        began = time.monotonic()
        while self.figures.pairs < pairs and self._is_worth_it():
            task = self._next_task()
            if self.figures.pairs % CALM_EVERY == 0:
                self._finish(task)
                self._judge(task)
                task = self._next_task(Layout(task.batch, task.named))
            self._run_pair(task)
            self._finish(task)
            self._judge(task)
        self._end(began)
        return self.figures

    def step(self, stride: int = 1) -> Figures:
        """A run that is killed at its first step that touches the lake or sends something; one at its second; …

        With a `stride` of more than one: every step of the first claim, then each so many.
        """
        began = time.monotonic()
        for layout in LAYOUTS if stride == 1 else LAYOUTS[:1]:
            for number in range(1, self._count_steps(layout) + 1):
                if self._is_worth_it() and (number <= CLAIM_STEPS or number % stride == 0):
                    self._kill_at(self._next_task(layout), Step(number))
        self._end(began)
        return self.figures

    def _kill_at(self, task: Task, step: Step) -> None:
        code = self._site.run(task, step=step).ended()
        if code == -signal.SIGKILL:
            self.figures.kills += 1
        elif code != 0:  # threads take turns as they like: the last steps may not come
            self.figures.note("wrong", f"step {step.number}: exit code {code}: {self._last_words()}")
        self._finish(task)
        self._judge(task)

    def _count_steps(self, layout: Layout) -> int:
        task, counts = self._next_task(layout), self._site.folder / "steps.txt"
        if self._site.run(task, counts=str(counts)).ended() != 0:
            self.figures.note("wrong", f"counting steps: {self._last_words()}")
        self._judge(task)
        return int(counts.read_text())

    def whole(self, kills: int) -> Figures:
        """One date after an undisturbed one, killed at so many random moments of its way."""
        began = time.monotonic()
        calm = Task(self._catalog())
        self._site.configure(calm)
        self._finish(calm)
        self._judge(calm)
        self.figures = Figures()
        task = Task(self._catalog())
        self._site.configure(task)
        for _ in range(kills):
            self._kill_once(task, reach=2.0 / kills, early=0.0)
        self._finish(task)
        self._judge(task)
        self._end(began)
        return self.figures

    def _is_worth_it(self) -> bool:
        return len(self.figures.problems) < MOST_PROBLEMS

    def _catalog(self, edition: int = 1) -> Catalog:
        things, rows = self._sizes
        return Catalog(things, rows, edition, next(self._days).isoformat())

    def _next_task(self, layout: Layout | None = None) -> Task:
        layout = layout or Layout(self._chance.choice([0, 0, 7, 25]), self._chance.random() < 0.25)
        task = Task(self._catalog(), layout.batch, layout.named)
        self._site.configure(task)
        return task

    def _killed_until_done(self, task: Task, kills: int, *more: str) -> None:
        for _ in range(kills):
            if self._kill_once(task, reach=0.6, early=0.15, more=more) is not None:
                break
        self._finish(task, *more)

    def _superseded(self, task: Task, left: int) -> Task:
        """A second generation, with other ids or in another layout, killed on its way as well."""
        later = task.later(self._chance.choice([1, 2]), self._chance.choice([0, 7, 25]))
        self._site.configure(later)
        self._killed_until_done(
            later, min(max(0, left), self._chance.randint(1, 4)), *(["--refresh"] if later == task else [])
        )
        return later

    def _kill_once(self, task: Task, *, reach: float, early: float, more: tuple[str, ...] = ()) -> int | None:
        """Starts a run and kills it: before or within its claim (`early` is how often), else within `reach` of what
        a run takes after it. Returns the exit code where it ended before."""
        pace, before, began = self._pace(task), self._site.epoch(task), time.monotonic()
        run = self._site.run(task, *more)
        if self._chance.random() < early:
            code = run.ended(self._chance.uniform(0, 0.12))
        else:
            code = self._await_claim(run, task, before, began)
            if code is None:
                code = run.ended(self._chance.uniform(0, reach * pace.seconds))
        if code is None:
            run.send(signal.SIGKILL)
            code = run.ended()
            if code == -signal.SIGKILL:
                self.figures.kills += 1
                return None
        self.figures.exits[str(code)] += 1
        return code if code == 0 else None

    def _await_claim(self, run: Run, task: Task, before: int, began: float) -> int | None:
        """Waits until the run has claimed the date; returns the exit code where it ended first."""
        until = began + PATIENCE_SECONDS + self._site.lease_seconds
        look = max(0.005, self._site.lease_seconds / LOOKS_PER_LEASE / 2)
        while time.monotonic() < until:
            code = run.ended(look)
            if self._site.epoch(task) > before:
                if before:
                    self.figures.took_over.append(time.monotonic() - began)
                return code
            if code is not None:
                return code
        self.figures.note("wrong", f"{task.date}: not claimed after {PATIENCE_SECONDS} s")
        return None

    def _finish(self, task: Task, *more: str) -> None:
        """Runs until a run says that the date is done, undisturbed."""
        for _ in range(TRIES):
            before, began = self._site.epoch(task), time.monotonic()
            run = self._site.run(task, *more)
            code = self._await_claim(run, task, before, began)
            claimed = time.monotonic()
            if code is None:
                code = run.ended()
                if not before:
                    self._pace(task).learn(time.monotonic() - claimed)
            self.figures.exits[str(code)] += 1
            if code == 0:
                return
            if code not in {PARTIAL, LOCKED}:
                self.figures.note("wrong", f"{task.date}: an undisturbed run ended with {code}: {self._last_words()}")
        self.figures.note("wrong", f"{task.date}: not done after {TRIES} runs")

    def _run_pair(self, task: Task) -> None:
        what = self._chance.choice(["both", "kill", "stall"])
        one = self._site.run(task)
        if self._chance.random() < 0.75:  # else they race for the claim itself
            self._await_claim(one, task, 0, time.monotonic())
            one.ended(self._chance.uniform(0, 0.8 * self._pace(task).seconds))
        if what == "stall":
            one.send(signal.SIGSTOP)
        two = self._site.run(task)
        if what == "kill":
            two.ended(self._chance.uniform(0, 0.8 * self._pace(task).seconds))
            self._chance.choice([one, two]).send(signal.SIGKILL)
        elif what == "stall":
            two.ended(self._chance.uniform(0, 2 * (self._site.lease_seconds + self._pace(task).seconds)))
            one.send(signal.SIGCONT)
        for run in (one, two):
            code = run.ended()
            self.figures.exits[f"{what} {code}"] += 1
            allowed = {0, LOCKED} | ({-signal.SIGKILL} if what == "kill" else set())
            if code not in allowed:
                self.figures.note(
                    "wrong", f"{task.date}: of a pair ({what}) one ended with {code}: {self._last_words()}"
                )
        self.figures.pairs += 1

    def _judge(self, task: Task, asks_anew: bool = False) -> None:
        """`asks_anew`: a refresh had to make every request again."""
        layout = f"batches of {task.batch}" if task.batch else "records"
        where = f"{task.date}, edition {task.catalog.edition}, {layout}{', named' * task.named} (seed {self._seed})"
        known = len(self.figures.problems)
        self.figures.add(judge(self._site, task), where, asks_anew)
        for problem in self.figures.problems[known:]:
            logger.warning(problem)
        self._site.said.unlink(missing_ok=True)
        if self.figures.dates % DATES_TOLD == 0:
            logger.info("seed %d: %s", self._seed, self.figures.so_far())
        self._judged.append(task)
        if len(self._judged) > DATES_KEPT:  # a server in memory gets slow with all that ever was
            self._site.forget(self._judged.popleft())

    def _end(self, began: float) -> None:
        for name in self._site.forgotten():
            self.figures.note("left_behind", f"{name} in the folder for temporary files")
        self.figures.seconds = time.monotonic() - began

    def _pace(self, task: Task) -> Pace:
        return self._paces.setdefault(0 if task.batch == 0 else 1, Pace())

    def _last_words(self) -> str:
        words = self._site.said.read_text(errors="replace") if self._site.said.exists() else ""
        return words[-600:]


def lines(figures: Figures) -> Iterator[str]:
    """For a person."""
    yield from (f"{name}: {value}" for name, value in figures.as_json().items() if name != "problems")
    yield from figures.problems[:20]
