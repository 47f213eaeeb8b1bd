"""Starting runs: as forks of a warm process, or as the command itself.

A fork costs a kill some 50 ms instead of a second: thousands of them fit into minutes. What runs is the same.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Protocol

from crash.launch import Launch, forked

HERE = Path(__file__).resolve().parents[1]
LONGEST_SECONDS = 120.0


class Run(Protocol):
    """A run that was started."""

    def ended(self, seconds: float = LONGEST_SECONDS) -> int | None:
        """The exit code, negative for a signal; None where it is still going after so many seconds."""
        ...

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal; nothing happens where it has ended."""
        ...


class Start(Protocol):
    """How a run is started."""

    def __call__(self, launch: Launch) -> Run: ...


class _Fork:
    # multiprocessing looks after all children whenever one is started, and reads each exit code from a pipe, once: of
    # two threads that read it at the same time one would be told 255.
    _reading = threading.Lock()

    def __init__(self, context: ForkServerContext, launch: Launch) -> None:
        self._process = context.Process(target=forked, args=(launch,), daemon=True)
        with self._reading:
            self._process.start()

    def ended(self, seconds: float = LONGEST_SECONDS) -> int | None:
        wait([self._process.sentinel], seconds)
        with self._reading:
            return self._process.exitcode

    def send(self, number: signal.Signals) -> None:
        if self.ended(0) is None and self._process.pid is not None:
            _send(self._process.pid, number)


class _Command:
    def __init__(self, launch: Launch) -> None:
        command = ["-m", "ingest_core", *launch.arguments] if launch.is_plain else ["-m", "crash.launch"]
        more = [] if launch.is_plain else [launch.as_json()]
        with Path(launch.says).open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, *command, *more],
                env={**with_path(), **launch.environment},
                stdout=said,
                stderr=said,
                stdin=subprocess.DEVNULL,
            )

    def ended(self, seconds: float = LONGEST_SECONDS) -> int | None:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def send(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            _send(self._process.pid, number)


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def with_path() -> dict[str, str]:
    """This process's environment, with the folder in which `crash` is found."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")]))}


def command(launch: Launch) -> Run:
    """Starts `python -m ingest_core`, or the launcher where something is to be done to the run."""
    return _Command(launch)


class Warm:
    """Starts forks of one warm process, which lives as long as this one."""

    def __init__(self) -> None:
        os.environ.update(with_path())
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["crash.launch"])

    def __call__(self, launch: Launch) -> Run:
        return _Fork(self._context, launch)
