"""How the run of each day stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from ingest_core import Context, Record, Slice, TransientError
from ingest_core.api import Redactor
from ingest_core.run import Job, abandon, keep_account, run
from ingest_core.upkeep import lines

JobMaker = Callable[..., Job]


def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
    yield Record("thing", 1, b"{}")


def down(ctx: Context, slice: Slice) -> Iterator[Record]:
    raise TransientError("503")
    yield


def one(ctx: Context) -> list[Slice]:
    return [Slice("a")]


def day(number: int) -> dt.date:
    return dt.date(2026, 11, number)


def standings(lake: Any) -> dict[int, str]:
    return {line.date.day: line.standing for line in lines(lake, "Things", "things", 31)}


def test_every_way_a_day_can_stand(job: JobMaker, lake: Any) -> None:
    run(job(one, fetch, date=day(20)))
    run(job(one, fetch, date=day(19), limit=1))
    run(job(one, fetch, date=day(18)))
    abandon(job(one, fetch, date=day(18)))
    run(job(one, down, date=day(21)))
    assert standings(lake) == {21: "unfinished", 20: "done", 19: "trial", 18: "given up"}
    newest, *_ = lines(lake, "Things", "things", 1)
    assert (newest.date, newest.totals, newest.manifest) == (day(21), {}, None)


def test_a_run_that_lives_is_running_and_one_that_died_is_interrupted(
    job: JobMaker, lake: Any, leased_lake: Any
) -> None:
    seen: list[dict[int, str]] = []

    def look(ctx: Context, slice: Slice) -> Iterator[Record]:
        seen.append({**standings(lake), **standings(leased_lake)})
        raise KeyboardInterrupt
        yield

    for chosen in (lake, leased_lake):
        run(job(one, look, lake=chosen))
    assert seen == [{23: "running"}] * 2
    state = leased_lake.get("_ingest/Things/things/2026-11-23/state.json")
    dead = state.body.replace(b'"phase":"open"', b'"phase":"running"')
    for chosen in (lake, leased_lake):
        chosen.put("_ingest/Things/things/2026-11-23/state.json", dead)
    leased_lake.age = 100.0
    assert standings(lake) == standings(leased_lake) == {23: "interrupted"}


def test_an_unfinished_refresh_stands_beside_what_is_committed_each_with_its_own_numbers(
    job: JobMaker, lake: Any
) -> None:
    def half(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("thing", slice.name, b"{}")
        if slice.name == "c":
            raise TransientError("503")

    def plan(ctx: Context) -> list[Slice]:
        return [Slice("a"), Slice("b"), Slice("c")]

    run(job(plan, lambda ctx, slice: [Record("thing", slice.name, b"{}")]))
    report = run(job(plan, half, refresh=True))
    keep_account(lake, report, dt.datetime(2026, 11, 23, 7, tzinfo=dt.UTC), Redactor())

    refresh, committed = lines(lake, "Things", "things", 5)
    assert (refresh.run, refresh.standing, refresh.manifest) == ("things/2026-11-23/g2", "unfinished", None)
    assert (refresh.finished, refresh.totals["records"]) == (None, 2)
    assert (committed.run, committed.standing, committed.totals["records"]) == ("things/2026-11-23/g1", "done", 3)
    assert committed.manifest == "_ingest/Things/things/2026-11-23/g1/manifest.json"


def test_the_numbers_are_those_of_the_newest_generation(job: JobMaker, lake: Any) -> None:
    run(job(one, fetch))
    run(job(one, fetch, refresh=True))
    (line,) = lines(lake, "Things", "things", 5)
    assert (line.run, line.totals["records"], line.standing) == ("things/2026-11-23/g2", 1, "done")
    assert line.manifest == "_ingest/Things/things/2026-11-23/g2/manifest.json"
