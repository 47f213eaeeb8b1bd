"""A run in steps: planned, landed segment by segment by whoever is called, and committed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from ingest_core import Context, Record, Ref, Slice
from ingest_core.errors import CredentialsError, TransientError, UsageError
from ingest_core.keys import ControlKeys
from ingest_core.lambda_handler import answer
from ingest_core.model import Batch, FailureBudget, Report, Status
from ingest_core.run import Hands, Job, abandon, coordinate, land, run
from ingest_core.run import handing as handing_module
from ingest_core.state import Phase, RunState, Share, decode, encode, ticket_of

JobMaker = Callable[..., Job]
Bodies = Callable[[], dict[str, bytes]]
DAY = "_ingest/Things/things/2026-11-23/"


@pytest.fixture
def lake(leased_lake: Any) -> Any:
    return leased_lake


def pinned(slice: Slice) -> Iterator[Record]:
    for id in slice.ids:
        yield Record(slice.stream or "", id, b'{"id": %s}' % id.encode())


def by_ids(ctx: Context) -> Iterator[Ref]:
    return (Ref("thing", id) for id in range(1, 2001))


def planning(job: Job, workers: int = 4) -> Report:
    return coordinate(replace(job, hands=Hands(workers)))


def committing(job: Job, workers: int = 4) -> Report:
    return coordinate(replace(job, hands=Hands(workers, collects=True)))


@pytest.fixture
def things(job: JobMaker) -> Job:
    return job(by_ids, lambda ctx, slice: pinned(slice), streams=("thing",), rate=1.0)


def state_of(lake: Any) -> RunState:
    return decode(lake.get(f"{DAY}state.json").body, RunState, "state.json")


def test_plan_hands_over_what_it_has_written_down_and_commit_takes_it_in(
    things: Job, lake: Any, records: Bodies
) -> None:
    planned = planning(things)

    assert (planned.status, planned.exit_code, planned.counts.records) == (Status.PARTIAL, 3, 0)
    assert planned.handed is not None
    assert (planned.handed.round, planned.handed.segments, planned.handed.workers) == (0, 20, 4)
    items = json.loads(lake.get(planned.handed.key).body)
    assert items[7] == {"source": "things", "date": "2026-11-23", "step": "land", "round": 0, "segment": 7}
    assert len(items) == 20

    answers = [land(things, item["round"], item["segment"]) for item in reversed(items)]
    assert {answer.status for answer in answers} == {Status.DONE}
    assert [answer.counts.records for answer in answers] == [100] * 20

    done = committing(things)
    assert (done.status, done.counts.records, done.counts.slices) == (Status.DONE, 2000, 20)
    assert len(records()) == 2000
    assert land(things, 0, 3).status is Status.DONE  # delivered once more: nothing is left of it
    assert run(things).already_done


def test_round_after_round_is_handed_over(job: JobMaker, lake: Any) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Ref]:
        for record in pinned(slice):
            yield record
            if slice.stream == "thing":
                yield Ref("actor", int(record.id) % 700)  # type: ignore[call-overload]

    made = job(by_ids, fetch, streams=("thing", "actor"), rate=1.0)
    report, rounds = planning(made), []
    while report.handed is not None:
        rounds.append((report.handed.round, report.handed.segments))
        for segment in range(report.handed.segments):
            assert land(made, report.handed.round, segment).status is Status.DONE
        report = committing(made)

    assert rounds == [(0, 20), (1, 7)]
    assert (report.status, report.counts.records) == (Status.DONE, 2700)


def test_what_no_worker_has_landed_is_handed_over_again_and_the_last_of_it_is_landed_by_the_commit(
    things: Job, lake: Any
) -> None:
    planning(things)
    for segment in range(17):
        land(things, 0, segment)

    again = committing(things)
    assert again.handed is not None
    assert [item["segment"] for item in json.loads(lake.get(again.handed.key).body)] == [17, 18, 19]
    assert again.handed.workers == 3
    land(things, 0, 17)
    land(things, 0, 18)

    assert (committing(things).status, state_of(lake).phase.value) == (Status.DONE, "done")


def test_a_worker_that_was_killed_is_followed_by_one_that_lands_the_rest(things: Job, lake: Any) -> None:
    planning(things)
    put = lake.put_if_absent

    def dying(key: str, body: bytes, metadata: Any) -> bool:
        if "/parts/" in key:
            raise TransientError("killed before its part is there")
        return bool(put(key, body, metadata))

    lake.put_if_absent = dying
    assert land(things, 0, 0).status is Status.PARTIAL
    lake.put_if_absent = put
    assert land(things, 0, 0).status is Status.DONE
    for segment in range(1, 20):
        land(things, 0, segment)

    report = committing(things)
    assert (report.status, report.counts.records, report.counts.written) == (Status.DONE, 2000, 2000)


def test_a_worker_whose_round_was_taken_back_writes_nothing(things: Job, lake: Any) -> None:
    planning(things)
    for segment in range(10):
        land(things, 0, segment)
    assert run(things).status is Status.DONE  # somebody calls without steps: it waits for the lease, and takes all

    assert land(things, 0, 15).status is Status.DONE
    assert state_of(lake).phase.value == "done"


def test_another_run_waits_until_the_workers_have_given_no_sign_of_life_for_a_lease(
    things: Job, lake: Any, clock: Any
) -> None:
    planning(things)
    epoch, began = state_of(lake).epoch, clock.monotonic()
    land(things, 0, 0)

    report = run(things)

    assert (report.status, state_of(lake).epoch) == (Status.DONE, epoch + 1)
    assert 290 <= clock.monotonic() - began <= 400


def test_a_round_is_not_landed_before_it_is_handed_over(things: Job) -> None:
    assert land(things, 0, 0).status is Status.LOCKED
    planning(things)
    assert land(things, 1, 0).status is Status.LOCKED
    with pytest.raises(UsageError, match="no segment 20"):
        land(things, 0, 20)


def test_the_workers_of_a_round_share_the_rate_and_one_that_is_refused_slows_all(things: Job, lake: Any) -> None:
    planning(replace(things, connections=2))
    state = state_of(lake)
    assert state.handed is not None
    assert state.handed.workers == 2  # each has a connection
    slowed = encode(replace_handed(state, 0.5))
    lake.put(f"{DAY}state.json", slowed)
    land(things, 0, 0)
    found = state_of(lake).handed
    assert found is not None
    assert found.slowed == 0.5  # no request was sent: nothing was learnt of the API


def replace_handed(state: RunState, slowed: float) -> RunState:
    import msgspec

    return msgspec.structs.replace(state, handed=msgspec.structs.replace(state.handed, slowed=slowed))


def test_what_cannot_be_helped_fails_the_segment_with_its_error(job: JobMaker) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        raise CredentialsError("the key is refused", hint="another key")

    made = job(by_ids, fetch, streams=("thing",), rate=1.0)
    planning(made)

    report = land(made, 0, 0)

    assert report.status is Status.FAILED
    assert report.error is not None
    assert report.error.kind == "CredentialsError"


def test_a_lake_that_is_busy_when_a_worker_looks_at_the_state_is_a_reason_to_call_it_again(
    things: Job, lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    planning(things)

    def busy(key: str) -> Any:
        raise TransientError(f"{key}: S3 answered 503 SlowDown")

    with monkeypatch.context() as patched:
        patched.setattr(lake, "get", busy)
        assert land(things, 0, 0).status is Status.PARTIAL
    assert land(things, 0, 0).status is Status.DONE


def test_what_a_trial_left_there_is_replaced_by_the_commit_and_not_by_a_worker_that_has_a_double(
    job: JobMaker, lake: Any, records: Bodies
) -> None:
    """Of two at one slice, one would take the trial's bytes for landed, the other replace them: its part would lie."""
    version = 1

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        for id in slice.ids:
            yield Record(slice.stream or "", id, b'{"id": %s, "version": %d}' % (id.encode(), version))

    def made(**more: Any) -> Job:
        return job(by_ids, fetch, streams=("thing",), rate=1.0, **more)

    assert run(made(limit=3)).status is Status.DONE
    planning(made())
    assert land(made(), 0, 0).status is Status.DONE  # it finds the very bytes there
    version = 2
    again = land(made(chance=random.Random(8)), 0, 0)
    assert again.status is Status.DONE, again.error  # its double has others
    assert lake.get(f"{DAY}g1/parts/r0-thing-00000.json") is None
    for segment in range(1, 20):
        assert land(made(), 0, segment).status is Status.DONE
    done = committing(made())

    assert (done.status, done.counts.records) == (Status.DONE, 2000)
    part = json.loads(lake.get(f"{DAY}g1/parts/r0-thing-00000.json").body)
    told = {one["key"]: one["sha256"] for one in part["records"]}
    assert told == {key: hashlib.sha256(records()[key]).hexdigest() for key in told}


