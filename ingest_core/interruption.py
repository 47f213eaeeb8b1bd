"""A wish to stop, from a person or a scheduler, that is met at a safe point.

An exception that a signal raises just anywhere can leave a lock of the standard library held for ever: a worker that
then hands in its result waits for it, and the end of the run for the worker (seen once in some hundred such ends).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interruption:
    """`request` may be called from a signal handler: it takes no lock. `is_watched` where somebody may call it."""

    def __init__(self, *, is_watched: bool = False) -> None:
        self.is_watched = is_watched
        self.is_requested = False

    def request(self) -> None:
        """Lets the run stop as soon as it can."""
        self.is_requested = True

    def require_none(self) -> None:
        """A safe point: raises KeyboardInterrupt where the run is to stop."""
        if self.is_requested:
            raise KeyboardInterrupt


@contextmanager
def handling(handle: Callable[[int, object], None], *signals: signal.Signals) -> Iterator[None]:
    """These signals call `handle` meanwhile. Outside the main thread, where nobody may handle any, none does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible(*signals: signal.Signals) -> Iterator[Interruption]:
    """These signals ask for an end that a run comes to by itself; a second one ends it where it stands."""
    interruption = Interruption(is_watched=True)

    def ask(number: int, frame: object) -> None:
        if interruption.is_requested:
            raise KeyboardInterrupt
        interruption.request()

    with handling(ask, *signals):
        yield interruption
