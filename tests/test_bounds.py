"""Every cap has a name; here is what happens at those that have no test beside what they bound (docs/security.md)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ingest_core.api import HttpRequest, HttpResponse
from ingest_core.api.client import ASKED_TOO_LATE
from ingest_core.errors import LakeError, TransientError
from ingest_core.lake import Stored
from ingest_core.lake.s3 import READ_ATTEMPTS, S3Lake
from ingest_core.model import Connection, Context, FailureBudget, Record, Ref, Rejected, Slice, Status
from ingest_core.run import Job, run
from ingest_core.run.job import HandOver
from ingest_core.run.landing import PUT_ATTEMPTS
from ingest_core.run.record_landing import CHUNK_BYTES, CHUNK_RECORDS
from ingest_core.run.rounds import IDS_IN_A_SLICE
from ingest_core.run.scheduler import BARREN_PARTS, EMPTY_PARTS
from ingest_core.run.slices import MOST_REPEATED
from ingest_core.run.summary import EXAMPLES
from ingest_core.sink import ATTEMPTS
from ingest_core.testing import MemoryLake

MakeJob = Callable[..., Job]


def test_a_slice_that_yields_the_same_records_for_ever_is_stopped(job: MakeJob) -> None:
    def fetch(context: Context, slice: Slice) -> Iterator[Record]:
        while True:
            yield Record("thing", 1, b"{}")

    report = run(job(lambda _: [Slice("all")], fetch))
    assert report.status is Status.FAILED
    assert report.error is not None
    assert f"{MOST_REPEATED:,} records in a row that this run has already: paging in circles" in report.error.what


@pytest.mark.parametrize(("rows", "most"), [(1, BARREN_PARTS), (0, EMPTY_PARTS)], ids=["same rows", "no rows"])
def test_pages_that_bring_nothing_new_for_ever_are_stopped(job: MakeJob, rows: int, most: int) -> None:
    asked = 0

    def fetch(context: Context, slice: Slice) -> Iterator[Record | Slice]:
        nonlocal asked
        asked += 1
        yield from (Record("thing", 1, b"{}") for _ in range(rows))
        yield Slice(f"page-{slice.params['page']}", {"page": slice.params["page"] + 1})

    def plan(context: Context) -> list[Slice]:
        return [Slice("page", {"page": 1})]

    made = job(plan, fetch)
    report = run(replace(made, hand_over=HandOver(records=0)))
    assert report.status is Status.FAILED
    assert report.error is not None
    assert f"{most} slices in a row brought nothing new; paging in circles" in report.error.what
    assert asked <= most + 3


def test_a_source_that_asks_on_though_the_run_is_over_is_stopped(job: MakeJob, clock: Any) -> None:
    class Never:
        def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
            raise AssertionError("there is no time for a request")

    asked = 0

    def fetch(context: Context, slice: Slice) -> Iterator[Record]:
        nonlocal asked
        while True:
            asked += 1
            for _ in context.api.get_many(["/x"]):
                pass
            yield from ()

    made = job(
        lambda _: [Slice("all")],
        fetch,
        transport=Never(),
        connect=lambda _: Connection("https://api.example.org"),
        deadline=clock.monotonic() + 100,
        margin=0.0,
    )
    report = run(_expiring(made, clock))
    assert report.status is Status.FAILED
    assert report.error is not None
    assert "the source keeps asking though the run is ending" in report.error.what
    assert asked == ASKED_TOO_LATE + 1


def _expiring(job: Job, clock: Any) -> Job:
    """The job, whose time is up as soon as its first slice begins."""
    fetch = job.source.fetch

    def first(context: Context, slice: Slice) -> Any:
        clock.pause(1000, threading.Event())
        return fetch(context, slice)

    return replace(job, source=replace(job.source, fetch=first))


class Stubborn(MemoryLake):
    """Refuses records: as busy, or as there and then not there."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self._error = error
        self.tried = 0

    def put_if_absent(self, key: str, body: bytes, metadata: Any) -> bool:
        if not key.startswith("Raw/"):
            return super().put_if_absent(key, body, metadata)
        self.tried += 1
        if self._error is not None:
            raise self._error
        return False

    def get(self, key: str) -> Stored | None:
        return None if key.startswith("Raw/") else super().get(key)


@pytest.mark.parametrize(
    ("error", "most", "status"),
    [(TransientError("SlowDown"), PUT_ATTEMPTS, Status.PARTIAL), (None, ATTEMPTS, Status.FAILED)],
    ids=["busy", "changes"],
)
def test_a_put_is_tried_so_often_and_then_its_slice_stays_open(
    job: MakeJob, error: Exception | None, most: int, status: Status
) -> None:
    lake = Stubborn(error)
    report = run(job(lambda _: [Slice("all")], lambda *_: [Record("thing", 1, b"{}")], lake=lake))
    assert report.status is status
    assert lake.tried == most


def test_a_body_that_always_breaks_off_is_read_so_often() -> None:
    class Breaking:
        asked = 0

        def get_object(self, **arguments: Any) -> dict[str, Any]:
            from urllib3.exceptions import IncompleteRead

            class Body:
                def read(self) -> bytes:
                    raise IncompleteRead(1, 2)

            self.asked += 1
            return {"Body": Body(), "ETag": "x", "ResponseMetadata": {}}

    client = Breaking()
    with pytest.raises((LakeError, TransientError)):
        S3Lake(client, "bucket").get("k")
    assert client.asked == READ_ATTEMPTS


def test_a_chunk_has_so_many_records_or_bytes_and_an_intent_of_its_own(
    job: MakeJob, own_files: Callable[[], dict[str, Any]]
) -> None:
    large = b'"' + b"x" * 1_500_000 + b'"'
    records = [Record("thing", n, b"{}") for n in range(2 * CHUNK_RECORDS + 1)]
    records += [Record("thing", f"large-{n}", large) for n in range(5)]
    assert run(job(lambda _: [Slice("all")], lambda *_: records)).status is Status.DONE
    sizes = [file["records"] for name, file in own_files().items() if name.startswith("intents/")]
    assert max(map(len, sizes)) == CHUNK_RECORDS
    assert max(sum(record["bytes"] for record in records) for records in sizes) <= CHUNK_BYTES + len(large)
    assert len(sizes) >= 4


def test_a_slice_of_refs_has_so_many_ids(job: MakeJob, own_files: Callable[[], dict[str, Any]]) -> None:
    def fetch(context: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", id, b"{}") for id in slice.ids)

    report = run(job(lambda _: [Ref("thing", n) for n in range(IDS_IN_A_SLICE * 2 + 1)], fetch))
    assert report.counts.records == IDS_IN_A_SLICE * 2 + 1
    slices = [slice for name, file in own_files().items() if name.startswith("plan-") for slice in file["slices"]]
    assert sorted(len(slice["ids"]) for slice in slices) == [1, IDS_IN_A_SLICE, IDS_IN_A_SLICE]


def test_a_report_tells_the_first_few_of_a_thousand_mistakes(job: MakeJob) -> None:
    things = [Rejected("thing", n, "broken", b"x") for n in range(1000)]
    report = run(job(lambda _: [Slice("all")], lambda *_: things, max_failed=FailureBudget(1000)))
    assert report.counts.rejected == 1000
    assert len([problem for problem in report.problems if "broken" in problem]) == EXAMPLES
