"""Files of many records: within their bounds, each record once, whatever a crash left."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_core import Context, Record, Ref, Slice
from ingest_core.keys import ControlKeys, RecordKeys
from ingest_core.model import Batch, FailureBudget, Status
from ingest_core.run import Job, run
from ingest_core.sink import Line, Sink, Stamp
from ingest_core.state import FORMAT, BatchFile, Intent, RunStore
from ingest_core.upkeep.verification import Subject, verify

JobMaker = Callable[..., Job]
Files = Callable[..., dict[str, Any]]
Bodies = Callable[[], dict[str, bytes]]
RAW = "Raw/Things/JSON/2026/11/23"


def one(ctx: Context) -> list[Slice]:
    return [Slice("list.p1")]


def rows(count: int, body: bytes = b'{ "id" : 7 }') -> Any:
    return lambda ctx, slice: (Record("thing", id, body) for id in range(count))


def lines(records: dict[str, bytes]) -> dict[str, int]:
    return {key.removeprefix(f"{RAW}/"): len(body.splitlines()) for key, body in records.items()}


def test_files_are_named_after_their_slice_and_hold_so_many_records(job: JobMaker, records: Bodies) -> None:
    report = run(job(one, rows(250), batch=Batch()))
    assert (report.status, report.counts.records) == (Status.DONE, 250)
    assert lines(records()) == {"list_p1-000.json": 100, "list_p1-001.json": 100, "list_p1-002.json": 50}
    assert set(b"".join(records().values()).splitlines()) == {b'{"id":7}'}


def test_a_file_is_never_larger_than_it_may_be(job: JobMaker, records: Bodies) -> None:
    run(job(one, rows(10, b'"%s"' % (b"x" * 998)), batch=Batch(100, 3003)))
    assert sorted(map(len, records().values())) == [1001, 3003, 3003, 3003]


def test_a_record_that_no_file_can_hold_is_rejected_with_its_size(job: JobMaker, records: Bodies) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("thing", 1, b'"%s"' % (b"x" * 998))
        yield Record("thing", 2, b'{"spacious": ' + b" " * 2000 + b"2}")

    report = run(job(one, fetch, batch=Batch(100, 1000), max_failed=FailureBudget(1)))
    assert (report.counts.records, report.counts.rejected) == (1, 1)
    assert "too large: 1,000 bytes" in report.problems[0]
    assert list(records().values()) == [b'{"spacious":2}\n']


def test_white_space_goes_and_nothing_else_and_both_digests_are_kept(
    job: JobMaker, records: Bodies, own_files: Files
) -> None:
    body = b'{\r\n  "n": 1.50e+3,\t"s": " a\\u00e9 \xc3\xa9 ",\n "big": 123456789012345678901234567890 }\n'
    run(job(one, rows(1, body), batch=Batch()))
    line = b'{"n":1.50e+3,"s":" a\\u00e9 \xc3\xa9 ","big":123456789012345678901234567890}'
    assert list(records().values()) == [line + b"\n"]
    part = own_files()["parts/list.p1.json"]
    (landed,), (file,) = part["records"], part["files"]
    assert landed["sha256"] == hashlib.sha256(body).hexdigest()
    assert landed["line"] == hashlib.sha256(line).hexdigest()
    assert file == {"key": f"{RAW}/list_p1-000.json", "sha256": hashlib.sha256(line + b"\n").hexdigest(), "bytes": 70}


def test_streams_never_share_a_file(job: JobMaker, records: Bodies) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        for id in range(5):
            yield Record("movie", id, b'{"of":"movie"}')
            yield Record("tv", id, b'{"of":"tv"}')

    run(job(one, fetch, batch=Batch(3), streams=("movie", "tv")))
    found = {key.removeprefix(f"{RAW}/"): {json.loads(line)["of"] for line in body.splitlines()}
             for key, body in records().items()}  # fmt: skip
    assert all(len(of) == 1 and name.startswith(of.pop()) for name, of in found.items())
    assert len(found) == 4


def test_pinned_ids_make_one_file_a_slice(job: JobMaker, records: Bodies) -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", id, b"{}") for id in slice.ids)

    run(job(lambda ctx: (Ref("thing", id) for id in range(150)), fetch, batch=Batch()))
    assert lines(records()) == {"r0-thing-00000-000.json": 100, "r0-thing-00001-000.json": 50}


def test_an_id_that_two_slices_name_lies_in_one_file(job: JobMaker, records: Bodies) -> None:
    report = run(job(lambda ctx: [Slice("a"), Slice("b"), Slice("c")], rows(20), batch=Batch(7)))
    assert (report.counts.records, report.counts.repeated) == (20, 40)
    assert sum(lines(records()).values()) == 20


def test_a_name_that_somebody_else_has_is_left_alone_and_the_next_is_taken(job: JobMaker, lake: Any) -> None:
    lake.put_if_absent(f"{RAW}/list_p1-000.json", b'{"of":"another"}\n', {"ingest-run": "other/2026-11-23/g1"})
    report = run(job(one, rows(5), batch=Batch()))
    assert (report.status, report.counts.records, report.counts.conflicts) == (Status.DONE, 5, 0)
    assert lake.get(f"{RAW}/list_p1-000.json").body == b'{"of":"another"}\n'
    assert len(lake.get(f"{RAW}/list_p1-001.json").body.splitlines()) == 5


def test_a_record_at_hand_is_not_landed_again_where_a_file_with_it_comes_to_light(
    job: JobMaker, lake: Any, records: Bodies
) -> None:
    """Another worker at the same slice filled the first file with other records than we are about to."""
    day, body, batch = dt.date(2026, 11, 23), b'"%s"' % (b"x" * 998), Batch(100, 3003)

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        for id in range(1, 6):
            if id == 4:
                sink = Sink(lake, RecordKeys("Things", day), Stamp("things", "things/2026-11-23/g1", 1, 1))
                theirs = sink.batch([Line(Record("thing", 4, body), "4", body)], slice.name, 0, batch)
                file = BatchFile(theirs.key, theirs.sha256, len(theirs.body))
                store = RunStore(lake, ControlKeys("Things", "things", day), 1, worker="0af1")
                store.write_intent(0, Intent(FORMAT, slice.name, 1, theirs.records, (file,)))
                sink.put(theirs, slice.name)
            yield Record("thing", id, body)

    report = run(job(one, fetch, batch=batch))
    assert (report.status, report.counts.records) == (Status.DONE, 5)
    assert sum(lines(records()).values()) == 5


@pytest.mark.parametrize("after", range(1, 14))
def test_wherever_it_dies_a_resume_keeps_whole_files_and_strikes_their_ids(
    job: JobMaker, die: Any, records: Bodies, own_files: Files, after: int
) -> None:
    die.after_puts(after)
    die(job(one, rows(40), batch=Batch(10)))
    before = records()

    def shifted(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", id, b'{"later":true}') for id in range(5, 45))

    report = run(job(one, shifted, batch=Batch(10)))
    assert report.status is Status.DONE
    assert {key: records()[key] for key in before} == before
    part = own_files()["parts/list.p1.json"]
    ids = [landed["id"] for landed in part["records"]]
    assert len(ids) == len(set(ids)) == sum(lines(records()).values())
    if after < 11:  # later than that the part was written, and the slice is closed
        assert {str(id) for id in range(5, 45)} <= set(ids)
    assert {file["key"] for file in part["files"]} == set(records())
    assert all(count <= 10 for count in lines(records()).values())


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("array", [False, True], ids=["lines", "array"])
def test_files_are_lines_or_arrays_packed_or_not_and_within_their_bounds(
    job: JobMaker, records: Bodies, own_files: Files, array: bool, packed: bool
) -> None:
    bodies = [b'{"id": %d, "text": "%s"}' % (id, b"\xc3\xa9" * (id % 40)) for id in range(50)]

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", id, body) for id, body in enumerate(bodies))

    batch = Batch(20, 1000, array, packed)
    assert run(job(one, fetch, batch=batch)).counts.records == 50
    found = records()
    assert {key.partition(".")[2] for key in found} == {"json.gz" if packed else "json"}
    plain = [gzip.decompress(body) if packed else body for body in found.values()]
    assert max(map(len, plain)) <= 1000
    parsed = [json.loads(body) if array else [json.loads(line) for line in body.splitlines()] for body in plain]
    assert max(map(len, parsed)) <= 20
    assert [document for several in parsed for document in several] == [json.loads(body) for body in bodies]
    for file in own_files()["parts/list.p1.json"]["files"]:
        assert file["sha256"] == hashlib.sha256(found[file["key"]]).hexdigest()
        assert file["bytes"] == len(found[file["key"]])


@pytest.mark.parametrize("array", [False, True], ids=["lines", "array"])
def test_a_record_that_just_fits_a_file_lands_and_one_byte_more_does_not(
    job: JobMaker, records: Bodies, array: bool
) -> None:
    whole = 1000 - (3 if array else 1)

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("thing", 1, b'"%s"' % (b"x" * (whole - 2)))
        yield Record("thing", 2, b'"%s"' % (b"x" * (whole - 1)))

    report = run(job(one, fetch, batch=Batch(100, 1000, array), max_failed=FailureBudget(1)))
    assert (report.counts.records, report.counts.rejected) == (1, 1)
    assert [len(body) for body in records().values()] == [1000]


def test_packed_files_are_resumed_replaced_and_verified_as_others_are(job: JobMaker, die: Any, lake: Any) -> None:
    die.after_puts(6)
    die(job(one, rows(40), batch=Batch(10, gzip=True)))
    assert run(job(one, rows(40), batch=Batch(10, gzip=True))).counts.records == 40
    subject = Subject(lake, "Things", "things", dt.date(2026, 11, 23), RecordKeys("Things", dt.date(2026, 11, 23)))
    assert verify(subject).wrong == ()
    assert run(job(one, rows(40), batch=Batch(10, array=True))).run == "things/2026-11-23/g2"
    assert [entry.key.rpartition(".")[2] for entry in lake.entries("Raw/")] == ["json"] * 4
    assert verify(subject).wrong == ()
