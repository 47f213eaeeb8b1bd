"""The timer: it repeats, it survives what goes wrong, and it ends when it is told to."""

from __future__ import annotations

import logging
import threading

import pytest

from ingest_core.threads import SystemThreads


def test_work_is_done_again_and_again_until_it_is_stopped() -> None:
    twice, calls = threading.Event(), []

    def work() -> None:
        calls.append(None)
        if len(calls) == 2:
            twice.set()

    before = threading.active_count()
    stop = SystemThreads().every(0.001, work)
    assert twice.wait(10)
    stop()
    assert threading.active_count() == before
    done = len(calls)
    assert not threading.Event().wait(0.01)
    assert len(calls) == done


def test_an_error_is_logged_and_does_not_end_the_timer(caplog: pytest.LogCaptureFixture) -> None:
    twice, calls = threading.Event(), []

    def work() -> None:
        calls.append(None)
        if len(calls) == 2:
            twice.set()
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        stop = SystemThreads().every(0.001, work)
        assert twice.wait(10)
        stop()
    assert "ZeroDivisionError" in caplog.text
