"""A run's threads are on one CPU, which is given up where others want it."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from ingest_core.one_cpu import OneCpu, a_better_one, busy

STAT = """\
cpu  300 50 100 1000 5 1 2 0 0 0
cpu0 200 50 50 400 2 1 2 3 0 0
cpu1 100 0 50 600 3 0 0 0 0 0
intr 12345
"""


@pytest.mark.skipif(sys.platform != "linux", reason="affinity is Linux's")
class TestGathered:
    @pytest.fixture(autouse=True)
    def two_cpus(self) -> None:
        if len(os.sched_getaffinity(0)) < 2:
            pytest.skip("one CPU is all there is")

    def test_the_caller_and_what_it_starts_are_on_one_cpu_until_it_ends(self) -> None:
        allowed, seen, gathering = os.sched_getaffinity(0), list[set[int]](), OneCpu()
        with gathering.gathered():
            one = os.sched_getaffinity(0)
            self.in_a_thread(lambda: seen.append(os.sched_getaffinity(0)))
        assert len(one) == 1
        assert seen == [one]
        assert os.sched_getaffinity(0) == allowed

    def test_who_has_threads_of_his_own_that_need_more_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("INGEST_ONE_CPU", "0")
        allowed = os.sched_getaffinity(0)
        with OneCpu().gathered():
            assert os.sched_getaffinity(0) == allowed

    def test_a_sandbox_that_tells_less_than_linux_leaves_the_caller_as_he_was(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "stat").write_text("1 (python) R 0 1")
        monkeypatch.setattr("ingest_core.one_cpu._HERE", tmp_path / "stat")
        allowed = os.sched_getaffinity(0)
        with OneCpu().gathered():
            assert os.sched_getaffinity(0) == allowed

    def test_callers_of_one_process_share_it_and_the_last_one_ends_it(self) -> None:
        allowed, seen, gathering = os.sched_getaffinity(0), list[set[int]](), OneCpu()

        def second() -> None:
            os.sched_setaffinity(0, allowed)
            with gathering.gathered():
                seen.append(os.sched_getaffinity(0))
            seen.append(os.sched_getaffinity(0))

        with gathering.gathered():
            one = os.sched_getaffinity(0)
            self.in_a_thread(second)
            assert os.sched_getaffinity(0) == one
        assert seen == [one, allowed]
        assert os.sched_getaffinity(0) == allowed

    def test_a_thread_that_outlives_it_is_let_go(self) -> None:
        allowed, ended, seen = os.sched_getaffinity(0), threading.Event(), list[set[int]]()

        def outlive() -> None:
            ended.wait(10)
            seen.append(os.sched_getaffinity(0))

        thread, before = threading.Thread(target=outlive), threading.active_count()
        with OneCpu().gathered():
            thread.start()
        assert threading.active_count() == before + 1  # it looks no more
        ended.set()
        thread.join()
        assert seen == [allowed]

    def test_a_system_that_refuses_is_left_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "sched_setaffinity", refuse)
        with OneCpu().gathered():
            assert threading.active_count() >= 1

    def in_a_thread(self, work: object) -> None:
        thread = threading.Thread(target=work)  # type: ignore[arg-type]
        thread.start()
        thread.join()


@pytest.mark.parametrize(
    ("taken", "ours", "better"),
    [
        ({0: 0.9, 1: 0.1}, 0.85, None),  # nobody else wants it
        ({0: 1.0, 1: 0.1}, 0.5, 1),  # half of it is another's, and there is one that is free
        ({0: 1.0, 1: 0.4}, 0.5, None),  # it would be no better there
        ({0: 1.0, 1: 0.3, 2: 0.05}, 0.5, 2),  # the freest
        ({1: 0.1}, 0.5, None),  # ours is not told of
        ({}, 0.0, None),
    ],
)
def test_another_cpu_is_better_where_others_want_it_less(
    taken: dict[int, float], ours: float, better: int | None
) -> None:
    assert a_better_one(taken, 0, ours) == better


@pytest.mark.skipif(sys.platform != "linux", reason="clock ticks are the kernel's")
def test_what_is_nice_or_idle_does_not_count_as_busy() -> None:
    tick = 1 / os.sysconf("SC_CLK_TCK")
    assert busy(STAT) == {0: pytest.approx(256 * tick), 1: pytest.approx(150 * tick)}
