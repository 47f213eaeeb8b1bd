"""What was changed: whole days, from the last committed run on, none twice and none left out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator

import pytest
from ingest_source_tmdb import changes
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core import Answer, Checkpoint, Context, Note, Ref, Slice, StopError
from ingest_core.model import Report, Status

Land = Callable[..., Report]
Landed = Callable[[], dict[str, bytes]]
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def shared() -> Iterator[Simulator]:
    with Simulator(Options(movies=900, shows=200, people=300, list_total=90, changes=120)) as running:
        yield running


@pytest.fixture
def simulator(shared: Simulator) -> Simulator:
    shared.clear_log()
    return shared


def changed(simulator: Simulator, first: str, last: str, kind: str = "movie") -> set[int]:
    day, found = dt.date.fromisoformat(first), set[int]()
    while day <= dt.date.fromisoformat(last):
        found |= set(simulator.changed_on(kind, day))  # type: ignore[arg-type]
        day += DAY
    return found


def on(landed: dict[str, bytes], day: str, kind: str = "movie") -> set[int]:
    folder = f"Raw/TMDB/JSON/{day.replace('-', '/')}/{kind}-"
    return {int(key.removeprefix(folder).removesuffix(".json")) for key in landed if key.startswith(folder)}


def windows(simulator: Simulator) -> list[tuple[str, str]]:
    queries = (dict(entry.query) for entry in simulator.log if entry.path.endswith("/changes"))
    return [(query["start_date"], query["end_date"]) for query in queries if query["page"] == "1"]


def test_daily_runs_and_a_gap_miss_nothing_and_ask_for_nothing_twice(
    simulator: Simulator, land: Land, landed: Landed
) -> None:
    select = [{"changes": "movie", "since": "2026-01-01"}]
    spans = [("2026-01-04", "2026-01-01", "2026-01-03"), ("2026-01-05", "2026-01-04", "2026-01-04"),
             ("2026-01-06", "2026-01-05", "2026-01-05"), ("2026-02-15", "2026-01-06", "2026-02-14")]  # fmt: skip
    for date, first, last in spans:
        report = land(simulator, select, date=date)
        assert (report.status, report.checkpoint) == (Status.DONE, {"changes/movie": last})
        assert on(landed(), date) == changed(simulator, first, last)
    asked = sorted(windows(simulator))
    assert asked[0][0] == "2026-01-01"
    assert [end for _, end in asked] == [*[start for start, _ in asked[1:]], "2026-02-15"]
    assert max(dt.date.fromisoformat(end) - dt.date.fromisoformat(start) for start, end in asked) <= 14 * DAY
    assert {entry.status for entry in simulator.log} == {200}
    details = [(entry.path, entry.sequence) for entry in simulator.log if re.fullmatch(r"/3/movie/\d+", entry.path)]
    assert len(details) == sum(len(on(landed(), date)) for date, _, _ in spans)


def test_the_first_run_without_since_takes_yesterday(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(simulator, [{"changes": "tv"}])
    assert report.checkpoint == {"changes/tv": "2026-11-22"}
    assert on(landed(), "2026-11-23", "tv") == changed(simulator, "2026-11-22", "2026-11-22", "tv")


def test_each_select_has_a_checkpoint_of_its_own(simulator: Simulator, land: Land) -> None:
    land(simulator, [{"changes": "movie"}], date="2026-01-04")
    report = land(simulator, [{"changes": "movie"}, {"changes": "person", "since": "2026-01-02"}], date="2026-01-05")
    assert report.checkpoint == {"changes/movie": "2026-01-04", "changes/person": "2026-01-04"}
    persons = [window for window, entry in zip(windows(simulator), _first_pages(simulator), strict=True)
               if entry == "/3/person/changes"]  # fmt: skip
    assert persons == [("2026-01-02", "2026-01-05")]


def _first_pages(simulator: Simulator) -> list[str]:
    return [entry.path for entry in simulator.log
            if entry.path.endswith("/changes") and dict(entry.query)["page"] == "1"]  # fmt: skip


def test_only_what_was_landed_before_is_taken(simulator: Simulator, land: Land, landed: Landed) -> None:
    known = sorted(changed(simulator, "2026-01-01", "2026-01-01"))[:5]
    land(simulator, [{"ids": [*known, 899], "as": "movie"}], date="2026-01-01", config="backfill")
    report = land(simulator, [{"changes": "movie", "only_known": True}], date="2026-01-02")
    assert on(landed(), "2026-01-02") == set(known) | ({899} & changed(simulator, "2026-01-01", "2026-01-01"))
    assert report.counts.skipped == len(changed(simulator, "2026-01-01", "2026-01-01")) - report.counts.records
    assert report.checkpoint == {"changes/movie/known": "2026-01-01"}


def test_what_is_changed_is_asked_for_though_it_was_landed_lately(
    simulator: Simulator, land: Land, landed: Landed
) -> None:
    (first, *_) = sorted(changed(simulator, "2026-01-01", "2026-01-01"))
    land(simulator, [{"ids": [first], "as": "movie"}], date="2026-01-01", config="backfill")
    land(simulator, [{"changes": "movie"}], date="2026-01-02", skip_landed="30d")
    assert first in on(landed(), "2026-01-02")


def test_a_day_that_is_not_over_is_asked_for_again(simulator: Simulator, land: Land) -> None:
    """A date may be ahead of UTC: by its timezone, or because somebody wrote it."""
    report = land(simulator, [{"changes": "movie", "since": "2026-01-01"}], date="2026-01-05", today="2026-01-04")
    assert report.checkpoint == {"changes/movie": "2026-01-03"}


def test_nothing_to_ask_is_told(simulator: Simulator, land: Land) -> None:
    land(simulator, [{"changes": "movie"}], date="2026-01-04")
    simulator.clear_log()
    report = land(simulator, [{"changes": "movie"}], date="2026-01-04", refresh=True)
    assert report.counts.records > 0  # a refresh lands the day's own changes anew
    later = land(simulator, [{"changes": "movie", "since": "2027-01-01"}], date="2026-01-03", config="ahead")
    assert (later.status, later.counts.requests) == (Status.DONE, 0)
    assert later.notes == ("changes movie: nothing to ask for: all days up to 2026-01-02 are covered",)


class Pages:
    """/changes with so many pages for each window."""

    def __init__(self, pages: Callable[[int], int]) -> None:
        self._pages = pages
        self.asked: list[tuple[str, str]] = []

    def get_many(self, requests: Iterator[object]) -> Iterator[object]:
        for request in requests:
            params = request.params  # type: ignore[attr-defined]
            start, end = (dt.date.fromisoformat(params[name]) for name in ("start_date", "end_date"))
            self.asked.append((params["start_date"], params["end_date"]))
            body = b'{"results":[{"id":%d}],"total_pages":%d}' % (start.toordinal(), self._pages((end - start).days))
            now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
            yield Answer(status=200, headers={}, body=body, url="/movie/changes", fetched_at=now)


def everything(api: Pages) -> list[object]:
    context = Context({}, dt.date(2026, 11, 23), {}, api, print, print)  # type: ignore[arg-type]
    select = {"changes": "movie", "since": "2026-11-17"}
    slices: list[object] = list(changes.plan_changes(context, 0, select))
    found: list[object] = []
    while slices:
        slice = slices.pop(0)
        assert isinstance(slice, Slice)
        items = list(changes.fetch_changes(context, slice))
        slices = [item for item in items if isinstance(item, Slice)] + slices
        found += [item for item in items if not isinstance(item, Slice)]
    return found


def test_a_window_of_more_than_five_hundred_pages_is_halved() -> None:
    api = Pages(lambda days: 501 if days > 1 else 1)
    found = everything(api)
    assert {item.id for item in found if isinstance(item, Ref)} == {
        dt.date(2026, 11, day).toordinal() for day in range(17, 23)
    }
    assert [item.value for item in found if isinstance(item, Checkpoint)][-1] == "2026-11-22"


def test_a_day_of_more_than_five_hundred_pages_is_an_error() -> None:
    with pytest.raises(StopError, match="2026-11-17 alone has more than the 500 pages"):
        everything(Pages(lambda days: 501))


def test_a_plan_in_the_past_of_its_checkpoint_asks_nothing() -> None:
    context = Context({}, dt.date(2026, 11, 23), {"changes/movie": "2026-11-22"}, None, print, print)  # type: ignore[arg-type]
    (note,) = changes.plan_changes(context, 0, {"changes": "movie"})
    assert isinstance(note, Note)
