"""Queries of more hits than TMDB serves of one, and what was changed since the last run."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import requests
from ingest_source_tmdb.simulator import Options, Simulator
from ingest_source_tmdb.simulator.catalog import Catalog
from tmdb_runs import home, require

HITS = 120_000
FAST = 5_000
DAY = dt.timedelta(days=1)
BEFORE, UNTIL = "1800-01-01", "2199-12-31"


def discover() -> Iterator[str]:
    """Rows alone: the details would only add requests of another kind."""
    movies = _movies_with_a_date(HITS)
    query = {"primary_release_date.gte": BEFORE, "primary_release_date.lte": UNTIL}
    with Simulator(Options(movies=movies)) as simulator, home(simulator) as place:
        hits = json.loads(simulator.answer("/discover/movie", query)[1])["total_results"]
        require(hits == HITS, f"{HITS:,} hits, and not {hits:,}")
        place.configure([{"discover": "movie", "params": query}], settings={"detail": False}, rate=FAST, layout="batch")
        report, cost = place.run()
        landed: Counter[int] = Counter()
        for path in (place.folder / "lake" / "Raw").rglob("*.json"):
            landed.update(json.loads(line)["id"] for line in path.read_bytes().splitlines())
        require(report["status"] == "done" and not report["truncated"], f"{report['error']} {report['truncated']}")
        require(len(landed) == HITS and set(landed.values()) == {1}, f"{len(landed):,} titles, each once")
        pages = [dict(entry.query) for entry in simulator.log if entry.path == "/3/discover/movie"]
        windows = {(page["primary_release_date.gte"], page["primary_release_date.lte"]) for page in pages}
        yield f"## A query of {HITS:,} hits"
        yield ""
        yield f"- landed: {report['counts']['records']:,} titles, each once, of {hits:,}; nothing cut off"
        yield f"- requests: {len(pages):,} for {-(-HITS // 20):,} full pages; {len(windows)} spans of dates were tried"
        yield f"- the report says: “{report['notes'][0]}”"
        yield f"- {cost['wall']:.0f} s, peak memory {cost['rss_mb']:.0f} MB"


def _movies_with_a_date(wanted: int) -> int:
    """How many movies must exist for so many of them to have a date."""
    catalog, dated, number = Catalog(Options()), 0, 0
    while dated < wanted:
        number += 1
        dated += bool(catalog.bare_row("movie", number)["release_date"])
    return number


def crowded_day() -> Iterator[str]:
    """Ten thousand and fifty films of one day: the query has no smaller piece."""
    with Simulator(Options(movies=12_000, crowd=10_050)) as simulator, home(simulator) as place:
        place.configure([{"discover": "movie"}], settings={"detail": False}, rate=FAST, layout="batch")
        report, _ = place.run()
        require((report["status"], report["exit_code"], report["manifest"]) == ("failed", 1, None), str(report))
        yield "## One day that cannot be split"
        yield ""
        yield f"- the run {report['status']} (exit {report['exit_code']}), nothing is committed"
        yield f"- error: “{report['error']['what']}”"
        yield f"- what to do: “{report['error']['hint']}”"


def export() -> Iterator[str]:
    """A million lines, and then a hundred thousand: what memory does."""
    yield "## The daily file of ids"
    yield ""
    yield "| lines | bytes of the file | ids taken | requests for the file | peak memory |"
    yield "|---|---|---|---|---|"
    for count in (100_000, 1_000_000):
        with Simulator(Options(movies=count)) as simulator, home(simulator) as place:
            size = _made(simulator)
            place.configure(
                [{"export": "movie", "min_popularity": 100 * (1 - 2_000 / count), "adult": False}],
                settings={},
                rate=FAST,
                layout="batch",
            )
            report, cost = place.run()
            files = sum(entry.path.startswith("/p/exports/") for entry in simulator.log)
            taken = report["counts"]["records"]
            require(report["status"] == "done", str(report["error"]))
            require(report["notes"][0].startswith(f"export movie: {taken:,} of {count:,} ids"), report["notes"][0])
            yield f"| {count:,} | {size:,} | {taken:,} | {files} | {cost['rss_mb']:.0f} MB |"


def _made(simulator: Simulator) -> int:
    """Lets the simulator make the file, which takes it longer than a client waits; its size in bytes."""
    today = dt.datetime.now(dt.UTC).date()
    url = f"{simulator.exports_url}/movie_ids_{today:%m_%d_%Y}.json.gz"
    answer = requests.get(url, headers={"Range": "bytes=0-0"}, timeout=300)
    simulator.clear_log()
    return int(answer.headers["Content-Range"].rpartition("/")[2])


def changes() -> Iterator[str]:
    """Three days in a row, then forty without a run."""
    dates = ["2026-09-02", "2026-09-03", "2026-09-04", "2026-10-14"]
    with Simulator(Options(movies=20_000, changes=400)) as simulator, home(simulator) as place:
        place.configure([{"changes": "movie", "since": "2026-09-01"}], settings={}, rate=FAST, layout="batch")
        yield "## Changes: three daily runs, and a gap of 40 days"
        yield ""
        yield "| run | days | requests to /movie/changes | details asked | missed | asked twice | checkpoint |"
        yield "|---|---|---|---|---|---|---|"
        first = dt.date(2026, 9, 1)
        for date in dates:
            simulator.clear_log()
            report, _ = place.run("--date", date)
            last = dt.date.fromisoformat(date) - DAY
            days = [first + number * DAY for number in range((last - first).days + 1)]
            expected = {id for day in days for id in simulator.changed_on("movie", day)}
            log = simulator.log
            asked = Counter(int(entry.path.rpartition("/")[2]) for entry in log if entry.path[-1].isdecimal())
            lists = [dict(entry.query) for entry in log if entry.path.endswith("/changes")]
            require(report["status"] == "done", str(report["error"]))
            require(set(asked) == expected and set(asked.values()) == {1}, "what changed is asked for, once")
            require(_landed(place.folder, date) == expected, "and landed")
            require(report["checkpoint"] == {"changes/movie": last.isoformat()}, str(report["checkpoint"]))
            _require_each_day_once(lists, days)
            yield (
                f"| {date} | {len(days)} | {len(lists)} | {sum(asked.values()):,} | {len(expected - set(asked))} | "
                f"{sum(count - 1 for count in asked.values())} | {last} |"
            )
            first = last + DAY


def _require_each_day_once(lists: list[dict[str, str]], days: list[dt.date]) -> None:
    covered: Counter[dt.date] = Counter()
    for start, end in {(page["start_date"], page["end_date"]) for page in lists}:
        day, after = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
        require((after - day).days <= 14, "at most 14 days a request")
        while day < after:
            covered[day] += 1
            day += DAY
    require(covered == Counter(days), "each day is in one window, and no other day is")


def _landed(folder: Path, date: str) -> set[int]:
    files = (folder / "lake" / "Raw" / "TMDB" / "JSON" / date.replace("-", "/")).glob("*.json")
    return {json.loads(line)["id"] for path in files for line in path.read_bytes().splitlines()}
