"""An API that answers 503 for five minutes in the middle of a run, in virtual time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_core import Connection, Context, Ref, Request, Slice
from ingest_core.api import HttpRequest, HttpResponse
from ingest_core.model import Batch, Status
from ingest_core.run import Job, run

JobMaker = Callable[..., Job]
IDS = 1200
DOWN_FROM, DOWN_UNTIL = 20.0, 320.0


class Outage:
    """Answers each id once it is asked, and 503 for five minutes; it keeps when it was asked for what."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.answered: list[str] = []
        self.refused = 0

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        self._clock.pause(0.05, threading.Event())
        with self._lock:
            if DOWN_FROM <= self._clock.monotonic() < DOWN_UNTIL:
                self.refused += 1
                return HttpResponse(503, {}, b"<html>down</html>")
            self.answered.append(request.url)
        return HttpResponse(200, {}, b'{"of": "%s"}' % request.url.encode())


def plan(ctx: Context) -> Iterator[Ref]:
    return (Ref("thing", id) for id in range(IDS))


def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
    answers = ctx.api.get_many(Request(f"/thing/{id}") for id in slice.ids)
    for id, answer in zip(slice.ids, answers, strict=True):
        yield answer.record("thing", id)


def connect(settings: Any) -> Connection:
    return Connection("https://api.example.org")


@pytest.mark.parametrize("batch", [None, Batch()], ids=["record", "batch"])
def test_nothing_is_quarantined_and_the_resume_completes(
    job: JobMaker, clock: Any, lake: Any, records: Callable[[], dict[str, bytes]], batch: Batch | None
) -> None:
    outage = Outage(clock)

    def once() -> Any:
        made = job(plan, fetch, connect=connect, transport=outage, rate=20.0, connections=4, timeout=60.0, batch=batch)
        return run(made)

    reports = [once()]
    assert reports[0].status is Status.PARTIAL
    assert reports[0].counts.records < IDS  # how many, threads in virtual time decide
    while reports[-1].status is Status.PARTIAL and len(reports) < 20:
        assert (reports[-1].counts.rejected, reports[-1].counts.missing) == (0, 0)
        reports.append(once())
    done = reports[-1]
    assert (done.status, done.counts.records, done.counts.rejected) == (Status.DONE, IDS, 0)
    assert not list(lake.entries("_ingest/Things/things/2026-11-23/g1/quarantine/"))
    assert len([line for body in records().values() for line in body.splitlines()]) == IDS
    assert outage.refused > 0
    # Only what was open when it went down is asked for again: at most the slices under way, of a hundred ids each.
    assert len(outage.answered) - IDS <= 100 * 20
