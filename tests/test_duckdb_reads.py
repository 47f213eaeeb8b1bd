"""What comes after: DuckDB reads the *folder*, as Spark and Athena do, and finds each id once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest_core import Context, Record, Ref, Slice, TransientError
from ingest_core.lake import DiskLake
from ingest_core.model import Batch, Status
from ingest_core.run import Job, run

JobMaker = Callable[..., Job]


def plan(ctx: Context) -> Iterator[Ref]:
    return (Ref("movie", id) for id in range(1, 251))


def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
    for id in slice.ids:
        yield Record("movie", id, b'{\n  "id": %s,\n  "title": "N\xc2\xba %s"\n}' % (id.encode(), id.encode()))


def ids_in(folder: Path) -> list[tuple[Any, ...]]:
    files = f"{folder}/Raw/Things/JSON/2026/11/23/*"
    return duckdb.sql(f"SELECT count(*), count(DISTINCT id), min(id), max(id) FROM read_json('{files}')").fetchall()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, Batch()),
        (Batch(), None),
        (Batch(), Batch(30)),
        (Batch(), Batch(gzip=True)),
        (Batch(gzip=True), Batch(9, array=True)),
    ],
    ids=["to files", "to objects", "other", "packed", "arrays"],
)
def test_after_a_refresh_with_another_layout_the_folder_has_each_id_once(
    job: JobMaker, tmp_path: Path, before: Batch | None, after: Batch | None
) -> None:
    lake = DiskLake(tmp_path)
    run(job(plan, fetch, lake=lake, batch=before))
    assert ids_in(tmp_path) == [(250, 250, 1, 250)]
    assert run(job(plan, fetch, lake=lake, batch=after)).run == "things/2026-11-23/g2"
    assert ids_in(tmp_path) == [(250, 250, 1, 250)]


def test_so_it_has_after_a_run_that_was_interrupted_and_resumed(job: JobMaker, tmp_path: Path) -> None:
    lake, down = DiskLake(tmp_path), [True]

    def failing(ctx: Context, slice: Slice) -> Iterator[Record]:
        for number, record in enumerate(fetch(ctx, slice)):
            if down[0] and number > 60:
                raise TransientError("503")
            yield record

    assert run(job(plan, failing, lake=lake, batch=Batch(30))).status is Status.PARTIAL
    down[0] = False
    assert run(job(plan, failing, lake=lake, batch=Batch(30))).status is Status.DONE
    assert ids_in(tmp_path) == [(250, 250, 1, 250)]
