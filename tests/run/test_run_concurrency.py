"""The API is kept busy whatever the slices look like, and nothing is held that was let go."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ingest_core import Connection, Context, Record, Request, Slice, TransientError
from ingest_core.api import Api, HttpRequest, HttpResponse, Limits, Pacer, Traffic, TransportError
from ingest_core.backpressure import Backpressure
from ingest_core.model import Status
from ingest_core.run import Job, run

JobMaker = Callable[..., Job]
CONNECTIONS = 8


class Meeting:
    """A transport whose requests go on only when `CONNECTIONS` of them are under way at once."""

    def __init__(self) -> None:
        self._together = threading.Barrier(CONNECTIONS)
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._together.wait(20)
        with self._lock:
            self._now -= 1
        return HttpResponse(200, {}, b"{}")


def connect(settings: Any) -> Connection:
    return Connection("https://api.example.org")


def many_slices(ctx: Context) -> Iterator[Slice]:
    return (Slice(f"s{number}", {"ids": [number]}) for number in range(3_000))


def large_slice(ctx: Context) -> Iterator[Slice]:
    yield Slice("all", {"ids": list(range(96))})


def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
    ids = slice.params["ids"]
    answers = ctx.api.get_many(Request(f"/thing/{id}") for id in ids)
    for id, answer in zip(ids, answers, strict=True):
        yield answer.record("thing", id)


@pytest.mark.parametrize(
    ("plan", "records"), [(many_slices, 3_000), (large_slice, 96)], ids=["3,000 of one", "one of 96"]
)
def test_as_many_requests_are_under_way_as_there_are_connections(job: JobMaker, plan: Any, records: int) -> None:
    transport = Meeting()
    report = run(job(plan, fetch, connect=connect, transport=transport, connections=CONNECTIONS, rate=1e9))
    assert (report.status, report.counts.records, report.counts.requests) == (Status.DONE, records, records)
    assert transport.most == CONNECTIONS


@pytest.mark.parametrize(("connections", "puts"), [(CONNECTIONS, 16), (64, 32)])
def test_a_run_of_many_connections_puts_as_many_at_once_as_keep_up_with_them(
    job: JobMaker, lake: Any, connections: int, puts: int
) -> None:
    together, put = threading.Barrier(puts), lake.put_if_absent

    def meeting(key: str, *rest: Any) -> Any:
        if key.startswith("Raw/"):
            together.wait(20)
        return put(key, *rest)

    def things(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", id, b"{}") for id in slice.params["ids"])

    lake.put_if_absent = meeting
    report = run(job(large_slice, things, connections=connections))
    assert (report.status, report.counts.records) == (Status.DONE, 96)


class Scripted:
    """A transport that answers /ok and breaks on everything else."""

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        if request.url.endswith("/ok"):
            return HttpResponse(200, {}, b'"%s"' % (b"x" * 100_000))
        if request.url.endswith("/bug"):
            raise ZeroDivisionError
        raise TransportError("the connection failed or was reset")


def test_what_a_slice_is_expected_to_send_counts_until_it_has_been_sent() -> None:
    backpressure = Backpressure(2)
    backpressure.count(requests=3)
    with backpressure.expecting(3):
        for _ in range(2):  # each is sent and answered before the next, as details without latency are
            assert not backpressure.has_room()
            backpressure.count(requests=1)
            backpressure.count(requests=-1)
        assert backpressure.has_room()
    assert backpressure.has_room()


@pytest.mark.parametrize("taken", [0, 1, 3, 10])
@pytest.mark.parametrize("others", ["ok", "down", "bug"])
def test_whatever_becomes_of_requests_nothing_of_them_stays_counted(clock: Any, taken: int, others: str) -> None:
    # A backpressure of one request and one byte has room only where every counter is back at nought.
    backpressure = Backpressure(1, max_bytes=1)
    with ThreadPoolExecutor(2) as pool:
        api = Api(
            connect({}),
            Scripted(),
            pacer=Pacer(1e9, clock),
            pool=pool,
            connections=2,
            backpressure=backpressure,
            clock=clock,
            chance=random.Random(1),
            stop=threading.Event(),
            traffic=Traffic(),
            limits=Limits(attempts=2),
        )
        answers = api.get_many(["/ok", *[f"/{others}"] * 9])
        try:
            for _ in range(taken):
                next(answers)
        except ZeroDivisionError:
            assert others == "bug"
        answers.close()  # type: ignore[attr-defined]
    assert backpressure.has_room()


def test_records_on_their_way_to_the_lake_never_pass_the_bytes_allowed(job: JobMaker, lake: Any) -> None:
    body = b'"%s"' % (b"x" * 4_000_000)
    lock, held, most, may_put = threading.Lock(), [0], [0], threading.Event()
    put_if_absent = lake.put_if_absent

    def counting(key: str, body: bytes, metadata: Any) -> bool:
        # The first puts are slow, so that a core that does not wait would run ahead.
        may_put.wait(0.3)
        may_put.set()
        with lock:
            held[0] -= len(body)
        return bool(put_if_absent(key, b"1", metadata))

    lake.put_if_absent = counting

    def rows(ctx: Context, slice: Slice) -> Iterator[Record]:
        for row in range(30):
            # Asked for the next one, the core has taken the one before: what it holds is what has not been put yet.
            yield Record("thing", f"{slice.name}-{row}", body)
            with lock:
                held[0] += len(body)
                most[0] = max(most[0], held[0])

    report = run(job(lambda ctx: [Slice("a"), Slice("b")], rows))
    assert report.counts.records == 60
    # Two slices, each with one body in hand, on top of the 32 MB on their way.
    assert most[0] <= 32 * 1024 * 1024 + 3 * len(body)


def test_a_run_that_fails_leaves_no_thread_behind(job: JobMaker) -> None:
    def broken(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("thing", slice.name, b"{}")
        raise TransientError("503")

    before = set(threading.enumerate())
    run(job(lambda ctx: [Slice(f"s{number}") for number in range(50)], broken))
    assert set(threading.enumerate()) <= before
