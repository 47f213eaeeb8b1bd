"""How much is under way: requests outstanding and bytes in hand, and who waits until it is less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ingest_core.threads import SystemThreads, Threads

MAX_BYTES_IN_HAND = 32 * 1024 * 1024
_EXPECTED: ContextVar[int] = ContextVar("expected", default=0)


class Backpressure:
    """Counters under one condition: requests outstanding, bytes of answers not yet consumed, bytes on their way out.

    A new slice starts only while there is room: fewer requests outstanding than `connections` and fewer than
    `max_bytes` in hand. Without that, slices that only wait pile up (tried: 798 waiting and 250 MB instead of 84 and
    151 MB), and what they have half done is lost with them.
    """

    def __init__(self, connections: int, max_bytes: int = MAX_BYTES_IN_HAND, threads: Threads | None = None) -> None:
        self._connections = connections
        self._max_bytes = max_bytes
        self._changed = (threads or SystemThreads()).condition()
        self._requests = 0
        self._answered = 0
        self._landing = 0

    def count(self, *, requests: int = 0, answered: int = 0, landing: int = 0) -> None:
        """Counts in, or out where negative: requests, and the bytes of answers and of records being landed."""
        if requests > 0:
            self._release(requests)
        with self._changed:
            could_send = self._requests < self._connections
            could_hold = self._answered + self._landing < self._max_bytes
            could_land = self._landing < self._max_bytes
            self._requests += requests
            self._answered += answered
            self._landing += landing
            # Several counts a record: waking those who wait at each would cost more than the record does.
            if (
                (not could_send and self._requests < self._connections)
                or (not could_hold and self._answered + self._landing < self._max_bytes)
                or (not could_land and self._landing < self._max_bytes)
            ):
                self._changed.notify_all()

    @contextmanager
    def expecting(self, requests: int) -> Iterator[None]:
        """Around a slice that was counted in with so many requests: one is counted out for each that it sends, and
        what is left when it ends.

        Between its start and its requests the API looks idle, and slices would start by the dozen.
        """
        token = _EXPECTED.set(requests)
        try:
            yield
        finally:
            self._release(_EXPECTED.get())
            _EXPECTED.reset(token)

    def _release(self, requests: int) -> None:
        expected = _EXPECTED.get()
        met = min(expected, requests)
        if met:
            _EXPECTED.set(expected - met)
            self.count(requests=-met)

    def wake(self) -> None:
        """Makes every waiter look at its condition again."""
        with self._changed:
            self._changed.notify_all()

    def has_bytes_free(self) -> bool:
        """Whether more may be fetched. It is asked for each request, and without the lock: it is old at once anyway."""
        return self._answered + self._landing < self._max_bytes

    def has_room(self) -> bool:
        """Whether a new slice may start."""
        with self._changed:
            return self._requests < self._connections and self.has_bytes_free()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Blocks until `condition()` holds; it is asked whenever there is room again, and at each `wake`."""
        with self._changed:
            self._changed.wait_for(condition)

    def send_to_land(self, bytes: int) -> None:
        """Counts these in, once not too many are on their way to the lake. They always drain, so this always ends."""
        with self._changed:
            if self._landing >= self._max_bytes:
                self._changed.wait_for(lambda: self._landing < self._max_bytes)
            self._landing += bytes
