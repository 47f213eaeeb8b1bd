"""What lands, against what the simulator says it sent."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core.model import Report, Status

Land = Callable[..., Report]
Landed = Callable[[], dict[str, bytes]]
RAW = "Raw/TMDB/JSON/2026/11/23"
SMALL = Options(movies=300, shows=200, people=300, list_total=90)


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(getattr(request, "param", SMALL)) as running:
        yield running


def rows(simulator: Simulator, path: str, pages: int, **query: str) -> list[dict[str, Any]]:
    whole = (simulator.answer(path, {**query, "page": str(page)}) for page in range(1, pages + 1))
    return [row for _, body in whole for row in json.loads(body)["results"]]


def paths(simulator: Simulator) -> Counter[str]:
    return Counter(entry.path.removeprefix("/3") for entry in simulator.log)


def test_details_land_as_the_api_sent_them(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(
        simulator,
        [{"list": "movie/popular", "pages": 2}, {"list": "tv/top_rated", "pages": 1}, {"ids": [11], "as": "movie"}],
        append=["credits", "external_ids"],
        language="pt-BR",
    )
    assert (report.status, report.error) == (Status.DONE, None)
    asked = {"append_to_response": "credits,external_ids", "language": "pt-BR"}
    movies = {row["id"] for row in rows(simulator, "/movie/popular", 2)} | {11}
    shows = {row["id"] for row in rows(simulator, "/tv/top_rated", 1)}
    expected = {f"{RAW}/movie-{id}.json": simulator.answer(f"/movie/{id}", asked)[1] for id in movies} | {
        f"{RAW}/tv-{id}.json": simulator.answer(f"/tv/{id}", asked)[1] for id in shows
    }
    assert landed() == expected
    assert all(b'"credits"' in body for body in expected.values())


def test_no_id_is_asked_for_twice_whatever_names_it(simulator: Simulator, land: Land) -> None:
    both = rows(simulator, "/movie/popular", 5) + rows(simulator, "/trending/movie/week", 5)
    ids = {row["id"] for row in both}
    assert len(ids) < len(both)
    land(simulator, [{"list": "movie/popular"}, {"trending": "movie/week"}, {"ids": [both[0]["id"]], "as": "movie"}])
    details = {path: count for path, count in paths(simulator).items() if re.fullmatch(r"/movie/\d+", path)}
    assert details == {f"/movie/{id}": 1 for id in ids}


def test_rows_land_as_they_stand_in_the_page(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(simulator, [{"list": "movie/popular", "pages": 3}], detail=False, language="pt-BR")
    pages = [simulator.answer("/movie/popular", {"page": str(page), "language": "pt-BR"})[1] for page in (1, 2, 3)]
    ids = [row["id"] for body in pages for row in json.loads(body)["results"]]
    found = landed()
    assert set(found) == {f"{RAW}/movie-{id}.json" for id in ids}
    for key, body in found.items():
        assert sum(page.count(body) for page in pages) == 1
        assert json.loads(body)["id"] == int(key.rpartition("-")[2].removesuffix(".json"))
    assert report.counts.requests == 3


@pytest.mark.parametrize("detail", [True, False])
def test_trending_of_all_kinds_lands_films_shows_and_persons(
    simulator: Simulator, land: Land, landed: Landed, detail: bool
) -> None:
    report = land(
        simulator,
        [{"trending": "all/day", "pages": 1}],
        detail=detail,
        append={"movie": ["credits"], "person": ["images"]},
    )
    named = rows(simulator, "/trending/all/day", 1)
    assert {row["media_type"] for row in named} == {"movie", "tv", "person"}
    assert set(landed()) == {f"{RAW}/{row['media_type']}-{row['id']}.json" for row in named}
    assert report.status is Status.DONE
    queries = {entry.path.split("/")[2]: dict(entry.query) for entry in simulator.log if "trending" not in entry.path}
    appended = {kind: query.get("append_to_response") for kind, query in queries.items()}
    assert appended == ({"movie": "credits", "tv": None, "person": "images"} if detail else {})


def test_a_plain_list_of_appends_is_not_asked_of_persons(simulator: Simulator, land: Land) -> None:
    land(simulator, [{"ids": [1], "as": "person"}, {"ids": [2], "as": "tv"}], append=["credits"])
    queries = {entry.path: dict(entry.query) for entry in simulator.log}
    assert queries["/3/tv/2"]["append_to_response"] == "credits"
    assert "append_to_response" not in queries["/3/person/1"]


@pytest.mark.parametrize(("pages", "read"), [(1, 1), (3, 3), ("all", 5), (50, 5)])
def test_as_many_pages_are_read_as_asked_and_as_there_are(
    simulator: Simulator, land: Land, pages: int | str, read: int
) -> None:
    land(simulator, [{"list": "tv/popular", "pages": pages}], detail=False)
    asked = sorted(int(dict(entry.query)["page"]) for entry in simulator.log)
    assert asked == list(range(1, read + 1))


def test_folders_of_a_specification_come_before_the_date(simulator: Simulator, land: Land, landed: Landed) -> None:
    land(
        simulator,
        [{"ids": [11], "as": "movie"}, {"ids": [11], "as": "tv"}, {"ids": [11], "as": "person"}],
        top={"specification": {"movie": "Movies", "tv": "Series"}},
    )
    assert set(landed()) == {
        "Raw/TMDB/JSON/Movies/2026/11/23/11.json",
        "Raw/TMDB/JSON/Series/2026/11/23/11.json",
        "Raw/TMDB/JSON/2026/11/23/person-11.json",
    }


@pytest.mark.parametrize(
    "simulator",
    [Options(movies=300, list_total=90, missing=0.3), Options(movies=300, list_total=90, soft_missing=0.3)],
    ids=["404", "200 with code 21"],
    indirect=True,
)
def test_what_the_api_does_not_have_is_missing_and_no_failure(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(simulator, [{"list": "movie/popular", "pages": 3}])
    ids = [row["id"] for row in rows(simulator, "/movie/popular", 3)]
    answers = {id: simulator.answer(f"/movie/{id}") for id in ids}
    gone = {id for id, (_, body) in answers.items() if json.loads(body).get("success") is False}
    assert 0 < len(gone) < 60
    assert (report.status, report.counts.missing, report.counts.rejected) == (Status.DONE, len(gone), 0)
    assert landed() == {f"{RAW}/movie-{id}.json": body for id, (_, body) in answers.items() if id not in gone}


def test_ids_that_never_were_are_missing(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(simulator, [{"ids": [11, 999_999_999], "as": "movie"}])
    assert (report.status, report.counts.missing) == (Status.DONE, 1)
    assert set(landed()) == {f"{RAW}/movie-11.json"}


@pytest.mark.parametrize(
    "simulator",
    [Options(movies=300, list_total=90, faults=0.2, retry_after=1), Options(movies=300, list_total=90, faults=0.2)],
    ids=["429 with Retry-After", "429 without"],
    indirect=True,
)
def test_faults_on_the_way_lose_nothing_and_double_nothing(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(simulator, [{"list": "movie/popular"}], append=["credits"])
    ids = [row["id"] for row in rows(simulator, "/movie/popular", 5)]
    assert landed() == {
        f"{RAW}/movie-{id}.json": simulator.answer(f"/movie/{id}", {"append_to_response": "credits"})[1] for id in ids
    }
    struck = [entry for entry in simulator.log if entry.fault]
    assert {entry.fault for entry in struck} == {"internal", "offline", "over-limit", "reset", "truncated"}
    assert (report.status, report.counts.records) == (Status.DONE, 90)
    assert (report.counts.repeated, report.counts.conflicts, report.counts.rejected) == (0, 0, 0)
    assert report.counts.requests == len(simulator.log)
    assert report.counts.retries == len(struck)


@pytest.mark.parametrize("simulator", [Options(movies=300, list_total=120, rate=40)], ids=["40/s"], indirect=True)
def test_an_api_that_allows_forty_a_second_never_refuses_forty_a_second(simulator: Simulator, land: Land) -> None:
    from ingest_core.clock import SystemClock

    report = land(simulator, [{"list": "movie/popular"}], rate=40, clock=SystemClock())
    assert len(simulator.log) == 126
    assert Counter(entry.status for entry in simulator.log) == {200: 126}
    assert (report.counts.throttled, report.counts.records) == (0, 120)


@pytest.mark.parametrize(
    "simulator",
    [
        Options(movies=300, list_total=1_000),
        SMALL,
    ],
    ids=["50 pages", "5 pages"],
    indirect=True,
)
def test_a_limit_of_five_asks_for_little_more_than_five(simulator: Simulator, land: Land, landed: Landed) -> None:
    report = land(simulator, [{"list": "movie/popular"}], limit=5)
    first = rows(simulator, "/movie/popular", 1)[:5]
    assert set(landed()) == {f"{RAW}/movie-{row['id']}.json" for row in first}
    assert (report.status, report.manifest, report.counts.records) == (Status.DONE, None, 5)
    assert paths(simulator) == {"/movie/popular": 1} | {f"/movie/{row['id']}": 1 for row in first}
