"""What is read of a lake for a page, how much of it at most, and what it comes to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from made_up import NOW, TODAY, detailed, fill, put_accounts, put_quarantined, put_state

from ingest_core import Context, Record, Rejected, Slice, TransientError
from ingest_core.api import Redactor
from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.model import Batch, FailureBudget
from ingest_core.report import Picture, Subject, current_run, read_picture
from ingest_core.report.calendar import first_day
from ingest_core.report.reading import QUARANTINE_READ, QUARANTINE_SHOWN
from ingest_core.report.samples import PARTS, RECORDS
from ingest_core.run import Job, abandon, keep_account, replay, run
from ingest_core.state import Phase
from ingest_core.testing import MemoryLake

JobMaker = Callable[..., Job]


class CountingLake(MemoryLake):
    """Counts what is asked of it, by the kind of file."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def get(self, key: str) -> Any:
        self.asked["records" if key.startswith("Raw/") else key.rsplit("/", 1)[-1].partition(".")[0]] += 1
        return super().get(key)


def picture(lake: Lake, keys: ControlKeys | None, today: dt.date = TODAY, **more: Any) -> Picture:
    label, config = ("TMDB", "tmdb") if keys is None else (keys.label, keys.config)
    return read_picture(Subject(lake, label, config, config, keys, today, NOW, **more))


def things(lake: Lake, date: dt.date | None = None) -> Any:
    keys = current_run(lake, "Things", "things", date)
    return picture(lake, keys, dt.date(2026, 11, 23)).run


def one(ctx: Context) -> list[Slice]:
    return [Slice("a")]


def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
    yield Record("thing", 1, b"{}")


def down(ctx: Context, slice: Slice) -> Iterator[Record]:
    raise TransientError("503")
    yield


def day(number: int) -> dt.date:
    return dt.date(2026, 11, number)


def test_every_way_a_run_can_stand_is_told(job: JobMaker, lake: Any) -> None:
    run(job(one, fetch, date=day(20)))
    run(job(one, fetch, date=day(20), refresh=True))
    run(job(one, fetch, date=day(19), limit=1))
    run(job(one, fetch, date=day(18)))
    abandon(job(one, fetch, date=day(18)))
    run(job(one, down, date=day(21)))
    assert {number: things(lake, day(number)).standing for number in (18, 19, 20, 21)} == {
        18: "given up",
        19: "trial",
        20: "done",
        21: "unfinished",
    }
    first = ControlKeys.of_run("Things", "things/2026-11-20/g1")
    superseded = picture(lake, first, day(23)).run
    assert superseded is not None
    assert (superseded.run, superseded.standing) == ("things/2026-11-20/g1", "done")  # its manifest stays
    assert current_run(lake, "Things", "things", None) == ControlKeys("Things", "things", day(21))
    assert current_run(lake, "Things", "things", day(22)) is None


def test_the_calendar_has_every_config_and_tells_gaps_from_what_failed() -> None:
    lake = MemoryLake()
    fill(lake, days=60, configs=2)
    today = ControlKeys("TMDB", "tmdb", TODAY)
    put_state(lake, today, Phase.OPEN)
    lake.delete(today.manifest())
    missed = ControlKeys("TMDB", "tmdb", TODAY - dt.timedelta(days=3))
    for key in lake.bodies(missed.day):
        lake.delete(key)
    told = picture(lake, current_run(lake, "TMDB", "tmdb", TODAY)).calendar
    assert [(line.label, line.config) for line in told.lines] == [("TMDB", "tmdb"), ("TMDB", "tmdb_export")]
    assert told.first == dt.date(2025, 12, 1)
    (own, other) = told.lines
    assert own.days[TODAY].standing == "unfinished"
    assert other.days[TODAY].standing == "done"
    assert other.days[TODAY].records > 900_000
    assert missed.date not in own.days
    assert own.began == min(own.days)


def test_the_config_has_the_workers_that_the_run_had(job: JobMaker, lake: Any) -> None:
    keep_account(lake, replace(run(job(one, fetch, date=day(20))), workers=3), NOW, Redactor())
    keys = current_run(lake, "Things", "things", day(20))
    told = picture(lake, keys, day(20), settings=lambda state: {"rate": 5, "workers": 1})
    assert told.settings == {"rate": 5, "workers": 3}


