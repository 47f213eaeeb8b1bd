"""A date that is landed anew: what it had makes room, what is not there any more is removed, nothing lies twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest_core import Context, CredentialsError, Record, Slice
from ingest_core.lake import DiskLake
from ingest_core.model import Batch, Status
from ingest_core.run import Job, abandon, run

JobMaker = Callable[..., Job]
Bodies = Callable[[], dict[str, bytes]]
RAW = "Raw/Things/JSON/2026/11/23"
PLAIN = "things/2026-11-23"


@pytest.fixture(params=["memory", "disk", "leased"])
def any_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """One that keeps metadata, one that keeps none, and one whose claims are leases."""
    if request.param == "disk":
        return DiskLake(tmp_path)
    return request.getfixturevalue("lake" if request.param == "memory" else "leased_lake")


def bodies(lake: Any, prefix: str = "Raw/") -> dict[str, bytes]:
    found = ((entry.key, lake.get(entry.key)) for entry in lake.entries(prefix))
    return {key.removeprefix(f"{RAW}/"): stored.body for key, stored in found}


def landing(version: int, ids: Any) -> Any:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("thing", id, b'{"id": %d, "v": %d}' % (id, version)) for id in ids)

    return fetch


def one(ctx: Context) -> list[Slice]:
    return [Slice("a")]


def test_a_refresh_replaces_removes_and_adds(job: JobMaker, any_lake: Any) -> None:
    run(job(one, landing(1, range(5)), lake=any_lake))
    report = run(job(one, landing(2, range(2, 8)), lake=any_lake, refresh=True))
    assert (report.status, report.run, report.counts.conflicts) == (Status.DONE, f"{PLAIN}/g2", 0)
    assert bodies(any_lake) == {f"{id}.json": b'{"id": %d, "v": 2}' % id for id in range(2, 8)}


def test_what_is_the_same_in_both_stays_as_it_is(job: JobMaker, any_lake: Any) -> None:
    run(job(one, landing(1, range(5)), lake=any_lake))
    report = run(job(one, landing(1, range(5)), lake=any_lake, refresh=True))
    assert (report.counts.records, report.counts.written) == (5, 0)
    assert len(bodies(any_lake)) == 5
    third = run(job(one, landing(1, range(3)), lake=any_lake, refresh=True))
    assert third.run == f"{PLAIN}/g3"
    assert sorted(bodies(any_lake)) == ["0.json", "1.json", "2.json"]


@pytest.mark.parametrize(("before", "after"), [(None, Batch(3)), (Batch(3), None), (Batch(3), Batch(2))], ids=str)
def test_another_layout_is_a_new_generation_and_leaves_each_record_once(
    job: JobMaker, any_lake: Any, before: Batch | None, after: Batch | None
) -> None:
    run(job(one, landing(1, range(7)), lake=any_lake, batch=before))
    report = run(job(one, landing(1, range(7)), lake=any_lake, batch=after))
    assert (report.status, report.run) == (Status.DONE, f"{PLAIN}/g2")
    lines = [line for body in bodies(any_lake).values() for line in body.splitlines()]
    assert sorted(lines) == sorted((b'{"id":%d,"v":1}' if after else b'{"id": %d, "v": 1}') % id for id in range(7))
    if after:
        assert all(name.endswith("-g2.json") for name in bodies(any_lake))


def test_another_specification_moves_the_records(job: JobMaker, any_lake: Any) -> None:
    run(job(one, landing(1, range(3)), lake=any_lake))
    run(job(one, landing(1, range(3)), lake=any_lake, specification={"*": "Movies"}))
    assert sorted(bodies(any_lake)) == [f"Raw/Things/JSON/Movies/2026/11/23/{id}.json" for id in range(3)]


def test_a_stranger_s_document_survives_a_new_generation(job: JobMaker, any_lake: Any) -> None:
    any_lake.put_if_absent(f"{RAW}/3.json", b'{"of": "another"}', {"ingest-run": "other/2026-11-23/g1"})
    run(job(one, landing(1, range(5)), lake=any_lake))
    report = run(job(one, landing(2, range(2)), lake=any_lake, refresh=True))
    assert report.status is Status.DONE
    assert bodies(any_lake) == {
        "0.json": b'{"id": 0, "v": 2}',
        "1.json": b'{"id": 1, "v": 2}',
        "3.json": b'{"of": "another"}',
    }


def test_until_the_new_generation_is_committed_nothing_is_removed(job: JobMaker, any_lake: Any) -> None:
    run(job(one, landing(1, range(5)), lake=any_lake))

    def broken(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from landing(2, range(2))(ctx, slice)
        raise ValueError("a bug")

    assert run(job(one, broken, lake=any_lake, refresh=True)).status is Status.FAILED
    assert len(bodies(any_lake)) == 5
    report = run(job(one, landing(2, range(2)), lake=any_lake))
    assert (report.status, report.run) == (Status.DONE, f"{PLAIN}/g2")
    assert len(bodies(any_lake)) == 2


def test_a_generation_that_was_given_up_leaves_nothing_behind(job: JobMaker, any_lake: Any) -> None:
    def broken(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from landing(1, range(150))(ctx, slice)  # past a chunk, so that some have landed
        raise ValueError("a bug")

    run(job(one, broken, lake=any_lake))
    assert bodies(any_lake)
    run(job(one, landing(2, range(3)), lake=any_lake, refresh=True))
    assert bodies(any_lake) == {f"{id}.json": b'{"id": %d, "v": 2}' % id for id in range(3)}


def test_a_commit_whose_removal_was_cut_short_is_finished_by_the_next_run(job: JobMaker, lake: Any) -> None:
    run(job(one, landing(1, range(5))))
    delete, lake.delete = lake.delete, _dying
    with pytest.raises(Dead):
        run(job(one, landing(2, range(2)), refresh=True))
    lake.delete = delete
    lake.drop_holds()

    def never(*_: object) -> list[Any]:
        raise AssertionError("everything has landed")

    report = run(job(never, never))
    assert (report.status, report.run, report.counts.records) == (Status.DONE, f"{PLAIN}/g2", 2)
    assert sorted(bodies(lake)) == ["0.json", "1.json"]


def test_a_stream_that_is_renamed_keeps_its_records(job: JobMaker, any_lake: Any) -> None:
    def renamed(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield from (Record("item", record.id, record.body) for record in landing(1, range(5))(ctx, slice))

    run(job(one, landing(1, range(5)), lake=any_lake))
    report = run(job(one, renamed, lake=any_lake, refresh=True))
    assert (report.counts.records, len(bodies(any_lake))) == (5, 5)


def test_what_another_config_has_committed_is_not_removed(job: JobMaker, any_lake: Any) -> None:
    other = replace(job(one, landing(1, range(3, 7)), lake=any_lake), config="others")
    run(job(one, landing(1, range(5)), lake=any_lake))
    assert run(other).counts.records == 4  # two of them were there, with the same bytes
    run(job(one, landing(1, range(2)), lake=any_lake, refresh=True))
    assert sorted(bodies(any_lake)) == [f"{id}.json" for id in (0, 1, 3, 4, 5, 6)]
    run(replace(other, refresh=True))
    assert sorted(bodies(any_lake)) == [f"{id}.json" for id in (0, 1, 3, 4, 5, 6)]


def test_a_role_without_the_right_to_remove_leaves_and_says_so(job: JobMaker, lake: Any) -> None:
    def refusing(key: str) -> None:
        raise CredentialsError(f"DeleteObject {key}: access denied", hint="s3:DeleteObject")

    run(job(one, landing(1, range(5))))
    lake.delete = refusing
    report = run(job(one, landing(2, range(2)), refresh=True))
    assert (report.status, len(bodies(lake))) == (Status.DONE, 5)
    assert report.problems[0].startswith("3 objects of an earlier run of this date could not be removed: DeleteObject")
    assert run(job(one, landing(2, range(2)))).already_done


class Dead(BaseException):
    """The process died here."""


def _dying(key: str) -> None:
    raise Dead


def test_a_trial_is_superseded_by_the_run_and_the_run_is_the_first_generation(job: JobMaker, any_lake: Any) -> None:
    trial = run(job(one, landing(1, range(10)), lake=any_lake, limit=4))
    assert (trial.status, trial.run, trial.manifest) == (Status.DONE, f"{PLAIN}/trial-1", None)
    report = run(job(one, landing(2, range(2, 8)), lake=any_lake))
    assert (report.status, report.run, report.counts.conflicts) == (Status.DONE, f"{PLAIN}/g1", 0)
    assert bodies(any_lake) == {f"{id}.json": b'{"id": %d, "v": 2}' % id for id in range(2, 8)}


def test_a_second_trial_lands_what_it_is_asked_for(job: JobMaker, any_lake: Any) -> None:
    run(job(one, landing(1, range(10)), lake=any_lake, limit=2))
    second = run(job(one, landing(2, range(5, 10)), lake=any_lake, limit=4))
    assert (second.run, second.counts.records, second.counts.conflicts) == (f"{PLAIN}/trial-2", 4, 0)
    run(job(one, landing(3, range(1)), lake=any_lake))
    assert sorted(bodies(any_lake)) == ["0.json"]


def test_a_trial_shows_what_the_api_says_now(job: JobMaker, any_lake: Any) -> None:
    run(job(one, landing(1, range(3)), lake=any_lake, limit=3))
    run(job(lambda ctx: [Slice("b"), Slice("a")], landing(2, range(3)), lake=any_lake, limit=3))
    assert bodies(any_lake) == {f"{id}.json": b'{"id": %d, "v": 2}' % id for id in range(3)}


def test_a_trial_after_a_run_was_given_up_lands(job: JobMaker, any_lake: Any) -> None:
    run(job(one, landing(1, range(3)), lake=any_lake))
    assert abandon(job(one, landing(1, range(3)), lake=any_lake))
    trial = run(job(one, landing(2, range(3)), lake=any_lake, limit=2))
    assert (trial.status, trial.counts.records, trial.counts.conflicts) == (Status.DONE, 2, 0)
    report = run(job(one, landing(3, range(1)), lake=any_lake))
    assert (report.run, bodies(any_lake)) == (f"{PLAIN}/g2", {"0.json": b'{"id": 0, "v": 3}'})


def test_a_trial_never_touches_what_a_run_has_done(job: JobMaker, lake: Any) -> None:
    run(job(one, landing(1, range(3))))
    report = run(job(one, landing(2, range(3)), limit=2, specification={"*": "Else"}))
    assert report.already_done
    assert set(bodies(lake).values()) == {b'{"id": %d, "v": 1}' % id for id in range(3)}


def test_a_trial_beside_an_unfinished_run_is_refused_with_what_to_do(job: JobMaker, lake: Any) -> None:
    def broken(ctx: Context, slice: Slice) -> Iterator[Record]:
        raise ValueError("a bug")
        yield

    run(job(one, broken))
    report = run(job(one, landing(1, range(3)), limit=2))
    assert (report.status, report.exit_code) == (Status.FAILED, 2)
    assert report.error is not None
    assert "--dry-run" in report.error.hint
    assert bodies(lake) == {}


def test_a_refresh_leaves_unfinished_runs_of_other_dates_alone(job: JobMaker, lake: Any) -> None:
    def broken(ctx: Context, slice: Slice) -> Iterator[Record]:
        raise ValueError("a bug")
        yield

    run(job(one, broken, date=dt.date(2026, 11, 22)))
    report = run(job(one, landing(1, range(3)), refresh=True))
    assert (report.status, report.date) == (Status.DONE, dt.date(2026, 11, 23))
    state = lake.get("_ingest/Things/things/2026-11-22/state.json")
    assert b'"phase":"open"' in state.body
