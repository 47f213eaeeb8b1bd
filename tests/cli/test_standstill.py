"""Whether a run stands still, and how that is said where no view is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ingest_core.api import Traffic
from ingest_core.cli.standstill import SECONDS_BETWEEN, SECONDS_IN_SILENCE, SECONDS_IN_TROUBLE, Telling
from ingest_core.run import Progress


@dataclass
class Watched:
    """A run that is looked at each second; `said` is what was told, by the second."""

    traffic: Traffic = field(default_factory=lambda: Traffic(requests=10, answered=10))
    now: float = 0.0
    said: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        progress = Progress()
        progress.watch(self.traffic, lambda: 28.0)
        self._telling = Telling(progress, "tmdb", lambda text: self.said.append((self.now, text)), lambda: self.now)

    def go(self, seconds: float, *, answers: int = 0, retries: int = 0) -> None:
        for _ in range(round(seconds)):
            self.now += 1
            self.traffic.requests += answers + retries
            self.traffic.answered += answers
            if retries:
                self.traffic.retries += retries
                self.traffic.problem = "503 Service Unavailable; again in 8.0 s: /3/movie/5"
            self._telling.look()


@pytest.fixture
def watched() -> Watched:
    watched = Watched()
    watched.go(1, answers=1)
    return watched


def test_a_run_that_goes_on_says_nothing_however_often_it_tries_again(watched: Watched) -> None:
    watched.go(600, answers=1, retries=3)
    assert watched.said == []


def test_an_outage_is_told_at_its_begin_each_minute_and_at_its_end(watched: Watched) -> None:
    began = watched.now
    watched.go(150, retries=1)
    watched.go(1, answers=1)
    first, *others, last = watched.said
    assert first == (
        began + SECONDS_IN_TROUBLE,
        "tmdb: nothing has come for 10.0 s: 503 Service Unavailable; again in 8.0 s: /3/movie/5",
    )
    assert [second - first[0] for second, _ in others] == [SECONDS_BETWEEN, 2 * SECONDS_BETWEEN]
    assert last == (began + 151, "tmdb: it goes on")


def test_a_second_outage_is_told_as_the_first(watched: Watched) -> None:
    for _ in range(2):
        watched.go(15, retries=1)
        watched.go(5, answers=1)
    assert [text.partition(" for")[0] for _, text in watched.said] == 2 * [
        "tmdb: nothing has come",
        "tmdb: it goes on",
    ]


def test_an_old_problem_is_none_of_a_slow_answer(watched: Watched) -> None:
    watched.go(3, answers=1, retries=1)
    watched.go(SECONDS_IN_SILENCE - 1)
    assert watched.said == []
    watched.go(1)
    assert [text for _, text in watched.said] == ["tmdb: nothing has come for 30.0 s"]
