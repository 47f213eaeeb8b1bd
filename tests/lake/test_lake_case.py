"""A disk that does not tell `a` from `A`, as macOS and Windows have it: two ids never share a file.

INGEST_TEST_FOLDING_DISK names a folder on a real one, to be tried as well.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest_core.errors import CaseFoldedError
from ingest_core.keys import RecordKeys, hashed_stem
from ingest_core.lake import DiskLake
from ingest_core.model import Batch, Record, Slice, Status
from ingest_core.run import Job, run
from ingest_core.sink import Line, Sink, Stamp

FOLDER = "Raw/Things/JSON/2026/11/23/"
REAL = os.environ.get("INGEST_TEST_FOLDING_DISK", "")
BODIES = {"Abc": b'{"n": 1}', "abc": b'{"n": 2}', "ABC": b'{"n": 3}', "other": b'{"n": 4}'}


class FoldingLake(DiskLake):
    """A key leads to the file that has its name but for case, as such a disk's own look-up does."""

    def _path(self, key: str) -> Path:
        found = self._root
        for part in super()._path(key).relative_to(self._root).parts:
            names = [entry.name for entry in found.iterdir()] if found.is_dir() else []
            found = found / next((name for name in names if name.casefold() == part.casefold()), part)
        return found

    def _does_fold_case(self, there: Path) -> bool:
        return there.exists()


@pytest.fixture(params=["made up", "real"])
def folding(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DiskLake]:
    if request.param == "made up":
        yield FoldingLake(tmp_path)
    elif REAL:
        with tempfile.TemporaryDirectory(dir=REAL) as folder:
            yield DiskLake(Path(folder))
    else:
        pytest.skip("INGEST_TEST_FOLDING_DISK names no folder on a disk that folds case")


def test_another_spelling_of_a_key_is_not_that_key(folding: DiskLake) -> None:
    assert folding.put_if_absent(f"{FOLDER}Abc.json", b"1", {}) is True
    assert folding.put_if_absent(f"{FOLDER}Abc.json", b"2", {}) is False
    with pytest.raises(CaseFoldedError, match="folds case"):
        folding.put_if_absent(f"{FOLDER}abc.json", b"2", {})
    assert folding.get(f"{FOLDER}abc.json") is None
    folding.delete(f"{FOLDER}abc.json")
    stored = folding.get(f"{FOLDER}Abc.json")
    assert stored is not None
    assert stored.body == b"1"


def test_a_disk_that_tells_case_apart_keeps_both(tmp_path: Path) -> None:
    lake = DiskLake(tmp_path)
    if (tmp_path / "A").mkdir() or (tmp_path / "a").exists():
        pytest.skip("this disk folds case itself")
    for name, body in (("Abc", b"1"), ("abc", b"2")):
        assert lake.put_if_absent(f"{FOLDER}{name}.json", body, {}) is True
        assert lake.put_if_absent(f"{FOLDER}{name}.json", b"3", {}) is False
    assert [lake.get(f"{FOLDER}{name}.json").body for name in ("Abc", "abc")] == [b"1", b"2"]  # type: ignore[union-attr]


def each(**ids: list[str]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A plan of slices by name, and what lands the ids of each."""
    return (
        lambda context: [Slice(name.replace("_", "-")) for name in ids],
        lambda context, slice: [Record("thing", id, BODIES[id]) for id in ids[slice.name.replace("-", "_")]],
    )


def landed(lake: DiskLake) -> dict[str, bytes]:
    found = {entry.key.removeprefix(FOLDER): lake.get(entry.key) for entry in lake.entries("Raw/")}
    return {name: stored.body for name, stored in found.items() if stored is not None}


def test_the_second_of_two_ids_that_differ_by_case_takes_its_hashed_name(
    folding: DiskLake, job: Callable[..., Job]
) -> None:
    assert run(job(*each(one=["Abc", "other"]), lake=folding)).status is Status.DONE
    report = run(job(*each(one=["Abc", "other"], two=["abc", "ABC"]), lake=folding, refresh=True))
    assert (report.status, report.counts.records, report.counts.conflicts) == (Status.DONE, 4, 0)
    assert landed(folding) == {
        "Abc.json": BODIES["Abc"],
        "other.json": BODIES["other"],
        f"{hashed_stem('abc')}.json": BODIES["abc"],
        f"{hashed_stem('ABC')}.json": BODIES["ABC"],
    }


def test_a_folder_of_another_spelling_is_another_folder(folding: DiskLake) -> None:
    assert folding.put_if_absent("_ingest/intents/page-A/1-0.json", b"1", {}) is True
    with pytest.raises(CaseFoldedError):
        folding.put_if_absent("_ingest/intents/page-a/1-0.json", b"2", {})
    assert folding.get("_ingest/intents/page-a/1-0.json") is None


def test_files_of_many_records_whose_slices_differ_by_case_alone_are_a_named_error(folding: DiskLake) -> None:
    sink = Sink(folding, RecordKeys("Things", dt.date(2026, 11, 23)), Stamp("things", "things/2026-11-23/g1", 1, 1))
    lines = {id: [Line(Record("thing", id, body), id, body)] for id, body in BODIES.items()}
    assert sink.put(sink.batch(lines["Abc"], "page-A", 0, Batch()), "page-A").outcome == "written"
    with pytest.raises(CaseFoldedError, match="folds case"):
        sink.put(sink.batch(lines["other"], "page-a", 0, Batch()), "page-a")
