"""A run whose slices are landed by workers: the same tree, whoever lands what, and whoever dies."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ingest_core import Context, Record, Ref, Rejected, Slice
from ingest_core.api import Traffic
from ingest_core.errors import CredentialsError, TransientError
from ingest_core.model import Batch, Status
from ingest_core.run import Job, Progress, Snapshot, run
from ingest_core.run.shares import Shares
from ingest_core.run.spread import Allotment, Done, Piece
from ingest_core.run.worker import Worker, _News
from ingest_core.state import Ticket

JobMaker = Callable[..., Job]
Files = Callable[[], dict[str, Any]]
Bodies = Callable[[], dict[str, bytes]]


@dataclass
class Crew:
    """Workers in this process, whose turn it is one after the other. `job` makes one worker's job.

    A worker is killed where `kills` says so of a piece: it has then landed the half of it, or begun a slice of it.
    """

    job: Job
    workers: int = 3
    kills: Callable[[Piece], bool] = lambda piece: False
    pieces: list[Piece] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    may_repeat: bool = False
    least: int = 1

    def map(
        self,
        ticket: Ticket,
        pieces: Iterable[Piece],
        *,
        whole: Allotment,
        take: Callable[[Done], bool],
        stop: threading.Event,
    ) -> None:
        shares = Shares(whole)
        for number, piece in enumerate(pieces):
            self.pieces.append(piece)
            given = shares.give(number % self.workers, self.workers)
            assert given is not None
            with Worker(self.job, ticket) as worker:
                if self.kills(piece):
                    worker.land(piece.slices[: len(piece.slices) // 2], given)
                    shares.take_back(number % self.workers)
                    take(Done(is_over=False))
                    continue
                done = worker.land(piece.slices, given)
            shares.take_back(number % self.workers)
            self.done.append(done)
            if not take(done):
                return


def pinned(slice: Slice) -> Iterator[Record]:
    for id in slice.ids:
        yield Record(slice.stream or "", id, b'{"id": %s}' % id.encode())


def by_ids(ctx: Context) -> Iterator[Ref]:
    return (Ref("thing", id) for id in range(1, 2001))


def landed(files: dict[str, Any]) -> list[str]:
    return [one["id"] for one in accounted(files) if one.get("outcome", "written") != "repeated"]


def accounted(files: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for name, part in files.items() if name.startswith("parts/") for one in part.get("records", ())]


@pytest.fixture(params=["disk", "s3"])
def lake(request: pytest.FixtureRequest, lake: Any, leased_lake: Any) -> Any:
    return leased_lake if request.param == "s3" else lake


def test_pinned_ids_are_spread_and_land_once(job: JobMaker, records: Bodies, own_files: Files) -> None:
    made = job(by_ids, lambda ctx, slice: pinned(slice), streams=("thing",))
    crew = Crew(made)

    report = run(replace(made, mapper=crew))

    assert (report.status, report.counts.records, report.counts.slices) == (Status.DONE, 2000, 20)
    assert len(crew.pieces) == 20
    assert sum(len(done.closed) for done in crew.done) == 20
    assert len(records()) == 2000
    assert sorted(landed(own_files())) == sorted(map(str, range(1, 2001)))


def test_what_is_shown_of_a_round_never_falls_back(job: JobMaker) -> None:
    seen: list[Snapshot] = []

    class Watched(Progress):
        """Looked at after each thing that is told."""

        def begin_round(self, number: int, slices: int, ids: int | None) -> None:
            super().begin_round(number, slices, ids)
            seen.append(self.look())

        def close_slice(self, handed_over: int) -> None:
            super().close_slice(handed_over)
            seen.append(self.look())

        def hear(self, worker: int, records: int, problem: str) -> None:
            super().hear(worker, records, problem)
            seen.append(self.look())

    made = job(by_ids, lambda ctx, slice: pinned(slice), streams=("thing",))
    assert run(replace(made, mapper=Crew(made), progress=Watched())).status is Status.DONE

    assert [look.slices[0] for look in seen] == sorted(look.slices[0] for look in seen)
    assert [look.records for look in seen] == sorted(look.records for look in seen)
    left = [look.ids_left for look in seen if look.ids_left is not None]
    assert left == sorted(left, reverse=True)
    assert (seen[0].ids_left, seen[-1].ids_left, seen[-1].records) == (2000, 0, 2000)


@pytest.mark.parametrize(("seconds", "sizes"), [(1.0, {1, 2}), (5.0, {1})])
def test_pieces_that_are_over_in_no_time_become_larger(
    job: JobMaker, clock: Any, seconds: float, sizes: set[int]
) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        clock.pause(seconds, threading.Event())
        return pinned(slice)

    made = job(by_ids, fetch, streams=("thing",), rate=10)
    crew = Crew(made, workers=1)

    report = run(replace(made, mapper=crew))

    assert report.counts.records == 2000
    assert len(crew.pieces[0].slices) == 1
    assert {len(piece.slices) for piece in crew.pieces[:-1]} == sizes


def test_what_a_killed_worker_has_closed_is_not_asked_for_again_and_the_rest_lands(
    job: JobMaker, records: Bodies, own_files: Files
) -> None:
    asked: list[str] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        asked.append(slice.name)
        return pinned(slice)

    made = job(by_ids, fetch, streams=("thing",), rate=10_000)
    crew = Crew(made, workers=1, kills=lambda piece: piece.number == 2)

    report = run(replace(made, mapper=crew))

    assert (report.status, report.counts.records) == (Status.DONE, 2000)
    assert len(crew.pieces) == 10
    assert sorted(asked) == [f"r0-thing-{number:05d}" for number in range(20)]
    assert sorted(landed(own_files())) == sorted(map(str, range(1, 2001)))


def test_a_slice_that_a_worker_began_is_taken_up_by_another(job: JobMaker, own_files: Files, lake: Any) -> None:
    made = job(by_ids, lambda ctx, slice: pinned(slice), streams=("thing",))
    crew = Crew(made)
    put, is_dead = lake.put_if_absent, threading.Event()

    def put_until_dead(key: str, body: bytes, metadata: Any) -> bool:
        if "/parts/r0-thing-00003" in key and not is_dead.is_set():
            is_dead.set()
            raise TransientError("the worker dies before its part is there")
        return bool(put(key, body, metadata))

    lake.put_if_absent = put_until_dead
    assert run(replace(made, mapper=crew)).status is Status.PARTIAL  # what a worker failed at is not tried again
    report = run(replace(made, mapper=crew))

    assert (report.status, report.counts.records, report.counts.written) == (Status.DONE, 2000, 2000)
    assert sorted(landed(own_files())) == sorted(map(str, range(1, 2001)))


def test_what_a_list_had_landed_before_is_its_own_after_a_worker_was_killed_too(
    job: JobMaker, own_files: Files, lake: Any
) -> None:
    """What lies there is looked at twice then: before the round, and after what the worker left."""

    def plan(ctx: Context) -> Iterator[Slice]:
        return (Slice(f"s{n}", {"n": n}) for n in range(6))

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        return (Record("thing", id, b"{}") for id in range(10 * slice.params["n"], 10 * slice.params["n"] + 3))

    made = job(plan, fetch, streams=("thing",))
    put = lake.put_if_absent

    def put_but_one(key: str, body: bytes, metadata: Any) -> bool:
        if "/parts/s0" in key or ("/intents/" in key and "/s0/" not in key):
            raise TransientError("the run ends before a part is there, and before others begin")
        return bool(put(key, body, metadata))

    lake.put_if_absent = put_but_one
    assert run(made).status is Status.PARTIAL
    lake.put_if_absent = put
    report = run(replace(made, mapper=Crew(made, kills=lambda piece: piece.number == 0)))

    assert (report.status, report.counts.records) == (Status.DONE, 18)
    assert sorted(landed(own_files())) == sorted(str(10 * n + i) for n in range(6) for i in range(3))


@pytest.mark.parametrize("batch", [None, Batch(records=30)], ids=["record", "batch"])
def test_lists_that_overlap_land_each_id_once(job: JobMaker, own_files: Files, lake: Any, batch: Batch | None) -> None:
    """Slice n names the ids from 10n to 10n + 19: every id but the ends in two slices."""

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        for id in range(10 * slice.params["n"], 10 * slice.params["n"] + 20):
            yield Record("thing", id, b'{"id": %d}' % id)

    made = job(lambda ctx: (Slice(f"page-{n}", {"n": n}) for n in range(60)), fetch, streams=("thing",), batch=batch)
    crew = Crew(made)

    report = run(replace(made, mapper=crew))

    assert report.status is Status.DONE, report.error
    assert (report.counts.records, report.counts.repeated, report.counts.conflicts) == (610, 590, 0)
    assert sorted(landed(own_files())) == sorted(map(str, range(610)))
    # Only where each object tells whose it is may lists be anywhere.
    assert bool(crew.pieces) == (batch is None and not lake.holds)


def test_what_a_trial_left_is_taken_for_nobodys_by_lists_at_several_workers(
    job: JobMaker, own_files: Files, leased_lake: Any
) -> None:
    """A list that finds a trial's bytes there would rely on them, and another that has others would put its own."""
    made = job(
        lambda ctx: (Slice(f"page-{n}", {"n": n}) for n in range(60)),
        lambda ctx, slice: iter([Record("thing", slice.params["n"] // 2, b"{}")]),
        streams=("thing",),
        lake=leased_lake,
    )
    run(replace(made, limit=3))
    crew = Crew(made)

    report = run(replace(made, mapper=crew))

    assert (report.status, report.counts.records) == (Status.DONE, 30)
    assert crew.pieces == []


def test_refs_that_workers_find_become_the_next_round(job: JobMaker, own_files: Files, lake: Any) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Ref]:
        if slice.stream == "thing":
            for id in slice.ids:
                yield Record("thing", id, b"{}")
                yield Ref("actor", int(id) % 700)
        else:
            yield from pinned(slice)

    made = job(by_ids, fetch, streams=("thing", "actor"))

    report = run(replace(made, mapper=Crew(made)))

    assert (report.status, report.counts.records, report.counts.duplicates) == (Status.DONE, 2700, 1300)
    alone = [slice["ids"] for slice in own_files()["plan-1-0.json"]["slices"]]
    assert alone[0] == [str(id) for id in range(1, 101)]  # in plan order, whoever found them first


def test_a_pinned_slice_that_lands_more_than_it_pinned_is_left_to_the_run_where_the_lake_tells_nothing(
    job: JobMaker, own_files: Files, lake: Any
) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from pinned(slice)
        yield Record("thing", "shared", b'{"by": "all"}')

    made = job(by_ids, fetch, streams=("thing",))

    report = run(replace(made, mapper=Crew(made)))

    assert (report.status, report.counts.records, report.counts.repeated) == (Status.DONE, 2001, 19)
    assert sorted(landed(own_files())) == sorted([*map(str, range(1, 2001)), "shared"])


def test_rejected_records_and_their_quarantine_are_as_in_one_process(job: JobMaker, own_files: Files) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Rejected]:
        for record in pinned(slice):
            yield Rejected("thing", record.id, "odd", b"?") if record.id == "777" else record

    made = job(by_ids, fetch, streams=("thing",))

    report = run(replace(made, mapper=Crew(made)))

    assert (report.status, report.counts.records, report.counts.rejected) == (Status.FAILED, 1999, 1)
    (told,) = own_files()["parts/r0-thing-00007.json"]["rejected"]
    assert told["quarantine"].rpartition("/g1/")[2] in own_files()


def test_what_cannot_be_helped_ends_the_run_and_is_tried_once(job: JobMaker) -> None:
    asked: list[str] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        asked.append(slice.name)
        raise CredentialsError("the key is refused", hint="another key")

    made = job(by_ids, fetch, streams=("thing",))
    crew = Crew(made)

    report = run(replace(made, mapper=crew))

    assert (report.status, report.exit_code) == (Status.FAILED, CredentialsError.exit_code)
    assert report.error is not None
    assert (report.error.kind, report.error.hint) == ("CredentialsError", "another key")
    assert len(crew.pieces) == 1
    assert len(asked) == len(set(asked))


def test_a_refresh_by_workers_replaces_what_the_first_run_landed(
    job: JobMaker, records: Bodies, own_files: Files
) -> None:
    def fetch(version: int) -> Callable[..., Iterator[Record]]:
        return lambda ctx, slice: (Record("thing", id, b'{"v": %d}' % version) for id in slice.ids)

    assert run(job(by_ids, fetch(1), streams=("thing",))).status is Status.DONE
    again = job(by_ids, fetch(2), streams=("thing",), refresh=True)

    report = run(replace(again, mapper=Crew(again)))

    assert (report.status, report.counts.written) == (Status.DONE, 2000)
    assert set(records().values()) == {b'{"v": 2}'}


def test_workers_write_nothing_once_another_has_taken_the_date_over(job: JobMaker, lake: Any, own_files: Files) -> None:
    if lake.holds:
        pytest.skip("in a folder, a lock that lives as long as its workers keeps others out")
    made = job(by_ids, lambda ctx, slice: pinned(slice), streams=("thing",))
    key = "_ingest/Things/things/2026-11-23/state.json"

    def taken_over(piece: Piece) -> bool:
        if piece.number == 3:
            state = json.loads(lake.get(key).body)
            lake.put(key, json.dumps({**state, "epoch": state["epoch"] + 1, "nonce": "another"}).encode())
        return False

    report = run(replace(made, mapper=Crew(made, kills=taken_over)))

    assert report.status is Status.LOCKED
    assert len([name for name in own_files() if name.startswith("parts/")]) == 3


def test_a_trial_stays_in_its_process(job: JobMaker) -> None:
    made = job(by_ids, lambda ctx, slice: pinned(slice), streams=("thing",), limit=150)
    crew = Crew(made)

    report = run(replace(made, mapper=crew))

    assert (report.counts.records, crew.pieces) == (150, [])


def test_a_worker_tells_its_answers_and_its_newest_problem_once() -> None:
    news, traffic = _News(), Traffic(requests=5, retries=2, answered=3, problem="503 Service Unavailable")
    news.begin(traffic)
    told = news.tell(records=0)
    assert (told.answered, told.retries, told.problem) == (3, 2, "503 Service Unavailable")
    assert news.tell(records=0) == Done()
