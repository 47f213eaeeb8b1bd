"""Queries, look-ups, changes and files of ids, as TMDB answers them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from ingest_source_tmdb.simulator import Options, Simulator

Ask = Callable[..., requests.Response]


def found(ask: Ask, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every row of a list."""
    first = ask(path, **query).json()
    pages = [ask(path, **query, page=page).json() for page in range(2, first["total_pages"] + 1)]
    rows = [row for page in (first, *pages) for row in page["results"]]
    assert len(rows) == first["total_results"]
    return rows


@pytest.fixture(scope="module")
def movies() -> list[dict[str, Any]]:
    """Every film, as rows."""
    simulator = Simulator(SMALL)
    pages = [json.loads(simulator.answer("/discover/movie", {"page": str(page)})[1]) for page in range(1, 16)]
    return [row for page in pages for row in page["results"]]


SMALL = Options(movies=300, shows=200, people=100, list_total=60, changes=150, exported="2026-11-23", crowd=3)


@pytest.fixture(scope="module")
def simulator() -> Any:
    with Simulator(SMALL) as running:
        yield running


@pytest.fixture
def ask(simulator: Simulator) -> Ask:
    def get(path: str, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {simulator.options.token}"}
        return requests.get(simulator.base_url + path, params=query, headers=headers, timeout=10)

    return get


def ids(rows: list[dict[str, Any]]) -> set[int]:
    return {row["id"] for row in rows}


def test_a_query_finds_what_its_parameters_say(ask: Ask, movies: list[dict[str, Any]]) -> None:
    assert ids(movies) == set(range(1, 301))
    wanted = {
        "201,202": lambda row: {201, 202} <= set(row["genre_ids"]),
        "201|202": lambda row: {201, 202} & set(row["genre_ids"]),
    }
    for genres, test in wanted.items():
        assert ids(found(ask, "/discover/movie", with_genres=genres)) == ids(list(filter(test, movies))) != set()
    assert ids(found(ask, "/discover/movie", without_genres="201")) == {
        row["id"] for row in movies if 201 not in row["genre_ids"]
    }
    voted = found(ask, "/discover/movie", **{"vote_count.gte": 10_000, "with_original_language": "pt"})
    assert ids(voted) == {
        row["id"] for row in movies if row["vote_count"] >= 10_000 and row["original_language"] == "pt"
    }


def test_dates_of_a_query_are_both_included_and_leave_out_what_has_none(ask: Ask, movies: list[dict[str, Any]]) -> None:
    day = {"primary_release_date.gte": "2001-01-01", "primary_release_date.lte": "2001-01-01"}
    assert ids(found(ask, "/discover/movie", **day)) >= {1, 2, 3}
    dated = found(
        ask, "/discover/movie", **{"primary_release_date.gte": "1800-01-01"}, sort_by="primary_release_date.asc"
    )
    assert ids(dated) == {row["id"] for row in movies if row["release_date"]} != ids(movies)
    days = [row["release_date"] for row in dated]
    assert days == sorted(days)


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/discover/movie", {"page": 501}, 400, 22),
        ("/discover/movie", {"primary_release_date.gte": "2001-02-30"}, 400, 23),
        ("/movie/changes", {"page": 501}, 400, 22),
        ("/movie/changes", {"start_date": "yesterday"}, 400, 23),
        ("/movie/changes", {"start_date": "2026-01-01", "end_date": "2026-01-16"}, 422, 20),
        ("/find/tt10000002", {}, 400, 5),
        ("/collection/0", {}, 404, 6),
        ("/keyword/999999", {}, 404, 34),
    ],
)
def test_what_is_refused(ask: Ask, path: str, query: dict[str, Any], status: int, code: int) -> None:
    answer = ask(path, **query)
    assert (answer.status_code, answer.json()["status_code"]) == (status, code)


def test_what_a_query_does_not_know_is_ignored_in_silence(ask: Ask) -> None:
    assert ask("/discover/tv", with_genre="18").json()["total_results"] == 200


def test_changes_of_days_are_those_of_each_day_each_once(simulator: Simulator, ask: Ask) -> None:
    from datetime import date

    rows = found(ask, "/movie/changes", start_date="2026-01-01", end_date="2026-01-03")
    expected = {id for day in (1, 2) for id in simulator.changed_on("movie", date(2026, 1, day))}
    assert ids(rows) == expected
    assert len(rows) == len(expected)
    assert set(rows[0]) == {"id", "adult"}
    assert ask("/movie/changes", start_date="2026-01-01", end_date="2026-01-15").status_code == 200


def test_an_id_of_imdb_finds_what_says_it(ask: Ask) -> None:
    for kind, number in (("movie", 7), ("tv", 7), ("person", 7)):
        said = ask(f"/{kind}/{number}", append_to_response="external_ids").json()["external_ids"]["imdb_id"]
        answer = ask(f"/find/{said}", external_source="imdb_id").json()
        assert {name: [row["id"] for row in rows] for name, rows in answer.items() if rows} == {f"{kind}_results": [7]}
        assert answer[f"{kind}_results"][0]["media_type"] == kind


def test_a_merged_title_is_found_by_both_ids_and_some_ids_name_two_things(ask: Ask) -> None:
    assert ask("/find/tt30000007", external_source="imdb_id").json()["movie_results"][0]["id"] == 7
    both = ask("/find/tt10000100", external_source="imdb_id").json()
    assert (len(both["movie_results"]), len(both["tv_results"])) == (1, 1)


def test_files_of_ids_come_whole_or_by_range_without_a_key(simulator: Simulator) -> None:
    url = f"{simulator.exports_url}/movie_ids_11_23_2026.json.gz"
    whole = requests.get(url, timeout=10)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "application/gzip")
    rows = [json.loads(line) for line in gzip.decompress(whole.content).splitlines()]
    assert [row["id"] for row in rows] == list(range(1, 301))
    assert set(rows[0]) == {"adult", "id", "original_title", "popularity"}
    piece = requests.get(url, headers={"Range": "bytes=10-19"}, timeout=10)
    assert (piece.status_code, piece.content) == (206, whole.content[10:20])
    assert piece.headers["Content-Range"] == f"bytes 10-19/{len(whole.content)}"
    assert (
        requests.get(url, headers={"Range": f"bytes={len(whole.content)}-"[:-1] + "-9999999"}, timeout=10).status_code
        == 416
    )
    assert requests.get(url.replace("11_23", "11_24"), timeout=10).status_code == 403


def test_shapes_are_those_of_the_recorded_answers(ask: Ask, fixtures: Path) -> None:
    captured = fixtures / "tmdb" / "captured"
    pairs = [
        ("/discover/movie", {}, "discover/movies.json"),
        ("/discover/tv", {}, "discover/tv.json"),
        ("/movie/changes", {"start_date": "2026-01-01", "end_date": "2026-01-02"}, "changes/movie_list.json"),
    ]
    for path, query, name in pairs:
        theirs, ours = json.loads((captured / name).read_text()), ask(path, **query).json()
        assert set(ours) == set(theirs)
        assert set(ours["results"][0]) <= set(theirs["results"][0])
    theirs = json.loads((captured / "find/movie_results.json").read_text())
    assert set(ask("/find/tt10000014", external_source="imdb_id").json()) == set(theirs)
