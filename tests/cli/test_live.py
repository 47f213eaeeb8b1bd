"""The live view: what it says, where it keeps quiet, and that it fits."""

from __future__ import annotations

import datetime as dt
import io
import logging
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ingest_source_tmdb.simulator import Simulator
from rich.console import Console

from ingest_core.api import Traffic
from ingest_core.cli.live import live_view
from ingest_core.cli.output import StandardError
from ingest_core.cli.view import View
from ingest_core.run import Progress, Snapshot

DAY = dt.date(2026, 11, 23)


def drawn(progress: Progress, width: int = 80) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(View(progress, "tmdb").render())
    return capture.get().splitlines()


@pytest.fixture
def progress() -> Progress:
    progress = Progress()
    progress.watch(Traffic(requests=120, retries=20, throttled=3), lambda: 28.0)
    progress.begin_round(1, slices=1, ids=100)
    for _ in range(7):
        progress.land()
    return progress


def test_it_tells_slices_records_the_allowed_rate_and_the_last_problem(progress: Progress) -> None:
    progress.close_slice(handed_over=2)
    progress.tell("503 Service Unavailable; again in 2.0 s")
    first, second, third = drawn(progress)
    assert first == "tmdb · round 1 · 1 of 3 slices · 7 records, 67 to go"
    assert "of 28.0 requests/s · retried 20, refused 3" in second
    assert third == "  last problem: 503 Service Unavailable; again in 2.0 s"


def test_it_has_no_rate_for_a_source_without_a_network() -> None:
    assert not any("requests/s" in line for line in drawn(Progress()))


def test_a_round_that_is_gone_over_again_after_workers_falls_back_in_nothing() -> None:
    progress = Progress()
    progress.watch(Traffic(), lambda: 28.0)
    progress.begin_round(0, slices=2, ids=200)
    for worker in (1, 2):
        progress.hear(worker, 90 + worker, "")
        progress.close_slice(handed_over=0)
    before = drawn(progress)
    assert before[0] == "tmdb · round 0 · 2 of 2 slices · 183 records"
    assert before[2] == "  2 workers · 91 to 92 records each"
    progress.begin_round(0, slices=2, ids=200)
    assert drawn(progress) == before
    progress.begin_round(1, slices=1, ids=100)
    assert drawn(progress)[0] == "tmdb · round 1 · 0 of 1 slices · 183 records, 100 to go"


def test_what_is_only_tried_again_brings_no_end_nearer() -> None:
    progress, traffic = Progress(), Traffic()
    progress.watch(traffic, lambda: 28.0)
    progress.begin_round(0, slices=1, ids=100)
    view = View(progress, "tmdb")
    told = []
    for answers in (0, 0, 10):
        traffic.requests += 20
        traffic.answered += answers
        console = Console(width=100, color_system=None)
        with console.capture() as capture:
            console.print(view.render())
        told.append(capture.get())
    assert ["left" in text for text in told] == [False, False, True]


def test_slices_that_an_earlier_attempt_closed_are_none_to_go_any_more(progress: Progress) -> None:
    progress.begin_round(2, slices=4, ids=400)
    progress.close_slice(handed_over=0)
    assert progress.look().ids_left == 300


def test_an_attempt_begins_with_nothing_of_the_one_before(progress: Progress) -> None:
    progress.tell("503")
    progress.begin(DAY)
    assert progress.look() == Snapshot(date=DAY)


def test_a_view_has_no_figure_of_the_run_before(progress: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    with live_view(progress, "tmdb"):
        progress.begin(DAY)
        progress.watch(Traffic(requests=1), lambda: 28.0)
    assert "tmdb 2026-11-23 · round 0" in terminal.getvalue()
    assert not re.search(r"-[0-9.]+ of", terminal.getvalue())


def test_a_view_in_which_nothing_begins_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    progress, terminal = Progress(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    with live_view(progress, "tmdb"):
        pass
    assert terminal.getvalue() == ""
    with live_view(progress, "tmdb"):
        progress.begin(DAY)
    assert "round 0" in terminal.getvalue()


def test_what_is_logged_meanwhile_stands_on_lines_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    progress, terminal, handler = Progress(), io.StringIO(), StandardError()
    monkeypatch.setattr(sys, "stderr", terminal)
    with live_view(progress, "tmdb"):
        progress.begin(DAY)
        handler.handle(logging.LogRecord("a", logging.WARNING, "a.py", 1, "worker 2 has died", (), None))
    assert re.search(r"(\n|\x1b\[[0-9;?]*[A-Za-z]|\r)worker 2 has died\r?\n", terminal.getvalue())


@pytest.mark.parametrize("width", [80, 40, 20])
def test_its_lines_never_wrap(progress: Progress, width: int) -> None:
    progress.tell("a very long problem " * 20)
    lines = drawn(progress, width)
    assert len(lines) == 3
    assert all(len(line) <= width for line in lines)


def run_in_a_terminal(home: Path, **environment: str) -> str:
    """What `ingest run tmdb` writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    command = [sys.executable, "-m", "ingest_core", "run", "tmdb"]
    process = subprocess.Popen(
        command,
        cwd=home,
        env={**plain, "COLUMNS": "80", "LINES": "24", "TERM": "xterm", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # the terminal is gone with its last program
            break
        if not chunk:
            break
        written += chunk
    os.close(ours)
    assert process.wait() == 0
    return written.decode()


def test_a_terminal_sees_the_view_and_then_the_summary(home: Path, simulator: Simulator) -> None:
    seen = run_in_a_terminal(home)
    assert "round 0" in seen or "round 1" in seen
    assert "\x1b[" in seen
    assert "✔" in seen
    assert "round" not in seen.partition("✔")[2]  # no view is drawn below the summary


def test_a_dumb_terminal_sees_the_summary_alone(home: Path, simulator: Simulator) -> None:
    seen = run_in_a_terminal(home, TERM="dumb")
    assert "\x1b" not in seen
    assert "round" not in seen
    assert "landed" in seen


def test_no_color_has_no_colours(home: Path, simulator: Simulator) -> None:
    seen = run_in_a_terminal(home, NO_COLOR="1")
    assert "\x1b[3" not in seen
    assert "\x1b[9" not in seen


def test_a_pipe_sees_the_summary_alone(home: Path, simulator: Simulator) -> None:
    command = [sys.executable, "-m", "ingest_core", "run", "tmdb"]
    ended = subprocess.run(command, cwd=home, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert "\x1b" not in ended.stdout
    assert "landed" in ended.stdout
