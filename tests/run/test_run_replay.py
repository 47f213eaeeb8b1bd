"""The quarantine again: what is well now lands, and the run's account says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_core import Context, Missing, Record, Ref, Rejected, Slice, TransientError
from ingest_core.model import Batch, FailureBudget, Status
from ingest_core.run import Job, replay, run

JobMaker = Callable[..., Job]
Files = Callable[..., dict[str, Any]]
Bodies = Callable[[], dict[str, bytes]]
SOME = FailureBudget(10)


def pinned(ctx: Context) -> Iterator[Ref]:
    return (Ref("thing", id) for id in range(150))


class Api:
    """`sick` ids are rejected, `gone` ones missing; it keeps what it was asked for."""

    def __init__(self, *sick: int) -> None:
        self.sick = {str(id) for id in sick}
        self.gone: set[str] = set()
        self.asked: list[str] = []

    def fetch(self, ctx: Context, slice: Slice) -> Iterator[Any]:
        for id in slice.ids or map(str, range(slice.params["from"], slice.params["from"] + 10)):
            self.asked.append(id)
            if id in self.gone:
                yield Missing("thing", id, "404")
            elif id in self.sick:
                yield Rejected("thing", id, "cut short", b"{")
            else:
                yield Record("thing", id, b'{"id":%s}' % id.encode())


def test_what_is_well_now_lands_and_a_supplement_tells_it(job: JobMaker, records: Bodies, own_files: Files) -> None:
    api = Api(3, 7, 140)
    assert run(job(pinned, api.fetch, max_failed=SOME)).counts.rejected == 3
    api.sick, api.asked = {"7"}, []
    report = replay(job(pinned, api.fetch, max_failed=SOME))
    assert (report.status, report.counts.records, report.counts.rejected) == (Status.DONE, 149, 1)
    assert sorted(api.asked) == ["140", "3", "7"]
    assert len(records()) == 149
    supplement = own_files()["manifest-1.json"]
    assert supplement["totals"]["records"] == 149
    assert {"replay1.r0-thing-00000", "replay1.r0-thing-00001"} < set(supplement["parts"])
    assert own_files()["manifest.json"]["totals"]["records"] == 147


def test_a_second_replay_asks_for_what_is_left_alone(job: JobMaker, own_files: Files) -> None:
    api = Api(3, 7)
    run(job(pinned, api.fetch, max_failed=SOME))
    api.sick = {"7"}
    replay(job(pinned, api.fetch, max_failed=SOME))
    api.sick, api.gone, api.asked = set(), {"7"}, []
    report = replay(job(pinned, api.fetch, max_failed=SOME))
    assert api.asked == ["7"]
    assert (report.counts.records, report.counts.missing, report.counts.rejected) == (149, 1, 0)
    assert own_files()["manifest-2.json"]["totals"]["rejected"] == 0
    again = run(job(pinned, api.fetch, max_failed=SOME))
    assert (again.already_done, again.counts.records, again.counts.missing) == (True, 149, 1)


def test_rows_of_a_list_are_read_again_and_only_the_rejected_are_taken(job: JobMaker, records: Bodies) -> None:
    def plan(ctx: Context) -> list[Slice]:
        return [Slice("p0", {"from": 0}), Slice("p1", {"from": 10})]

    api = Api(4)
    run(job(plan, api.fetch, max_failed=SOME))
    api.sick, api.asked = set(), []
    report = replay(job(plan, api.fetch, max_failed=SOME))
    assert api.asked == [str(id) for id in range(10)]
    assert (report.counts.records, report.counts.repeated, len(records())) == (20, 0, 20)


@pytest.mark.parametrize("batch", [None, Batch()], ids=["record", "batch"])
def test_a_run_that_the_quarantine_kept_from_its_commit_is_committed(
    job: JobMaker, records: Bodies, batch: Batch | None
) -> None:
    api = Api(3, 7)
    assert run(job(pinned, api.fetch, batch=batch)).status is Status.FAILED
    api.sick = set()
    report = replay(job(pinned, api.fetch, batch=batch))
    assert (report.status, report.counts.records, report.counts.rejected) == (Status.DONE, 150, 0)
    assert report.manifest is not None
    assert sum(len(body.splitlines()) for body in records().values()) == 150
    assert run(job(pinned, api.fetch, batch=batch)).already_done


def test_one_that_still_may_not_commit_says_so(job: JobMaker) -> None:
    api = Api(3, 7)
    run(job(pinned, api.fetch))
    api.sick = {"7"}
    report = replay(job(pinned, api.fetch))
    assert (report.status, report.counts.rejected, report.manifest) == (Status.FAILED, 1, None)


def test_an_api_that_is_down_leaves_the_quarantine_as_it_is(job: JobMaker) -> None:
    api = Api(3)
    run(job(pinned, api.fetch, max_failed=SOME))

    def down(ctx: Context, slice: Slice) -> Iterator[Any]:
        raise TransientError("503")
        yield

    report = replay(job(pinned, down, max_failed=SOME))
    assert (report.status, report.counts.rejected) == (Status.PARTIAL, 1)
    assert run(job(pinned, down, max_failed=SOME)).already_done
    api.sick = set()
    assert replay(job(pinned, api.fetch, max_failed=SOME)).counts.records == 150


def test_without_a_run_there_is_nothing_to_replay(job: JobMaker) -> None:
    report = replay(job(pinned, Api().fetch))
    assert (report.status, report.exit_code) == (Status.FAILED, 2)
    assert report.error is not None
    assert "no run of things for 2026-11-23" in report.error.what


def test_a_refresh_after_a_replay_leaves_each_record_once(job: JobMaker, records: Bodies) -> None:
    api = Api(3)
    run(job(pinned, api.fetch, max_failed=SOME, batch=Batch()))
    api.sick = set()
    replay(job(pinned, api.fetch, max_failed=SOME, batch=Batch()))
    run(job(pinned, api.fetch))
    assert len(records()) == 150
    assert set(records().values()) == {b'{"id":%d}' % id for id in range(150)}


def test_a_replay_that_was_killed_goes_on_under_its_own_number(
    job: JobMaker, die: Any, records: Bodies, own_files: Files
) -> None:
    api = Api(3, 140)
    run(job(pinned, api.fetch, max_failed=SOME))
    api.sick = set()
    die.after("/140.json")
    die(job(pinned, api.fetch, max_failed=SOME, replay=True))
    report = replay(job(pinned, api.fetch, max_failed=SOME))
    assert (report.status, report.counts.records, report.counts.rejected) == (Status.DONE, 150, 0)
    assert len(records()) == 150
    parts = [name for name in own_files()["manifest-1.json"]["parts"] if name.startswith("replay")]
    assert parts == ["replay1.r0-thing-00000", "replay1.r0-thing-00001"]
    listed = [one["id"] for name, part in own_files().items() if "parts/" in name for one in part.get("records", [])]
    assert len(listed) == len(set(listed)) == 150
