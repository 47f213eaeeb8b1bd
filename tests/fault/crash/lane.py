"""One lane of a series: a site, its dates one after the other, and what was found there."""

from __future__ import annotations

import datetime as dt
import logging
import random
import signal
import time
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from crash.catalog import Catalog
from crash.figures import Figures
from crash.site import Site, Task
from crash.starts import Run
from crash.verdict import judge

DAYS = 5_000
FIRST_DAY = dt.date(2026, 1, 1)
PATIENCE_SECONDS = 60.0
LOOKS_PER_LEASE = 100
TRIES = 6
DATES_KEPT = 4
DATES_TOLD = 25
MOST_PROBLEMS = 30
DONE, PARTIAL, LOCKED = 0, 3, 5  # exit codes

logger = logging.getLogger(__name__)


class Layout(NamedTuple):
    """See Task and Launch."""

    batch: int = 0
    named: bool = False


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


class Lane:
    """The same `seed` makes the same choices, not the same times. `first` is the number of the first day."""

    def __init__(self, site: Site, seed: int, things: int = 60, rows: int = 40, first: int = 0) -> None:
        self.site = site
        self.chance = random.Random(seed)
        self.figures = Figures()
        self._seed = seed
        self._sizes = things, rows
        self._judged: deque[Task] = deque()
        self._paces: dict[bool, Pace] = {}
        self._days = map(day, range(first, first + DAYS))

    def is_worth_it(self) -> bool:
        """Whether it makes sense to go on."""
        return len(self.figures.problems) < MOST_PROBLEMS

    def catalog(self) -> Catalog:
        """What the next date is to hold."""
        things, rows = self._sizes
        return Catalog(things, rows, 1, next(self._days).isoformat())

    def next_task(self, layout: Layout | None = None) -> Task:
        """The next date, configured; its layout is drawn where none is given."""
        layout = layout or Layout(self.chance.choice([0, 0, 7, 25]), self.chance.random() < 0.25)
        task = Task(self.catalog(), layout.batch, layout.named)
        self.site.configure(task)
        return task

    def kill(self, task: Task, *, reach: float, early: float, more: tuple[str, ...] = ()) -> int | None:
        """Starts a run and kills it: before or within its claim (`early` is how often), else within `reach` of what
        a run takes after it. Returns the exit code where it ended before."""
        pace, before, began = self.pace(task), self.site.epoch(task), time.monotonic()
        run = self.site.run(task, *more)
        if self.chance.random() < early:
            code = run.ended(self.chance.uniform(0, 0.12))
        else:
            code = self.await_claim(run, task, before, began)
            if code is None:
                code = run.ended(self.chance.uniform(0, reach * pace.seconds))
        if code is None:
            run.send(signal.SIGKILL)
            code = run.ended()
            if code == -signal.SIGKILL:
                self.figures.kills += 1
                return None
        self._note_exit(task, code)
        return code if code == DONE else None

    def await_claim(self, run: Run, task: Task, before: int, began: float) -> int | None:
        """Waits until the run has claimed the date; returns the exit code where it ended first."""
        until = began + PATIENCE_SECONDS + self.site.lease_seconds
        look = max(0.005, self.site.lease_seconds / LOOKS_PER_LEASE)
        while time.monotonic() < until:
            code = run.ended(look)
            if self.site.epoch(task) > before:
                if before:
                    self.figures.took_over.append(time.monotonic() - began)
                return code
            if code is not None:
                return code
        self.figures.note("wrong", f"{task.date}: not claimed after {PATIENCE_SECONDS} s")
        return None

    def finish(self, task: Task, *more: str) -> None:
        """Runs until a run says that the date is done, undisturbed."""
        for _ in range(TRIES):
            before, began = self.site.epoch(task), time.monotonic()
            run = self.site.run(task, *more)
            code = self.await_claim(run, task, before, began)
            claimed = time.monotonic()
            if code is None:
                code = run.ended()
                if not before:
                    self.pace(task).learn(time.monotonic() - claimed)
            self._note_exit(task, code)
            if code == DONE:
                return
        self.figures.note("wrong", f"{task.date}: not done after {TRIES} runs")

    def _note_exit(self, task: Task, code: int | None) -> None:
        self.figures.exits[str(code)] += 1
        if code not in {DONE, PARTIAL, LOCKED}:
            self.figures.note("wrong", f"{task.date}: a run that nobody killed ended with {code}: {self.last_words()}")

    def judge(self, task: Task, asks_anew: bool = False) -> None:
        """Judges a date that is done. `asks_anew`: a refresh had to make every request again."""
        layout = f"batches of {task.batch}" if task.batch else "records"
        where = f"{task.date}, edition {task.catalog.edition}, {layout}{', named' * task.named} (seed {self._seed})"
        known = len(self.figures.problems)
        self.figures.add(judge(self.site, task), where, asks_anew)
        for problem in self.figures.problems[known:]:
            logger.warning("%s", problem)
        self.site.said.unlink(missing_ok=True)
        if self.figures.dates % DATES_TOLD == 0:
            logger.info("seed %d: %s", self._seed, self.figures.so_far())
        self._judged.append(task)
        if len(self._judged) > DATES_KEPT:  # a server in memory gets slow with all that ever was
            self.site.forget(self._judged.popleft())

    def end(self, began: float) -> None:
        """Looks for what killed runs left beside the lake."""
        for name in self.site.forgotten():
            self.figures.note("left_behind", f"{name} in the folder for temporary files")
        self.figures.seconds = time.monotonic() - began

    def pace(self, task: Task) -> Pace:
        """How long a run of this layout takes."""
        return self._paces.setdefault(task.batch > 0, Pace())

    def last_words(self) -> str:
        """The end of what the runs of this date said."""
        words = self.site.said.read_text(errors="replace") if self.site.said.exists() else ""
        return words[-600:]
