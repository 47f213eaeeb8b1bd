"""A run in two lines or a few more, which a terminal keeps up to date."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ingest_core.cli.palette import THEME
from ingest_core.cli.standstill import Standstill, named
from ingest_core.figures import span
from ingest_core.run import Progress, Snapshot

LOOKS_A_SECOND = 4
RATE_SECONDS = 5.0


def drawing_console() -> Console | None:
    """Standard error, where it is a terminal that can be drawn on."""
    console = Console(stderr=True, theme=THEME, highlight=False)
    return console if console.is_terminal and not console.is_dumb_terminal else None


@contextmanager
def drawn_view(progress: Progress, name: str, console: Console) -> Iterator[None]:
    """Draws `progress` from when an attempt begins to the end of the block."""
    with ExitStack() as drawn:

        def draw() -> None:
            render = View(progress, name).render
            drawn.enter_context(
                Live(get_renderable=render, console=console, refresh_per_second=LOOKS_A_SECOND, transient=True)
            )

        # Not before: what ends without an attempt draws nothing below the last summary, nor the figures of that run.
        progress.on_begin = draw
        try:
            yield
        finally:
            progress.on_begin = lambda: None


class View:
    """Two lines or a few more, each cut to the terminal's width."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name
        self._began = time.monotonic()
        self._looks: deque[tuple[float, int, int]] = deque()
        self._standstill = Standstill(self._began)

    def render(self) -> Group:
        """The lines as of now."""
        now, seen = time.monotonic(), self._progress.look()
        lines = [_line(self._first(seen)), _line(self._second(seen, now))]
        if seen.workers:
            lines.append(_line(self._by_worker(seen)))
        standstill = self._standstill.look(now, seen)
        if standstill or seen.problem:
            lines.append(_line(f"  {standstill or f'last problem: {seen.problem}'}", "yellow"))
        return Group(*lines)

    def _first(self, seen: Snapshot) -> str:
        closed, known = seen.slices
        to_go = f", {seen.ids_left:,} to go" if seen.ids_left else ""
        slices = f"round {seen.round} · {closed:,} of {known:,} slices"
        return f"{named(self._name, seen)} · {slices} · {seen.records:,} records{to_go}"

    def _second(self, seen: Snapshot, now: float) -> str:
        rate, answered = self._rates(now, seen)
        parts = [span(now - self._began)]
        if seen.allowed:
            parts.append(f"{rate:.1f} of {seen.allowed:.1f} requests/s")
            parts.append(f"retried {seen.retries:,}, refused {seen.throttled:,}")
        if seen.ids_left and answered:
            parts.append(f"{span(seen.ids_left / answered)} left")
        return "  " + " · ".join(parts)

    def _by_worker(self, seen: Snapshot) -> str:
        least, most = min(seen.workers), max(seen.workers)
        each = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        return f"  {len(seen.workers)} workers · {each} records each" if len(seen.workers) > 1 else "  1 worker so far"

    def _rates(self, now: float, seen: Snapshot) -> tuple[float, float]:
        """Requests a second over the last few seconds, and of those that came to an end."""
        self._looks.append((now, seen.requests, seen.answered))
        while len(self._looks) > 1 and now - self._looks[0][0] > RATE_SECONDS:
            self._looks.popleft()
        then, requests, answered = self._looks[0]
        seconds = now - then
        return ((seen.requests - requests) / seconds, (seen.answered - answered) / seconds) if seconds else (0.0, 0.0)


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
