"""One id in a lake: its record whatever the layout, or what became of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ingest_core import Context, Missing, Record, Rejected, Slice, TransientError
from ingest_core.model import Batch
from ingest_core.run import Job, replay, run
from ingest_core.state import History
from ingest_core.upkeep import DamagedError, find, read_record

JobMaker = Callable[..., Job]
LAYOUTS = [None, Batch(), Batch(records=2), Batch(array=True), Batch(gzip=True), Batch(2, array=True, gzip=True)]
# An array record makes JSON Lines begin as an array does; the others are ids that no file name can have.
BODIES = {
    "1": b'{\n  "id": 1,\n  "a": "x y"\n}',
    "../../etc/passwd": b"[1, 2]",
    "a\nb\x1b[31m": b'"text"',
    "\U0001f3ac '\"; --": b'{"n": 1.10}',
    "5": b"[]",
}


def plan(ctx: Context) -> Iterator[Slice]:
    yield Slice("a")


def yielding(*items: Any) -> Callable[..., Iterator[Any]]:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item

    return fetch


@pytest.fixture
def look(lake: Any) -> Callable[..., Any]:
    history = History(lake, "Things", "things")
    return lambda id, day=None, stream="": find(history, lake, id, day, stream)


def day(number: int) -> dt.date:
    return dt.date(2026, 11, number)


@pytest.mark.parametrize("batch", LAYOUTS, ids=str)
def test_a_record_is_found_whatever_its_id_and_the_layout(
    job: JobMaker, lake: Any, look: Any, batch: Batch | None
) -> None:
    run(job(plan, yielding(*(Record("thing", id, body) for id, body in BODIES.items())), batch=batch))
    for number, (id, body) in enumerate(BODIES.items()):
        (seen,) = look(id)
        read = read_record(lake, seen)
        assert (seen.kind, seen.stream, seen.slice, seen.is_committed) == ("record", "thing", "a", True)
        if batch is None:
            assert (read, seen.line) == (body, None)
        else:
            assert json.loads(read) == json.loads(body)
            assert seen.line == number % batch.records + 1
            assert b"\n" not in read


@pytest.mark.parametrize("batch", [None, Batch()], ids=str)
@pytest.mark.parametrize("harm", ["gone", "altered"])
def test_a_record_that_is_not_what_landed_is_not_given_out(
    job: JobMaker, lake: Any, look: Any, batch: Batch | None, harm: str
) -> None:
    run(job(plan, yielding(Record("thing", 1, b'{"id":1}')), batch=batch))
    (seen,) = look("1")
    if harm == "gone":
        lake.delete(seen.landed.key)
    else:
        lake.put(seen.landed.key, b'{"id":2}\n')
    with pytest.raises(DamagedError, match=seen.landed.key):
        read_record(lake, seen)


def test_the_newest_day_that_has_the_record_counts_and_later_ones_are_told(job: JobMaker, look: Any) -> None:
    run(job(plan, yielding(Record("thing", 1, b"{}")), date=day(20)))
    run(job(plan, yielding(Record("thing", 1, b"[]")), date=day(21)))
    run(job(plan, yielding(Missing("thing", 1, "404")), date=day(22)))
    run(job(plan, yielding(Rejected("thing", 1, "malformed", b"<")), date=day(23)))
    assert [(seen.date.day, seen.kind) for seen in look("1")] == [(23, "rejected"), (22, "missing"), (21, "record")]
    assert [(seen.date.day, seen.kind) for seen in look("1", day(20))] == [(20, "record")]
    rejected = look("1", day(23))[0]
    assert (rejected.reason, rejected.quarantine) == (
        "malformed", "_ingest/Things/things/2026-11-23/g1/quarantine/a/1-0.json"
    )  # fmt: skip
    assert look("2") == look("1", day(1)) == []


def test_each_stream_that_has_the_id_is_told(job: JobMaker, look: Any) -> None:
    items = [Record("movie", 11, b"{}"), Record("tv", 11, b"{}"), Missing("person", 11, "404")]
    run(job(plan, yielding(*items), streams=("movie", "tv", "person")))
    assert [(seen.stream, seen.kind) for seen in look("11")] == [
        ("movie", "record"), ("person", "missing"), ("tv", "record")
    ]  # fmt: skip
    assert [seen.stream for seen in look("11", stream="tv")] == ["tv"]


def test_a_record_that_a_replay_brought_is_not_rejected_any_more(job: JobMaker, look: Any) -> None:
    first = job(plan, yielding(Rejected("thing", 1, "malformed"), Record("thing", 2, b"{}")))
    run(first)
    assert look("1")[0].kind == "rejected"
    replay(replace(first, source=replace(first.source, fetch=yielding(Record("thing", 1, b'{"now":1}')))))
    assert look("1")[0].kind == "record"


def test_what_is_not_committed_is_marked(job: JobMaker, look: Any) -> None:
    def two(ctx: Context) -> Iterator[Slice]:
        yield from (Slice("a"), Slice("b"))

    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        if slice.name == "b":
            raise TransientError("503")
        yield Record("thing", 1, b"{}")

    run(job(two, fetch))
    assert [(seen.kind, seen.is_committed, seen.run) for seen in look("1")] == [
        ("record", False, "things/2026-11-23/g1")
    ]
    run(job(plan, yielding(Record("thing", 3, b"{}")), date=day(24), limit=1))
    assert look("3")[0].run == "things/2026-11-24/trial-1"


def test_a_conflict_is_told(job: JobMaker, lake: Any, look: Any) -> None:
    lake.put("Raw/Things/JSON/2026/11/23/1.json", b"somebody else's")
    run(job(plan, yielding(Record("thing", 1, b"{}"))))
    assert [(seen.kind, seen.landed.key) for seen in look("1")] == [("conflict", "Raw/Things/JSON/2026/11/23/1.json")]