def test_a_day_that_is_landed_anew_is_not_for_workers_that_may_have_a_double(things: Job) -> None:
    assert run(things).status is Status.DONE
    again = planning(replace(things, refresh=True))
    assert (again.status, again.handed, again.counts.records) == (Status.DONE, None, 2000)


def test_what_workers_leave_to_the_commit_it_lands_and_does_not_hand_over_for_ever(job: JobMaker) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from pinned(slice)
        if slice.ids[0] in {"101", "301"}:
            yield Record("thing", 5000 + int(slice.ids[0]), b"{}")

    made = job(by_ids, fetch, streams=("thing",), rate=1.0, batch=Batch())
    report, maps = planning(made), []
    while report.handed is not None:
        maps.append(report.handed.open)
        for segment in range(20):
            assert land(made, 0, segment).status is Status.DONE
        report = committing(made)
        assert len(maps) < 5

    assert maps == [20, 2]
    assert (report.status, report.counts.records) == (Status.DONE, 2002)


def test_a_run_that_is_in_the_hands_of_workers_can_be_given_up(things: Job, lake: Any) -> None:
    planning(things)
    assert abandon(things)
    assert state_of(lake).phase is Phase.ABANDONED
    assert land(things, 0, 0).status is Status.LOCKED


@pytest.mark.parametrize(
    ("budget", "status"),
    [(FailureBudget(), Status.FAILED), (FailureBudget(2), Status.DONE), (FailureBudget(1), Status.FAILED)],
)
def test_the_commit_fails_where_the_segments_have_quarantined_more_than_the_budget_allows(
    job: JobMaker, budget: FailureBudget, status: Status
) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        for id in slice.ids:
            yield Record("thing", id, b"{" if id in {"150", "650"} else b"{}")

    made = job(by_ids, fetch, streams=("thing",), rate=1.0, max_failed=budget)
    planning(made)
    for segment in range(20):
        assert land(made, 0, segment).status is Status.DONE
    done = committing(made)
    assert (done.status, done.counts.records, done.counts.rejected) == (status, 1998, 2)