def test_a_committed_day_counts_whatever_was_begun_after_it() -> None:
    lake = MemoryLake()
    fill(lake, days=3, configs=1)
    today, yesterday = (ControlKeys("TMDB", "tmdb", TODAY - dt.timedelta(days=back)) for back in (0, 1))
    put_state(lake, today, Phase.OPEN, generation=2)
    put_state(lake, yesterday, Phase.ABANDONED)
    told = picture(lake, current_run(lake, "TMDB", "tmdb", TODAY))
    days = told.calendar.lines[0].days
    assert [(days[keys.date].standing, days[keys.date].anew) for keys in (today, yesterday)] == [
        ("done", "unfinished"),
        ("done", "given up"),
    ]
    assert days[TODAY].records > 0
    assert told.run is not None
    assert (told.run.run, told.run.is_committed, told.run.counts.get("records")) == (today.of(2).run, False, None)
    assert told.run.committed == today.run


def test_a_done_day_costs_two_reads_and_a_day_with_rejected_records_a_third() -> None:
    lake = CountingLake()
    fill(lake, days=365, configs=1)
    lake.asked.clear()
    told = picture(lake, None).calendar
    days = told.lines[0].days.values()
    unfinished = sum(day.standing != "done" for day in days)
    assert lake.asked == {
        "state": len(days) + unfinished,  # asked again for how an unfinished one stands
        "manifest": len(days) - unfinished,
        "manifest-1": sum(bool(day.rejected) for day in days),
    }


def test_where_time_is_up_the_oldest_days_are_missing_and_the_page_knows() -> None:
    lake = MemoryLake()
    fill(lake, days=200, configs=1)
    asked = iter(range(10_000))
    told = picture(lake, None, is_over=lambda: next(asked) > 150).calendar.lines[0]
    assert 0 < told.unread < 60
    assert all(told.days[day].standing != "unread" for day in told.days if day > TODAY - dt.timedelta(days=100))


def test_a_file_that_is_not_known_costs_its_day_alone() -> None:
    lake = MemoryLake()
    fill(lake, days=3, configs=1, seed=1)
    lake.put(ControlKeys("TMDB", "tmdb", TODAY).state, b'{"format": 99}')
    days = picture(lake, None).calendar.lines[0].days
    assert days[TODAY].standing == "unreadable"
    assert {days[day].standing for day in days if day != TODAY} == {"done"}


@pytest.mark.parametrize(
    ("today", "months", "first"),
    [
        (dt.date(2026, 11, 25), 12, dt.date(2025, 12, 1)),
        (dt.date(2026, 1, 31), 1, dt.date(2026, 1, 1)),
        (dt.date(2026, 1, 31), 2, dt.date(2025, 12, 1)),
        (dt.date(2026, 12, 1), 36, dt.date(2024, 1, 1)),
    ],
)
def test_the_calendar_goes_back_so_many_months(today: dt.date, months: int, first: dt.date) -> None:
    assert first_day(today, months) == first


def test_the_shape_of_a_run_is_compared_with_the_run_before_it() -> None:
    lake = MemoryLake()
    told = picture(lake, detailed(lake)).run
    assert told is not None
    assert told.drift is not None
    assert (told.drift.date, told.drift.is_whole) == (TODAY - dt.timedelta(days=1), True)
    (movie, tv) = told.drift.streams
    assert {(change.kind, change.name) for change in movie.changes} == {
        ("gone", "imdb_url"),
        ("retyped", "runtime"),
        ("added", "origin_country"),
        ("added", "softcore"),
    }
    assert (tv.before, tv.after, tv.changes) == (60, 60, ())


def test_a_first_run_has_nothing_to_be_compared_with(job: JobMaker, lake: Any) -> None:
    run(job(one, fetch))
    assert things(lake).drift is None


