"""What may go of old control files, and what never does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from ingest_core import Checkpoint, Context, Record, Slice, TransientError
from ingest_core.run import Job, run
from ingest_core.state import History
from ingest_core.upkeep import lifecycle_rules, prunable, prune

JobMaker = Callable[..., Job]
TODAY = dt.date(2026, 11, 23)


def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
    yield Checkpoint("since", ctx.date.isoformat())
    yield Record("thing", ctx.date.day, b"{}")


def down(ctx: Context, slice: Slice) -> Iterator[Record]:
    raise TransientError("503")
    yield


def one(ctx: Context) -> list[Slice]:
    return [Slice("a")]


def day(number: int) -> dt.date:
    return dt.date(2026, 11, number)


def names(lake: Any, of: dt.date) -> list[str]:
    top = f"_ingest/Things/things/{of}/"
    return [entry.key.removeprefix(top) for entry in lake.entries(top)]


def test_done_days_that_are_old_enough_may_go_but_not_the_newest_committed_one(job: JobMaker, lake: Any) -> None:
    for number in (1, 2, 3):
        run(job(one, fetch, date=day(number)))
    assert [found.date for found in prunable(lake, "Things", "things", day(3))] == [day(2), day(1)]
    assert [found.date for found in prunable(lake, "Things", "things", day(23))] == [day(2), day(1)]
    assert [found.date for found in prunable(lake, "Things", "things", day(2))] == [day(1)]


def test_an_unfinished_run_is_left_alone(job: JobMaker, lake: Any) -> None:
    run(job(one, down, date=day(1)))
    run(job(one, fetch, date=day(2), refresh=True))
    run(job(one, fetch, date=day(3), refresh=True))
    assert [found.date for found in prunable(lake, "Things", "things", TODAY)] == [day(2)]


def test_what_stays_says_that_the_day_is_done_and_holds_the_checkpoint(job: JobMaker, lake: Any) -> None:
    run(job(one, fetch, date=day(1)))
    run(job(one, fetch, date=day(1), refresh=True))
    run(job(one, fetch, date=day(2)))
    before = [entry.key for entry in lake.entries("Raw/")]
    removed: list[None] = []
    prune(lake, "Things", "things", day(1), lambda: removed.append(None))
    assert names(lake, day(1)) == ["g1/manifest.json", "g2/manifest.json", "state.json"]
    assert len(removed) == 6
    assert [entry.key for entry in lake.entries("Raw/")] == before
    assert History(lake, "Things", "things").checkpoint_before(day(2)) == {"since": "2026-11-01"}
    assert run(job(one, fetch, date=day(1))).already_done
    assert prunable(lake, "Things", "things", TODAY) == []


def test_the_rule_for_s3_is_below_the_lake_s_own_prefix() -> None:
    (rule,) = lifecycle_rules("team/lake/", 400)["Rules"]
    assert (rule["Filter"], rule["Expiration"]) == ({"Prefix": "team/lake/_ingest/"}, {"Days": 400})
    assert lifecycle_rules("", 400)["Rules"][0]["Filter"] == {"Prefix": "_ingest/"}