def test_what_keeps_failing_is_tried_by_the_commit_named_and_lands_once_it_can(job: JobMaker) -> None:
    is_broken = True

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        if is_broken and slice.ids[0] == "701":
            raise TransientError("the API fails on 701")
        yield from pinned(slice)

    made = job(by_ids, fetch, streams=("thing",), rate=1.0)
    planning(made)
    answers = [land(made, 0, segment).status for segment in range(20)]
    assert answers == [Status.PARTIAL if segment == 7 else Status.DONE for segment in range(20)]
    tolerant = committing(made)
    assert (tolerant.status, tolerant.manifest) == (Status.PARTIAL, None)
    assert tolerant.error is not None
    assert "701" in tolerant.error.what
    is_broken = False
    done = committing(made)
    assert (done.status, done.counts.records, done.counts.requests) == (Status.DONE, 2000, 0)


def test_the_same_event_once_more_goes_on_where_the_execution_has_stopped(things: Job, lake: Any) -> None:
    planning(things)
    for segment in range(12):
        land(things, 0, segment)
    again = planning(things)  # the execution was stopped: its lease runs out, by the clock of the test
    assert again.handed is not None
    assert [item["segment"] for item in json.loads(lake.get(again.handed.key).body)] == [*range(12, 20)]
    for segment in range(12, 20):
        assert land(things, 0, segment).counts.records == 100
    assert committing(things).counts.records == 2000


def test_a_worker_out_of_time_says_partial(things: Job, clock: Any) -> None:
    planning(things)
    assert land(replace(things, deadline=clock.monotonic() + 10.0), 0, 0).status is Status.PARTIAL


@pytest.mark.parametrize(
    ("budget", "share"), [(FailureBudget(), 0.0), (FailureBudget(5), 0.0), (FailureBudget(0, 0.02), 2.0)]
)
def test_as_many_segments_may_fail_as_the_budget_allows_of_records(
    things: Job, budget: FailureBudget, share: float
) -> None:
    report = planning(replace(things, max_failed=budget))
    assert report.handed is not None
    assert report.handed.tolerated == share


def test_more_segments_than_a_map_may_have_come_with_the_next_one(
    things: Job, lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_module, "MOST_SEGMENTS", 8)
    report, maps = planning(things), []
    while report.handed is not None:
        items = json.loads(lake.get(report.handed.key).body)
        maps.append(len(items))
        for item in items:
            land(things, item["round"], item["segment"])
        report = committing(things)
    assert (report.status, maps) == (Status.DONE, [8, 8, 4])


