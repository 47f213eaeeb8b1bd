"""A transport that answers what it is told, a clock that a pause moves, and an Api between them."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ingest_core.api import Api, HttpRequest, HttpResponse, Limits, Pacer, Traffic, Transport, TransportError
from ingest_core.backpressure import Backpressure
from ingest_core.model import Connection

BASE = "https://api.example.org/v1"
MAX_BYTES = 1_000_000
Reply = HttpResponse | TransportError
MakeBench = Callable[..., "Bench"]


class FakeClock:
    """Time that passes only where somebody pauses. The wall clock starts at 2026-11-23T00:00:00Z."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passed = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        with self._lock:
            return 1000.0 + self._passed

    def now(self) -> dt.datetime:
        with self._lock:
            return dt.datetime(2026, 11, 23, tzinfo=dt.UTC) + dt.timedelta(seconds=self._passed)

    def pause(self, seconds: float, stop: threading.Event) -> None:
        if not stop.is_set():
            self.pauses.append(seconds)
            self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._passed += seconds

    @property
    def passed(self) -> float:
        """Seconds since the start."""
        return self.monotonic() - 1000.0


class FakeTransport:
    """Asks `reply(url)` for each request and remembers what was sent, with which time limit, how many at once."""

    def __init__(self, reply: Callable[[str], Reply]) -> None:
        self._reply = reply
        self._lock = threading.Lock()
        self._in_flight = 0
        self.most_in_flight = 0
        self.sent: list[HttpRequest] = []
        self.seconds: list[float] = []
        self.finished: list[str] = []

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        with self._lock:
            self.sent.append(request)
            self.seconds.append(seconds)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            reply = self._reply(request.url)
        finally:
            with self._lock:
                self._in_flight -= 1
                self.finished.append(request.url)
        if isinstance(reply, TransportError):
            raise reply
        return reply


@dataclass
class Bench:
    """An Api and what stands around it."""

    api: Api
    clock: FakeClock
    pacer: Pacer
    pool: ThreadPoolExecutor
    backpressure: Backpressure
    stop: threading.Event
    fake: FakeTransport = field(default_factory=lambda: FakeTransport(lambda _: said(200)))

    def is_balanced(self) -> bool:
        """Whether nothing is counted as under way, once the pool is idle: neither too much nor too little."""
        self.pool.shutdown(wait=True)
        if not (self.backpressure.has_room() and self.backpressure.has_bytes_free()):
            return False
        self.backpressure.count(landing=MAX_BYTES - 1)
        almost_full = self.backpressure.has_bytes_free()
        self.backpressure.count(landing=1)
        full = not self.backpressure.has_bytes_free()
        self.backpressure.count(landing=-MAX_BYTES, requests=1)
        return almost_full and full and not self.backpressure.has_room()


def said(status: int, body: bytes = b"{}", **headers: str) -> HttpResponse:
    """A response; header names with `_` for `-`."""
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def in_turn(*replies: Reply) -> Callable[[str], Reply]:
    """Each reply once, the last one for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def make_bench(
    reply: Callable[[str], Reply] | Transport,
    *,
    connection: Connection | None = None,
    connections: int = 1,
    rate: float = 1_000_000,
    limits: Limits | None = None,
) -> Bench:
    """`Backpressure` has room for one request, so that `is_balanced` sees a single one left."""
    clock = FakeClock()
    pacer = Pacer(rate, clock)
    pool = ThreadPoolExecutor(connections)
    backpressure = Backpressure(1, MAX_BYTES)
    stop = threading.Event()
    transport = FakeTransport(reply) if callable(reply) else reply
    api = Api(
        connection or Connection(BASE),
        transport,
        pacer=pacer,
        pool=pool,
        connections=connections,
        backpressure=backpressure,
        clock=clock,
        chance=random.Random(7),
        stop=stop,
        traffic=Traffic(),
        limits=limits,
    )
    made = Bench(api, clock, pacer, pool, backpressure, stop)
    if isinstance(transport, FakeTransport):
        made.fake = transport
    return made
