"""Runs that are killed, in pairs or stalled, until their date is done; then the lake is judged."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

from crash.figures import Figures
from crash.lane import DONE, LOCKED, PARTIAL, Lane, Layout
from crash.launch import Step
from crash.site import Task

CLAIM_STEPS = 5
CALM_EVERY = 10  # an undisturbed run tells how long one takes now
LAYOUTS = (Layout(), Layout(batch=7), Layout(named=True))


class Series:
    """Many dates of one lane. It ends early where too much goes wrong."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    def kill(self, kills: int) -> Figures:
        """Kills runs at random moments until so many were killed and every date is done."""
        began = time.monotonic()
        while self._lane.figures.kills < kills and self._lane.is_worth_it():
            task = self._lane.next_task()
            if self._lane.figures.dates % CALM_EVERY == 0:
                self._lane.finish(task)
                self._lane.judge(task)
                task = self._lane.next_task(Layout(task.batch, task.named))
            left = kills - self._lane.figures.kills
            self._killed_until_done(task, min(left, self._lane.chance.randint(1, 8)))
            first = task
            if self._lane.chance.random() < 0.35:
                task = self._superseded(task, kills - self._lane.figures.kills)
            self._lane.judge(task, asks_anew=task is not first and task.catalog == first.catalog)
        self._lane.end(began)
        return self._lane.figures

    def pair(self, pairs: int) -> Figures:
        """Two runs of one date at once, so many times; of some one is killed or stalled on the way."""
        began = time.monotonic()
        while self._lane.figures.pairs < pairs and self._lane.is_worth_it():
            task = self._lane.next_task()
            if self._lane.figures.pairs % CALM_EVERY == 0:
                self._lane.finish(task)
                self._lane.judge(task)
                task = self._lane.next_task(Layout(task.batch, task.named))
            self._run_pair(task)
            self._lane.finish(task)
            self._lane.judge(task)
        self._lane.end(began)
        return self._lane.figures

    def step(self, stride: int = 1) -> Figures:
        """A run that is killed at its first step that touches the lake or sends something; one at its second; …

        With a `stride` of more than one: every step of the first claim, then each so many.
        """
        began = time.monotonic()
        for layout in LAYOUTS if stride == 1 else LAYOUTS[:1]:
            for number in range(1, self._count_steps(layout) + 1):
                if self._lane.is_worth_it() and (number <= CLAIM_STEPS or number % stride == 0):
                    self._kill_at(self._lane.next_task(layout), Step(number))
        self._lane.end(began)
        return self._lane.figures

    def _kill_at(self, task: Task, step: Step) -> None:
        code = self._lane.site.run(task, step=step).ended()
        if code == -signal.SIGKILL:
            self._lane.figures.kills += 1
        elif code != 0:  # threads take turns as they like: the last steps may not come
            self._lane.figures.note("wrong", f"step {step.number}: exit code {code}: {self._lane.last_words()}")
        self._lane.finish(task)
        self._lane.judge(task)

    def _count_steps(self, layout: Layout) -> int:
        task, counts = self._lane.next_task(layout), self._lane.site.folder / "steps.txt"
        if self._lane.site.run(task, counts=str(counts)).ended() != 0:
            self._lane.figures.note("wrong", f"counting steps: {self._lane.last_words()}")
        self._lane.judge(task)
        return int(counts.read_text())

    def whole(self, kills: int) -> Figures:
        """One date after an undisturbed one, killed at so many random moments of its way."""
        began = time.monotonic()
        calm = Task(self._lane.catalog())
        self._lane.site.configure(calm)
        self._lane.finish(calm)
        self._lane.judge(calm)
        self._lane.figures = Figures()
        task = Task(self._lane.catalog())
        self._lane.site.configure(task)
        for _ in range(kills):
            self._lane.kill(task, reach=2.0 / kills, early=0.0)
        self._lane.finish(task)
        self._lane.judge(task)
        self._lane.end(began)
        return self._lane.figures

    def _killed_until_done(self, task: Task, kills: int, *more: str) -> None:
        for _ in range(kills):
            if self._lane.kill(task, reach=0.6, early=0.15, more=more) is not None:
                break
        self._lane.finish(task, *more)

    def _superseded(self, task: Task, left: int) -> Task:
        """A second generation, with other ids or in another layout, killed on its way as well."""
        later = task.later(self._lane.chance.choice([1, 2]), self._lane.chance.choice([0, 7, 25]))
        self._lane.site.configure(later)
        self._killed_until_done(
            later, min(max(0, left), self._lane.chance.randint(1, 4)), *(["--refresh"] if later == task else [])
        )
        return later

    def _run_pair(self, task: Task) -> None:
        what = self._lane.chance.choice(["both", "kill", "stall"])
        one = self._lane.site.run(task)
        if self._lane.chance.random() < 0.75:  # else they race for the claim itself
            self._lane.await_claim(one, task, 0, time.monotonic())
            one.ended(self._lane.chance.uniform(0, 0.8 * self._lane.pace(task).seconds))
        if what == "stall":
            one.send(signal.SIGSTOP)
        two = self._lane.site.run(task)
        if what == "kill":
            two.ended(self._lane.chance.uniform(0, 0.8 * self._lane.pace(task).seconds))
            self._lane.chance.choice([one, two]).send(signal.SIGKILL)
        elif what == "stall":
            two.ended(self._lane.chance.uniform(0, 2 * (self._lane.site.lease_seconds + self._lane.pace(task).seconds)))
            one.send(signal.SIGCONT)
        for run in (one, two):
            code = run.ended()
            self._lane.figures.exits[f"{what} {code}"] += 1
            allowed = {DONE, PARTIAL, LOCKED} | ({-signal.SIGKILL} if what == "kill" else set())
            if code not in allowed:
                self._lane.figures.note(
                    "wrong", f"{task.date}: of a pair ({what}) one ended with {code}: {self._lane.last_words()}"
                )
        self._lane.figures.pairs += 1


def lines(figures: Figures) -> Iterator[str]:
    """For a person."""
    yield from (f"{name}: {value}" for name, value in figures.as_json().items() if name != "problems")
    yield from figures.problems[:20]