def test_a_segment_is_about_five_minutes_of_a_workers_share_and_a_thousand_slices_at_most(
    job: JobMaker, lake: Any
) -> None:
    def planned(rate: float, workers: int) -> list[int]:
        day = dt.date(2026, 11, workers)
        made = job(by_ids, lambda ctx, slice: pinned(slice), streams=("thing",), rate=rate, connections=20, date=day)
        handed = planning(made, workers).handed
        assert handed is not None
        return [handed.segments, handed.workers]

    # 2,000 requests at 10 a second over 8: 375 a worker in five minutes, three slices of a hundred.
    assert planned(10, 8) == [7, 7]
    # At 40 over 20 the same 600.
    assert planned(40, 20) == [4, 4]


def test_lists_whose_rows_land_are_not_spread_where_nothing_tells_their_records_apart(job: JobMaker) -> None:
    """A day that is landed anew: what an earlier generation left says of nobody that it found it there."""

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        for id in range(10 * slice.params["n"], 10 * slice.params["n"] + 20):
            yield Record("thing", id, b'{"id": %d}' % id)

    def made(**more: Any) -> Job:
        plan = [Slice(f"page-{n}", {"n": n}) for n in range(60)]
        return job(lambda ctx: iter(plan), fetch, streams=("thing",), rate=1.0, **more)

    first = planning(made())
    assert first.handed is not None
    for segment in range(first.handed.segments):
        land(made(), 0, segment)
    done = committing(made())
    assert (done.counts.records, done.counts.repeated, done.counts.conflicts) == (610, 590, 0)

    again = planning(made(refresh=True))
    assert (again.status, again.handed, again.counts.records) == (Status.DONE, None, 610)


def test_workers_at_the_same_time_land_each_id_once(things: Job, records: Bodies) -> None:
    planned = planning(things)
    assert planned.handed is not None
    twice = [*range(20), *range(20)]  # the same event delivered twice, at the same time
    threads = [threading.Thread(target=land, args=(things, 0, segment)) for segment in twice]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = committing(things)
    assert (report.status, report.counts.records, len(records())) == (Status.DONE, 2000, 2000)


def test_events_answers_and_what_a_map_returns_stay_far_below_what_a_state_may_hold(things: Job, lake: Any) -> None:
    """256 KB between two states. What grows with the run is the array alone, which lies in the lake."""
    planned = planning(things)
    assert planned.handed is not None
    items = json.loads(lake.get(planned.handed.key).body)
    assert max(len(json.dumps(item)) for item in items) < 200
    assert len(lake.get(planned.handed.key).body) / len(items) * handing_module.MOST_SEGMENTS < 1_000_000
    assert len(json.dumps(answer(planned))) < 2_000
    assert set(answer(planned)["map"]) == {"round", "segments", "workers", "bucket", "key", "tolerated", "open"}
    assert len(json.dumps([{}] * handing_module.MOST_SEGMENTS)) < 256 * 1024 / 4


def test_a_worker_tells_no_more_than_a_few_of_its_failures(job: JobMaker) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        raise TransientError("the API is away " + "x" * 1_000)

    made = job(by_ids, fetch, streams=("thing",), rate=20.0)
    planning(made)
    told = answer(land(made, 0, 0))
    assert told["status"] == "partial"
    assert len(json.dumps(told)) < 20_000


def test_workers_renew_the_lease_of_a_round_in_time_where_the_lake_does_not_tell_its_age(
    things: Job, lake: Any
) -> None:
    planning(things)
    before, share = state_of(lake).renewals, share_in(things, lake)
    for _ in range(20):
        things.clock.pause(10, threading.Event())
        share.require()
    assert state_of(lake).renewals > before


def test_a_lease_that_nobody_renews_ends_for_a_worker_whose_lake_does_not_tell_its_age(things: Job, lake: Any) -> None:
    planning(things)
    running = lake.get(f"{DAY}state.json")
    state = msgspec.structs.replace(state_of(lake), phase=Phase.RUNNING)
    assert lake.swap(f"{DAY}state.json", encode(state), running, {})
    share = share_in(things, lake)

    def work_on() -> None:
        for _ in range(30):
            share.require()
            things.clock.pause(4, threading.Event())

    with pytest.raises(TransientError, match="the lease is not renewed any more"):
        work_on()


def share_in(job: Job, lake: Any) -> Share:
    keys = ControlKeys(job.label, job.config, job.date)
    return Share(lake, keys, job.clock, ticket_of(keys, state_of(lake)), threading.Lock())
