"""A run that was killed goes on: from its parts, with its date and its settings, and nothing is doubled."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ingest_core import Checkpoint, Context, Missing, Record, Ref, Rejected, Slice, TransientError
from ingest_core.model import FailureBudget, Status
from ingest_core.run import Job, run, runs

JobMaker = Callable[..., Job]
Files = Callable[..., dict[str, Any]]
Bodies = Callable[[], dict[str, bytes]]
RAW = "Raw/Things/JSON/2026/11/23"
NEXT = dt.date(2026, 11, 24)


def counting(fetch: Any, asked: list[str]) -> Any:
    def fetching(ctx: Context, slice: Slice) -> Iterator[Any]:
        asked.append(slice.name)
        yield from fetch(ctx, slice)

    return fetching


def three(ctx: Context) -> Iterator[Slice]:
    return (Slice(name, {"from": number * 10}) for number, name in enumerate("abc"))


def forty(ctx: Context) -> Iterator[Slice]:
    """More than are under way at once."""
    return (Slice(f"s{number}", {"from": number * 10}) for number in range(40))


def ten(ctx: Context, slice: Slice) -> Iterator[Record]:
    start = slice.params["from"]
    yield from (Record("thing", id, b'{"id": %d}' % id) for id in range(start, start + 10))


@pytest.mark.parametrize(
    "word",
    ["state.json", "plan-0-0", "intents/b", "/15.json", "parts/b", "parts/c", "manifest.json"],
    ids=lambda word: word.strip("/"),
)
def test_wherever_a_run_is_killed_the_next_one_lands_the_same(
    job: JobMaker, lake: Any, records: Bodies, own_files: Files, die: Any, word: str
) -> None:
    die.after(word)
    die(job(three, ten, connections=1))
    report = run(job(three, ten))
    assert (report.status, report.counts.records, report.counts.slices) == (Status.DONE, 30, 3)
    assert (report.counts.repeated, report.counts.conflicts) == (0, 0)
    assert records() == {f"{RAW}/{id}.json": b'{"id": %d}' % id for id in range(30)}
    landed = [found["id"] for name, part in own_files().items() if "parts/" in name for found in part["records"]]
    assert sorted(landed, key=int) == [str(id) for id in range(30)]


def test_a_closed_slice_is_not_fetched_again(job: JobMaker, lake: Any, die: Any) -> None:
    die.after("parts/b")
    asked: list[str] = []
    die(job(three, ten))
    report = run(job(three, counting(ten, asked)))
    assert "b" not in asked
    assert report.counts.records == 30


def test_a_resume_does_not_plan_again(job: JobMaker, lake: Any, die: Any) -> None:
    die.after("parts/b")
    die(job(three, ten))

    def never(ctx: Context) -> list[Slice]:
        raise AssertionError("the plan is there")

    assert run(job(never, ten)).counts.records == 30


def test_a_plan_that_was_cut_short_is_made_anew(job: JobMaker, lake: Any, die: Any, own_files: Files) -> None:
    def many(count: int) -> Any:
        return lambda ctx: (Slice(f"s{number}") for number in range(count))

    die.after("plan-0-0")
    die(job(many(2500), lambda ctx, slice: []))
    report = run(job(many(1200), lambda ctx, slice: []))
    assert report.counts.slices == 1200
    assert [len(own_files()[f"plan-0-{segment}.json"]["slices"]) for segment in range(12)] == [100] * 12


def test_what_a_row_had_when_it_landed_stays_though_the_api_has_changed_it(
    job: JobMaker, lake: Any, records: Bodies, own_files: Files, die: Any
) -> None:
    die.after("/3.json")
    die(job(three, ten, connections=1))

    def changed(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (replace(record, body=b'{"new": true}') for record in ten(ctx, slice))

    before = records()
    report = run(job(three, changed))
    assert (report.status, report.counts.records, report.counts.conflicts) == (Status.DONE, 30, 0)
    assert {key: records()[key] for key in before} == before
    digests = {found["id"]: found["bytes"] for found in own_files()["parts/a.json"]["records"]}
    assert digests["3"] == len(b'{"id": 3}')


def test_a_row_that_has_left_the_list_since_it_landed_is_kept_and_listed(
    job: JobMaker, lake: Any, records: Bodies, own_files: Files, die: Any
) -> None:
    die.after("/3.json")
    die(job(three, ten, connections=1))
    before = set(records())

    def shifted(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (record for record in ten(ctx, slice) if record.id not in range(5))

    run(job(three, shifted))
    assert before <= set(records())
    listed = {found["key"] for name, part in own_files().items() if "parts/" in name for found in part["records"]}
    assert listed == set(records())


def test_an_id_that_is_missing_now_and_landed_before_is_a_record(
    job: JobMaker, lake: Any, die: Any, own_files: Files
) -> None:
    def pinned(ctx: Context) -> Iterator[Ref]:
        return (Ref("thing", id) for id in range(5))

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", id, b"{}") for id in slice.ids)

    die.after("/2.json")
    die(job(pinned, fetch, connections=1))
    report = run(job(pinned, lambda ctx, slice: [Missing("thing", id, "404") for id in slice.ids]))
    assert report.status is Status.DONE
    assert report.counts.records + report.counts.missing == 5
    assert report.counts.records >= 1


def test_a_row_that_moved_to_another_slice_is_landed_once(job: JobMaker, records: Bodies, die: Any) -> None:
    def first_alone(ctx: Context, slice: Slice) -> Iterator[Record]:
        if slice.name != "a":
            raise TransientError("503")
        yield from ten(ctx, slice)

    die.after("/3.json")
    die(job(three, first_alone))

    def moved(ctx: Context, slice: Slice) -> Iterator[Record]:
        ids = {"a": range(5, 10), "b": range(10, 20), "c": [*range(20, 30), *range(5)]}[slice.name]
        yield from (Record("thing", id, b"{}") for id in ids)

    report = run(job(three, moved))
    assert (report.counts.records, report.counts.conflicts) == (30, 0)
    assert len(records()) == 30


def test_an_unfinished_round_of_refs_goes_on_with_the_same_batches(
    job: JobMaker, lake: Any, own_files: Files, die: Any
) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        if slice.ids:
            yield from (Record("thing", id, b"{}") for id in slice.ids)
        else:
            yield from (Ref("thing", id) for id in range(slice.params["from"], slice.params["from"] + 180))

    die.after("parts/r1-thing-00001")
    die(job(three, fetch))
    plan = own_files()["plan-1-0.json"]
    asked: list[str] = []
    report = run(job(three, counting(fetch, asked)))
    assert report.counts.records == 200
    assert own_files()["plan-1-0.json"] == plan
    assert not {"a", "b", "c", "r1-thing-00001"} & set(asked)


def test_totals_budget_and_checkpoints_are_of_the_whole_run(job: JobMaker, lake: Any, die: Any) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        yield Checkpoint(slice.name, ctx.checkpoint.get("begun", 0))
        yield Rejected("thing", f"bad-{slice.name}", "malformed")
        yield from ten(ctx, slice)

    die.after("parts/b")
    die(job(three, fetch))
    over = run(job(three, fetch, max_failed=FailureBudget(2)))
    assert (over.status, over.counts.rejected) == (Status.FAILED, 3)
    done = run(job(three, fetch, max_failed=FailureBudget(3)))
    assert (done.status, done.counts.rejected, done.counts.records) == (Status.DONE, 3, 30)
    assert done.checkpoint == {"a": 0, "b": 0, "c": 0}


def test_a_resume_sees_the_checkpoint_that_the_run_began_with(job: JobMaker, lake: Any, die: Any) -> None:
    seen: list[Any] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        seen.append(dict(ctx.checkpoint))
        yield Checkpoint("since", 2)

    run(job(lambda ctx: [Slice("x")], lambda ctx, slice: [Checkpoint("since", 1)], date=dt.date(2026, 11, 20)))
    die.after("parts/b")
    die(job(three, fetch))
    later = dt.date(2026, 11, 22)
    run(job(lambda ctx: [Slice("x")], lambda ctx, slice: [Checkpoint("since", 9)], date=later, refresh=True))
    run(job(three, fetch))
    assert seen.count({"since": 1}) == len(seen) >= 3


def test_an_unfinished_run_of_another_day_comes_first_with_its_own_date(job: JobMaker, records: Bodies) -> None:
    down = [True]

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        if down[0]:
            raise TransientError("503")
        yield from ten(ctx, slice)

    yesterday = dt.date(2026, 11, 22)
    assert run(job(three, fetch, date=yesterday)).status is Status.PARTIAL
    down[0] = False
    first, second = runs(job(three, fetch, date=NEXT))
    assert [(report.date, report.status) for report in (first, second)] == [
        (yesterday, Status.DONE),
        (NEXT, Status.DONE),
    ]
    assert {key.rpartition("/")[0] for key in records()} == {f"Raw/Things/JSON/2026/11/{day}" for day in (22, 24)}
    assert len(records()) == 60
    assert [report.date for report in runs(job(three, fetch, date=NEXT))] == [NEXT]


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("a bug"), Status.FAILED), (TransientError("503"), Status.PARTIAL)], ids=str
)
def test_one_that_still_does_not_end_well_does_not_stand_in_the_way(
    job: JobMaker, error: Exception, status: Status
) -> None:
    def broken(ctx: Context, slice: Slice) -> Iterator[Record]:
        if ctx.date != NEXT:
            raise error
        yield from ten(ctx, slice)

    run(job(three, broken))
    first, second = runs(job(three, broken, date=NEXT))
    assert (first.date, first.status) == (dt.date(2026, 11, 23), status)
    assert (second.date, second.status) == (NEXT, Status.DONE)


def test_one_that_another_process_has_does_not_stand_in_the_way(job: JobMaker, lake: Any) -> None:
    def down(ctx: Context, slice: Slice) -> Iterator[Record]:
        raise TransientError("503")
        yield

    run(job(three, down))
    lake.hold("_ingest/Things/things/2026-11-23/state.lock")
    assert [report.status for report in runs(job(three, ten, date=NEXT))] == [Status.LOCKED, Status.DONE]


def test_where_time_is_up_the_one_that_is_unfinished_is_the_last(job: JobMaker, clock: Any) -> None:
    def slow(ctx: Context, slice: Slice) -> Iterator[Record]:
        clock.pause(100, threading.Event())
        yield from ten(ctx, slice)

    assert run(job(forty, slow, deadline=150.0)).status is Status.PARTIAL
    (report,) = runs(job(forty, slow, date=NEXT, deadline=clock.monotonic() + 50))
    assert (report.date, report.status) == (dt.date(2026, 11, 23), Status.PARTIAL)
    first, second = runs(job(forty, slow, date=NEXT))
    assert (first.status, second.status) == (Status.DONE, Status.DONE)


def test_a_changed_setting_finishes_the_run_as_it_was_begun_and_then_begins_a_new_generation(
    job: JobMaker, lake: Any, die: Any
) -> None:
    seen: list[Any] = []

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        seen.append(ctx.settings["language"])
        yield from ten(ctx, slice)

    die.after("parts/s1")
    die(replace(job(forty, fetch), settings={"language": "pt"}))
    seen.clear()
    first, second = runs(replace(job(forty, fetch), settings={"language": "en"}))
    assert (first.run, second.run) == ("things/2026-11-23/g1", "things/2026-11-23/g2")
    assert seen.count("en") == 40
    assert set(seen) == {"pt", "en"}


def test_a_run_of_which_nothing_has_landed_is_begun_as_the_config_is_by_now(job: JobMaker, own_files: Files) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        if ctx.settings["path"] != "right":
            raise ValueError("404")
        yield from ten(ctx, slice)

    def plan(ctx: Context) -> Iterator[Slice]:
        return (replace(slice, name=f"{slice.name}-{ctx.settings['path']}") for slice in three(ctx))

    assert run(replace(job(plan, fetch), settings={"path": "wrong"})).status is Status.FAILED
    (report,) = runs(replace(job(plan, fetch), settings={"path": "right"}))
    assert (report.status, report.run, report.counts.records) == (Status.DONE, "things/2026-11-23/g1", 30)
    assert sorted(own_files()["manifest.json"]["parts"]) == ["a-right", "b-right", "c-right"]


def test_an_old_run_that_fails_as_it_was_begun_says_how_to_begin_anew(job: JobMaker, lake: Any) -> None:
    landed = threading.Event()
    lake.after_put = lambda key: landed.set() if "/parts/" in key else None

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        if ctx.settings["version"] == 1 and slice.name == "c":
            assert landed.wait(10)
            raise ValueError("not any more")
        yield from ten(ctx, slice)

    assert run(replace(job(three, fetch), settings={"version": 1})).status is Status.FAILED
    (report,) = runs(replace(job(three, fetch), settings={"version": 2}))
    assert "ingest run things --date 2026-11-23 --refresh" in report.problems[-1]
    assert run(replace(job(three, fetch), settings={"version": 2}, refresh=True)).status is Status.DONE


def test_a_refresh_that_was_interrupted_goes_on_by_the_same_wish(job: JobMaker, die: Any) -> None:
    run(job(three, ten))
    die.after("g2/parts/b")
    die(job(three, ten, refresh=True))
    asked: list[str] = []
    report = run(job(three, counting(ten, asked), refresh=True))
    assert (report.status, report.run) == (Status.DONE, "things/2026-11-23/g2")
    assert "b" not in asked
    assert run(job(three, ten, refresh=True)).run == "things/2026-11-23/g3"


def test_a_changed_rate_does_not_end_a_run(job: JobMaker, lake: Any, die: Any) -> None:
    die.after("parts/b")
    die(job(three, ten))
    (report,) = runs(job(three, ten, rate=5.0, connections=1))
    assert (report.run, report.status) == ("things/2026-11-23/g1", Status.DONE)


def test_a_run_that_another_process_has_is_locked(job: JobMaker, lake: Any, records: Bodies) -> None:
    lake.hold("_ingest/Things/things/2026-11-23/state.lock")
    report = run(job(three, ten))
    assert (report.status, report.exit_code) == (Status.LOCKED, 5)
    assert report.error is not None
    assert report.error.kind == "LockedError"
    assert records() == {}


def test_an_interrupt_gives_the_claim_back(job: JobMaker, leased_lake: Any) -> None:
    def interrupted(ctx: Context) -> list[Slice]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job(interrupted, ten, lake=leased_lake))
    clock_before = job(three, ten).clock.monotonic()
    report = run(job(three, ten, lake=leased_lake))
    assert report.status is Status.DONE
    assert job(three, ten).clock.monotonic() - clock_before < 60


def test_a_run_whose_claim_is_taken_over_writes_no_more_parts(job: JobMaker, leased_lake: Any, clock: Any) -> None:
    def overtaken(ctx: Context, slice: Slice) -> Iterator[Record]:
        if slice.name == "b":
            clock.pause(200, threading.Event())  # stalled for longer than its lease
            other = run(job(three, ten, lake=leased_lake))
            assert other.status is Status.DONE
        yield from ten(ctx, slice)

    report = run(job(three, overtaken, lake=leased_lake, connections=1))
    assert (report.status, report.exit_code) == (Status.LOCKED, 5)
    again = run(job(three, ten, lake=leased_lake))
    assert again.already_done
    assert again.counts.records == 30
    assert len(list(leased_lake.entries("Raw/"))) == 30
