"""What is said of a run while it runs: a view that a terminal keeps up to date; elsewhere, that it stands still."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ingest_core.cli.output import say
from ingest_core.cli.standstill import Telling
from ingest_core.run import Progress
from ingest_core.threads import SystemThreads

SECONDS_BETWEEN_LOOKS = 1.0
_TERMINAL_BY_FORCE = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")  # what rich takes for one, too


@contextmanager
def live_view(progress: Progress, name: str) -> Iterator[None]:
    """Shows `progress` on standard error from when an attempt begins to the end of the block.

    Where that is no terminal that can, lines say when a run stands still, as with an API that is down.
    """
    if sys.stderr.isatty() or any(map(os.environ.get, _TERMINAL_BY_FORCE)):
        from ingest_core.cli.view import drawing_console, drawn_view

        console = drawing_console()
        if console is not None:
            with drawn_view(progress, name, console):
                yield
            return
    stop = SystemThreads().every(SECONDS_BETWEEN_LOOKS, Telling(progress, name, say).look)
    try:
        yield
    finally:
        stop()
