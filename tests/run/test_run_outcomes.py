"""What becomes of each id: landed, missing, rejected, repeated, unaccounted."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_core import Context, Missing, Record, Ref, Rejected, Slice, Truncated
from ingest_core.model import FailureBudget, Status
from ingest_core.run import Job, run

JobMaker = Callable[..., Job]
Files = Callable[[], dict[str, Any]]
Bodies = Callable[[], dict[str, bytes]]
RAW = "Raw/Things/JSON/2026/11/23"


def one_slice(ctx: Context) -> list[Slice]:
    return [Slice("a")]


def yielding(*items: object) -> Callable[..., list[object]]:
    return lambda ctx, slice: list(items)


def test_a_missing_id_is_an_outcome_and_the_run_commits(job: JobMaker, own_files: Files) -> None:
    report = run(job(one_slice, yielding(Record("thing", 1, b"{}"), Missing("thing", 2, "404 Not Found"))))
    assert (report.status, report.counts.missing, report.counts.rejected) == (Status.DONE, 1, 0)
    assert own_files()["parts/a.json"]["missing"] == [{"stream": "thing", "id": "2", "reason": "404 Not Found"}]


def test_a_rejected_record_goes_to_the_quarantine_with_its_reason_and_body(job: JobMaker, own_files: Files) -> None:
    bad = [Rejected("thing", 2, "too large", b"caf\xc3\xa9"), Rejected("thing", 3, "cut short", b"\xff\xfe")]
    report = run(job(one_slice, yielding(Record("thing", 1, b"{}"), *bad), max_failed=FailureBudget(2)))
    assert (report.status, report.counts.rejected) == (Status.DONE, 2)
    first, second = (own_files()[f"quarantine/a/1-{number}.json"] for number in (0, 1))
    assert (first["stream"], first["id"], first["reason"], first["slice"]) == ("thing", "2", "too large", "a")
    assert first["text"] == "café"
    assert base64.b64decode(second["base64"]) == b"\xff\xfe"
    names = [found["quarantine"].rpartition("g1/")[2] for found in own_files()["parts/a.json"]["rejected"]]
    assert names == ["quarantine/a/1-0.json", "quarantine/a/1-1.json"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (Record("thing", None, b"{}"), "bad id"),
        (Record("thing", True, b"{}"), "bad id"),
        (Record("thing", 2, b""), "empty"),
        (Record("thing", 2, b"<html>"), "JSON"),
        (Record("thing", 2, b'"\xff"'), "JSON"),
    ],
    ids=["no id", "a boolean", "empty", "html", "not UTF-8"],
)
def test_a_bad_record_costs_itself_alone(
    job: JobMaker, records: Bodies, own_files: Files, bad: Record, says: str
) -> None:
    good = [Record("thing", id, b"{}") for id in (1, 3)]
    report = run(job(one_slice, yielding(good[0], bad, good[1]), max_failed=FailureBudget(1)))
    assert report.status is Status.DONE
    assert set(records()) == {f"{RAW}/1.json", f"{RAW}/3.json"}
    assert says in own_files()["quarantine/a/1-0.json"]["reason"]
    assert own_files()["parts/a.json"].get("unaccounted") is None


def test_an_id_that_utf8_cannot_say_costs_itself_alone(job: JobMaker, records: Bodies) -> None:
    odd = [Record("thing", "\ud800", b"{}"), Record("thing", 1, b"{}")]
    report = run(job(one_slice, yielding(*odd), max_failed=FailureBudget(1)))
    assert report.status is Status.DONE
    assert f"{RAW}/1.json" in records()


@pytest.mark.parametrize(
    ("budget", "rejected", "status"),
    [
        (FailureBudget(0), 1, Status.FAILED),
        (FailureBudget(1), 1, Status.DONE),
        (FailureBudget(1), 2, Status.FAILED),
        (FailureBudget(share=0.1), 1, Status.DONE),
        (FailureBudget(share=0.1), 2, Status.FAILED),
        (FailureBudget(share=0.0), 0, Status.DONE),
    ],
    ids=str,
)
def test_more_in_the_quarantine_than_allowed_is_no_commit(
    job: JobMaker, records: Bodies, budget: FailureBudget, rejected: int, status: Status
) -> None:
    items = [Rejected("thing", id, "malformed") if id < rejected else Record("thing", id, b"{}") for id in range(10)]
    report = run(job(one_slice, yielding(*items), max_failed=budget))
    assert report.status is status
    assert (report.manifest is not None) == (status is Status.DONE)
    assert len(records()) == 10 - rejected
    if status is Status.FAILED:
        assert report.error is not None
        allowed = f"{budget.count}" if budget.share is None else f"{100 * budget.share:.0f}%"
        assert report.error.what == (
            f"{rejected} of 10 records ({10 * rejected}%) are in the quarantine, and max_failed allows {allowed}"
        )
        assert "memory/_ingest/Things/things/2026-11-23/g1/quarantine/" in report.error.hint


def test_missing_ids_do_not_count_against_the_budget(job: JobMaker) -> None:
    report = run(job(one_slice, yielding(*[Missing("thing", id, "404") for id in range(50)])))
    assert (report.status, report.counts.missing, report.counts.records) == (Status.DONE, 50, 0)


def test_a_pinned_id_that_nothing_is_said_about_blocks_the_commit(job: JobMaker, own_files: Files) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", int(id), b"{}") for id in slice.ids if id != "2")

    report = run(job(lambda ctx: [Ref("thing", id) for id in (1, 2, 3)], fetch))
    assert (report.status, report.exit_code, report.counts.unaccounted) == (Status.FAILED, 1, 1)
    assert any("id 2" in problem for problem in report.problems)
    assert "manifest.json" not in own_files()


def test_an_id_that_two_slices_land_is_written_once_and_counted(job: JobMaker, records: Bodies) -> None:
    report = run(
        job(lambda ctx: [Slice("a"), Slice("b"), Slice("c")], yielding(Record("thing", 7, b"{}"))),
    )
    assert (report.status, report.counts.records, report.counts.repeated) == (Status.DONE, 1, 2)
    assert report.counts.conflicts == 0
    assert list(records()) == [f"{RAW}/7.json"]


def test_another_document_under_the_key_is_kept_counted_and_named(job: JobMaker, lake: Any, records: Bodies) -> None:
    lake.put_if_absent(f"{RAW}/7.json", b'{"old": true}', {})
    report = run(job(one_slice, yielding(Record("thing", 7, b"{}"))))
    assert (report.counts.conflicts, report.counts.records) == (1, 0)
    assert any(f"{RAW}/7.json" in problem for problem in report.problems)
    assert records() == {f"{RAW}/7.json": b'{"old": true}'}


def test_two_streams_that_are_not_declared_are_an_error_that_says_how_to_declare_them(job: JobMaker) -> None:
    report = run(job(one_slice, yielding(Record("movie", 11, b"{}"), Record("tv", 11, b"{}"))))
    assert report.status is Status.FAILED
    assert report.error is not None
    assert report.error[0] == "PluginError"
    assert "declare Source(streams=('movie', 'tv'))" in report.error[1]


def test_a_stream_beside_the_declared_ones_is_an_error(job: JobMaker) -> None:
    report = run(job(one_slice, yielding(Record("person", 1, b"{}")), streams=("movie", "tv")))
    assert report.error is not None
    assert "its streams are movie, tv" in report.error[1]


def test_what_the_api_cuts_off_is_reported_and_kept(job: JobMaker, own_files: Files) -> None:
    report = run(job(one_slice, yielding(Record("thing", 1, b"{}"), Truncated("movie/popular", "500 of 600 pages"))))
    assert report.status is Status.DONE
    assert report.truncated == ("movie/popular: 500 of 600 pages",)
    assert own_files()["manifest.json"]["truncated"] == [["movie/popular", "500 of 600 pages"]]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b' \n{"n": 1.0000000000000000000000001, "big": 123456789012345678901234567890}\r\n\t',
        b'{"esc":"\\u00e9\\/\\ud83c\\udfac","raw":"\xc3\xa9\xf0\x9f\x8e\xac"}',
        b'"\\ud800"',
        b'{"line":"\xe2\x80\xa8","nul":"\\u0000"}',
        b"-0.0e+00",
        b"[" * 400 + b"]" * 400,
        b'{"x":"' + b"y" * 3_000_000 + b'"}',
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("where", ["memory", "disk"])
def test_any_body_lands_byte_for_byte(job: JobMaker, lake: Any, tmp_path: Any, body: bytes, where: str) -> None:
    from ingest_core.lake import DiskLake

    chosen: Any = lake if where == "memory" else DiskLake(tmp_path)
    report = run(job(one_slice, yielding(Record("thing", 1, body)), lake=chosen))
    assert report.status is Status.DONE
    assert chosen.get(f"{RAW}/1.json").body == body
    assert report.counts.bytes == len(body)