@pytest.mark.parametrize("batch", [None, Batch(records=7), Batch(records=7, array=True), Batch(records=7, gzip=True)])
def test_a_large_run_is_sampled_whatever_its_layout(job: JobMaker, batch: Batch | None) -> None:
    lake = CountingLake()

    def many(ctx: Context) -> list[Slice]:
        return [Slice(f"s{number}") for number in range(40)]

    def rows(ctx: Context, slice: Slice) -> Iterator[Record]:
        for row in range(30):
            new = b', "new": [1]' if ctx.date == day(23) else b""
            yield Record("thing", f"{slice.name}-{row}", b'{"id": "%d"%s}' % (row, new))

    for number in (22, 23):
        run(job(many, rows, date=day(number), lake=lake, batch=batch))
    lake.asked.clear()
    told = things(lake)
    assert told.drift is not None
    assert not told.drift.is_whole
    (thing,) = told.drift.streams
    assert (thing.stream, [(change.kind, change.name) for change in thing.changes]) == ("thing", [("added", "new")])
    assert RECORDS // 2 <= thing.after <= RECORDS
    assert lake.asked["records"] <= 2 * (RECORDS if batch is None else PARTS)


def test_what_was_rejected_is_read_up_to_a_bound_and_counted_by_reason() -> None:
    lake = MemoryLake()
    keys = detailed(lake, rejected=0)
    for number in range(QUARANTINE_READ + 30):
        put_quarantined(lake, keys, number, "movie", f"id-{number}", "too large" if number % 3 else "not JSON")
    told = picture(lake, keys).run
    assert told is not None
    assert (told.quarantine.files, told.quarantine.is_counted, told.quarantine.read) == (130, True, 100)
    assert dict(told.quarantine.reasons).keys() == {"too large", "not JSON"}
    assert len(told.quarantine.shown) == QUARANTINE_SHOWN


def test_a_record_that_a_replay_recovered_is_in_the_quarantine_and_not_rejected(job: JobMaker, lake: Any) -> None:
    broken = True

    def mixed(ctx: Context, slice: Slice) -> Iterator[Record | Rejected]:
        yield Record("thing", 1, b"{}")
        yield Rejected("thing", "2", "odd", b"{") if broken else Record("thing", 2, b"{}")

    allowed = FailureBudget(count=5)
    run(job(one, mixed, max_failed=allowed))
    broken = False
    replay(job(one, mixed, max_failed=allowed))
    told = things(lake)
    assert (told.counts["rejected"], told.counts["records"], told.quarantine.files) == (0, 2, 1)


def test_requests_of_all_attempts_are_summed_and_records_are_the_manifests() -> None:
    lake = MemoryLake()
    told = picture(lake, detailed(lake)).run
    assert told is not None
    assert told.counts["records"] == 1_876
    assert told.counts["requests"] == sum(account.counts["requests"] for account in told.accounts)
    assert told.counts["throttled"] == 18


def test_a_run_of_a_version_that_kept_no_account_is_told_all_the_same(job: JobMaker, lake: Any) -> None:
    run(job(one, fetch))  # the engine alone keeps none
    told = things(lake)
    assert (told.accounts, told.counts["records"], told.standing) == ((), 1, "done")


def test_of_a_run_that_did_not_commit_the_last_attempt_says_what_there_is() -> None:
    lake = MemoryLake()
    keys = ControlKeys("TMDB", "tmdb", TODAY)
    put_state(lake, keys, Phase.OPEN)
    put_accounts(lake, keys)
    told = picture(lake, keys).run
    assert told is not None
    assert (told.is_committed, told.drift) == (False, None)
    assert told.counts["records"] == told.accounts[-1].counts["records"]


def test_a_config_without_a_run_and_an_empty_lake_make_a_picture() -> None:
    told = picture(MemoryLake(), None)
    assert (told.run, told.calendar.lines[0].days, told.calendar.lines[0].began) == (None, {}, None)


def test_every_apis_notice_that_the_calendar_shows_is_told_once() -> None:
    lake = MemoryLake()
    fill(lake, days=3, configs=4, seed=1)
    notices = {"tmdb": "from TMDB", "github": "from GitHub", "nyc": "from GitHub", "other": "from elsewhere"}
    subject = Subject(lake, "TMDB", "tmdb", "tmdb", None, TODAY, NOW, notices=notices, months=1)
    assert read_picture(subject).notices == ("from TMDB", "from GitHub")
