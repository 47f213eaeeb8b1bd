"""Refs that ask after what earlier runs landed, refs that answer for a pinned id, and what the report tells of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ingest_core import Context, Missing, Note, Record, Ref, Slice, TransientError
from ingest_core.model import Batch, Report, Status
from ingest_core.run import Job, run

JobMaker = Callable[..., Job]
Files = Callable[..., dict[str, Any]]
FIRST, NEXT, LATER = (dt.date(2026, 11, day) for day in (23, 24, 30))
STREAMS = ("name", "thing")


def titles(ctx: Context, slice: Slice) -> Iterator[Record]:
    yield from (Record(slice.stream or "", id, b"{}") for id in slice.ids)


def landing(job: JobMaker, refs: Iterable[Ref], date: dt.date, **more: Any) -> Report:
    wanted = list(refs)
    return run(job(lambda ctx: wanted, titles, date=date, streams=STREAMS, **more))


def days(records: dict[str, bytes], day: int) -> set[str]:
    folder = f"Raw/Things/JSON/2026/11/{day}/"
    return {key.removeprefix(folder) for key in records if key.startswith(folder)}


@pytest.mark.parametrize("batch", [None, Batch()], ids=["objects", "files"])
def test_what_was_landed_since_a_day_is_not_fetched_again(job: JobMaker, batch: Batch | None) -> None:
    landing(job, [Ref("thing", 1), Ref("thing", 2)], FIRST, batch=batch)
    landing(job, [Ref("thing", 2), Ref("thing", 3)], NEXT, batch=batch)
    wanted = [Ref("thing", id, unless_landed=NEXT) for id in (1, 2, 3, 4)]
    report = landing(job, wanted, LATER, batch=batch)
    assert (report.status, report.counts.records, report.counts.skipped) == (Status.DONE, 2, 2)
    again = landing(job, wanted, LATER)
    assert (again.already_done or batch is not None, again.counts.skipped) == (True, 2)


def test_only_what_was_landed_is_fetched_again(job: JobMaker, records: Callable[[], dict[str, bytes]]) -> None:
    landing(job, [Ref("thing", 1), Ref("name", 2)], FIRST)
    report = landing(job, [Ref("thing", id, if_landed=True) for id in (1, 2, 3)], NEXT)
    assert (report.counts.records, report.counts.skipped) == (1, 2)
    assert days(records(), 24) == {"thing-1.json"}


def test_both_conditions_keep_what_was_landed_too_long_ago(job: JobMaker) -> None:
    landing(job, [Ref("thing", 1)], FIRST)
    landing(job, [Ref("thing", 2)], NEXT)
    wanted = [Ref("thing", id, unless_landed=NEXT, if_landed=True) for id in (1, 2, 3)]
    assert landing(job, wanted, LATER).counts.skipped == 2


def test_a_ref_without_conditions_wins(job: JobMaker, records: Callable[[], dict[str, bytes]]) -> None:
    landing(job, [Ref("thing", 1)], FIRST)
    report = landing(job, [Ref("thing", 1, unless_landed=FIRST), Ref("thing", 1)], NEXT)
    assert (report.counts.records, report.counts.skipped, report.counts.duplicates) == (1, 1, 0)


def test_other_configs_of_the_label_count_and_uncommitted_runs_do_not(job: JobMaker) -> None:
    refs = [Ref("thing", 1)]
    run(replace(job(lambda ctx: refs, titles, date=FIRST, streams=STREAMS), config="others"))

    def failing(ctx: Context, slice: Slice) -> Iterator[Any]:
        yield Record("thing", 2, b"{}")
        raise TransientError("503")

    open_run = job(lambda ctx: [Slice("a")], failing, date=FIRST, streams=STREAMS)
    assert run(replace(open_run, config="cut")).status is Status.PARTIAL
    report = landing(job, [Ref("thing", id, if_landed=True) for id in (1, 2)], NEXT)
    assert (report.counts.records, report.counts.skipped) == (1, 1)


def test_a_refresh_is_not_held_back_by_what_it_replaces(job: JobMaker, records: Callable[[], dict[str, bytes]]) -> None:
    wanted = [Ref("thing", 1, unless_landed=FIRST)]
    landing(job, wanted, NEXT)
    report = landing(job, wanted, NEXT, refresh=True)
    assert (report.counts.records, report.counts.skipped) == (1, 0)
    assert days(records(), 24) == {"thing-1.json"}


def named(ctx: Context, slice: Slice) -> Iterator[Any]:
    """Names lead to things: a to 1, b to 2, c to 1 as well; d leads nowhere."""
    if slice.stream == "thing":
        yield from titles(ctx, slice)
        return
    for id in slice.ids:
        thing = {"a": 1, "b": 2, "c": 1}.get(id)
        yield Missing("name", id, "leads nowhere") if thing is None else Ref("thing", thing, answers=id)


def test_a_pinned_id_is_answered_for_by_a_ref(job: JobMaker, own_files: Files) -> None:
    report = run(job(lambda ctx: [Ref("name", id) for id in "abcda"], named, streams=STREAMS))
    assert (report.status, report.counts.records, report.counts.missing) == (Status.DONE, 2, 1)
    assert (report.counts.unaccounted, report.counts.duplicates) == (0, 2)
    part = own_files()["parts/r0-name-00000.json"]
    assert part["resolved"] == [["name", "a"], ["name", "b"], ["name", "c"]]


def test_an_id_that_led_to_what_landed_need_not_be_asked_again(job: JobMaker) -> None:
    wanted = [Ref("name", id, unless_landed=FIRST) for id in "abd"]
    run(job(lambda ctx: wanted, named, date=FIRST, streams=STREAMS))
    report = run(job(lambda ctx: wanted, named, date=NEXT, streams=STREAMS))
    assert (report.counts.skipped, report.counts.records, report.counts.missing) == (2, 0, 1)


def test_an_id_that_led_to_what_was_skipped_is_asked_again(job: JobMaker) -> None:
    """Else a thing would be skipped for twice as long as asked."""

    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        if slice.stream == "thing":
            yield from titles(ctx, slice)
        else:
            yield from (Ref("thing", 1, answers=id, unless_landed=FIRST) for id in slice.ids)

    landing(job, [Ref("thing", 1)], FIRST)
    wanted = [Ref("name", "a", unless_landed=FIRST)]
    for date in (NEXT, LATER):
        report = run(job(lambda ctx: wanted, fetch, date=date, streams=STREAMS))
        assert (report.counts.skipped, report.counts.records, report.counts.unaccounted) == (1, 0, 0)
        assert report.counts.slices == 1


def test_a_ref_answers_for_an_id_of_its_slice_alone(job: JobMaker) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        yield Ref("thing", 1, answers="another")

    report = run(job(lambda ctx: [Ref("name", "a")], fetch, streams=STREAMS))
    assert report.error is not None
    assert "'another', which is none of the slice's ids" in report.error.what


def test_notes_are_told_and_kept(job: JobMaker, own_files: Files) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        yield Note("list", "in two pieces")
        yield Record("thing", 1, b"{}")

    for _ in range(2):  # done, then told by the manifest
        report = run(job(lambda ctx: [Note("file", "3 rows"), Slice("a")], fetch))
        assert report.notes == ("file: 3 rows", "list: in two pieces")
    assert own_files()["manifest.json"]["notes"] == [["file", "3 rows"], ["list", "in two pieces"]]


def test_a_resume_counts_what_its_plan_counted(job: JobMaker) -> None:
    down = [True]

    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        if down[0]:
            raise TransientError("503")
        yield from titles(ctx, slice)

    landing(job, [Ref("thing", 9)], FIRST)
    wanted = [Ref("thing", 1), Ref("thing", 1), Ref("thing", 9, unless_landed=FIRST)]
    begun = job(lambda ctx: [*wanted, Note("file", "3 rows")], fetch, date=NEXT, streams=STREAMS)
    assert run(begun).status is Status.PARTIAL
    down[0] = False
    report = run(begun)
    assert (report.counts.records, report.counts.duplicates, report.counts.skipped) == (1, 1, 1)
    assert report.notes == ("file: 3 rows",)
