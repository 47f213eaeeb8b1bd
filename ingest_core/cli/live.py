"""The live view of a run: a few lines that a terminal keeps up to date, and nothing anywhere else."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ingest_core.cli.output import duration
from ingest_core.cli.palette import THEME
from ingest_core.run import Progress, Snapshot

LOOKS_A_SECOND = 4
RATE_SECONDS = 5.0


@contextmanager
def live_view(progress: Progress, name: str) -> Iterator[None]:
    """Shows `progress` on standard error while the block runs, where that is a terminal that can."""
    console = Console(stderr=True, theme=THEME, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield
        return
    view = View(progress, name)
    with Live(get_renderable=view.render, console=console, refresh_per_second=LOOKS_A_SECOND, transient=True):
        yield


class View:
    """Two or three lines, each cut to the terminal's width."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name
        self._began = time.monotonic()
        self._looks: deque[tuple[float, int]] = deque()

    def render(self) -> Group:
        """The lines as of now."""
        now, seen = time.monotonic(), self._progress.look()
        rate = self._rate(now, seen.requests)
        lines = [_line(self._first(seen)), _line(self._second(seen, rate, now))]
        if seen.problem:
            lines.append(_line(f"  last problem: {seen.problem}", "yellow"))
        return Group(*lines)

    def _first(self, seen: Snapshot) -> str:
        closed, known = seen.slices
        to_go = f", {seen.ids_left:,} to go" if seen.ids_left else ""
        return f"{self._name} · round {seen.round} · {closed:,} of {known:,} slices · {seen.records:,} records{to_go}"

    def _second(self, seen: Snapshot, rate: float, now: float) -> str:
        parts = [duration(now - self._began)]
        if seen.allowed:
            parts.append(f"{rate:.1f} of {seen.allowed:.1f} requests/s")
            parts.append(f"retried {seen.retries:,}, refused {seen.throttled:,}")
        if seen.ids_left and rate:
            parts.append(f"{duration(seen.ids_left / rate)} left")
        return "  " + " · ".join(parts)

    def _rate(self, now: float, requests: int) -> float:
        """Requests a second over the last few seconds."""
        self._looks.append((now, requests))
        while len(self._looks) > 1 and now - self._looks[0][0] > RATE_SECONDS:
            self._looks.popleft()
        then, before = self._looks[0]
        return (requests - before) / (now - then) if now > then else 0.0


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
