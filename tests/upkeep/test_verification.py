"""The lake against its manifest: each thing that is wrong is named, and nothing that is right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest_core import Context, Record, Slice
from ingest_core.errors import StopError
from ingest_core.keys import RecordKeys
from ingest_core.lake import DiskLake
from ingest_core.model import Batch
from ingest_core.run import Job, run
from ingest_core.upkeep import Subject, Verdict, newest_committed, prune, verify

JobMaker = Callable[..., Job]
DAY = dt.date(2026, 11, 23)
RAW = "Raw/Things/JSON/2026/11/23"


def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
    yield from (Record("thing", id, b'{"id": %d}' % id) for id in range(10))


def one(ctx: Context) -> list[Slice]:
    return [Slice("a")]


@pytest.fixture(params=["disk", "memory"])
def any_lake(request: pytest.FixtureRequest, lake: Any, tmp_path: Path) -> Any:
    return DiskLake(tmp_path) if request.param == "disk" else lake


def verdict(lake: Any, *, by_size_alone: bool = False, config: str = "things") -> Verdict:
    keys = RecordKeys("Things", DAY)
    return verify(Subject(lake, "Things", config, DAY, keys), by_size_alone=by_size_alone)


@pytest.mark.parametrize("by_size_alone", [False, True])
@pytest.mark.parametrize("batch", [None, Batch(4)], ids=["record", "batch"])
def test_a_lake_as_the_run_left_it_is_as_the_manifest_says(
    job: JobMaker, any_lake: Any, batch: Batch | None, by_size_alone: bool
) -> None:
    run(job(one, fetch, lake=any_lake, batch=batch))
    found = verdict(any_lake, by_size_alone=by_size_alone)
    assert (found.wrong, found.records, found.objects) == ((), 10, 3 if batch else 10)


def test_what_is_missing_altered_or_extra_is_named(job: JobMaker, any_lake: Any) -> None:
    run(job(one, fetch, lake=any_lake))
    any_lake.delete(f"{RAW}/3.json")
    any_lake.put(f"{RAW}/4.json", b'{"id": 5}')
    any_lake.put(f"{RAW}/5.json", b'{"id": 55}')
    any_lake.put(f"{RAW}/new.json", b"{}")
    kinds = [(one.kind, one.key.rpartition("/")[2]) for one in verdict(any_lake).wrong]
    assert kinds == [("missing", "3.json"), ("altered", "4.json"), ("altered", "5.json"), ("extra", "new.json")]
    seen = [(one.kind, one.key.rpartition("/")[2]) for one in verdict(any_lake, by_size_alone=True).wrong]
    assert seen == [kind for kind in kinds if kind[1] != "4.json"]


def test_records_of_another_config_in_the_same_folder_are_not_extra(job: JobMaker, any_lake: Any) -> None:
    run(job(one, fetch, lake=any_lake))

    def more(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", id, b"{}") for id in range(8, 15))

    # It meets two keys of the first, whose documents it keeps and does not name.
    run(replace(job(one, more, lake=any_lake), config="others"))
    assert verdict(any_lake).wrong == ()
    assert verdict(any_lake, config="others").wrong == ()


def test_what_an_unfinished_run_left_is_extra_until_it_is_finished(job: JobMaker, any_lake: Any) -> None:
    def broken(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", f"new-{id}", b"{}") for id in range(120))
        raise ValueError("a bug")

    run(job(one, fetch, lake=any_lake))
    run(job(one, broken, lake=any_lake, refresh=True))
    assert {one.kind for one in verdict(any_lake).wrong} == {"extra"}
    run(job(one, fetch, lake=any_lake))
    assert verdict(any_lake).wrong == ()


def test_a_day_without_a_commit_cannot_be_verified(lake: Any) -> None:
    assert newest_committed(lake, "Things", "things") is None
    with pytest.raises(StopError, match="no committed run for 2026-11-23"):
        verdict(lake)


def test_a_day_that_was_pruned_says_so(job: JobMaker, any_lake: Any) -> None:
    run(job(one, fetch, lake=any_lake))
    prune(any_lake, "Things", "things", DAY)
    with pytest.raises(StopError, match="0 of the 1 parts"):
        verdict(any_lake)
    assert run(job(one, fetch, lake=any_lake)).already_done
