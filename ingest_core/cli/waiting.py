"""A line on standard error, while something is read that may take its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from ingest_core.cli.palette import THEME

SECONDS_UNTIL_SHOWN = 0.5
SECONDS_BETWEEN = 0.1


@contextmanager
def waiting() -> Iterator[Callable[[str], None]]:
    """Gives what counts one more thing of a kind; a terminal is shown how many, once it has taken a moment.

    Any thread may count.
    """
    console = Console(stderr=True, theme=THEME, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda what: None
        return
    lock, show_at = threading.Lock(), time.monotonic() + SECONDS_UNTIL_SHOWN
    counts: dict[str, int] = {}
    status = console.status("")

    def count(what: str) -> None:
        nonlocal show_at
        with lock:
            counts[what] = counts.get(what, 0) + 1
            if time.monotonic() >= show_at:
                show_at = time.monotonic() + SECONDS_BETWEEN
                status.update(escape(", ".join(f"{what}: {number:,}" for what, number in counts.items())))
                status.start()

    try:
        yield count
    finally:
        status.stop()
