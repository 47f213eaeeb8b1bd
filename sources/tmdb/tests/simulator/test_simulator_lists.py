"""Lists, trending and their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from ingest_source_tmdb.simulator import Options, Simulator

Ask = Callable[..., requests.Response]
LISTS = [
    *(f"/movie/{name}" for name in ("popular", "top_rated", "now_playing", "upcoming")),
    *(f"/tv/{name}" for name in ("popular", "top_rated", "on_the_air", "airing_today")),
    *(f"/trending/{scope}/{window}" for scope in ("all", "movie", "tv", "person") for window in ("day", "week")),
]


def every_row(ask: Ask, path: str) -> list[dict[str, Any]]:
    first = ask(path).json()
    pages = [first, *(ask(path, page=page).json() for page in range(2, first["total_pages"] + 1))]
    return [row for page in pages for row in page["results"]]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_holds_as_many_rows_as_it_claims_and_each_of_them_once(ask: Ask, path: str) -> None:
    first = ask(path).json()
    rows = every_row(ask, path)
    assert (first["page"], first["total_pages"], first["total_results"]) == (1, 7, 130)
    assert len(first["results"]) == 20
    assert len(rows) == len({(row.get("media_type"), row["id"]) for row in rows}) == 130


@pytest.mark.parametrize("path", LISTS)
def test_a_page_after_the_last_is_empty_and_no_error(ask: Ask, path: str) -> None:
    answer = ask(path, page=8)
    assert answer.status_code == 200
    assert answer.json()["results"] == []
    assert answer.json()["total_pages"] == 7


@pytest.mark.parametrize("path", ["/movie/popular", "/trending/tv/week"])
@pytest.mark.parametrize("page", ["0", "-1", "501", "one", "1.5", "", "\u0661", "99999999999999999999"])
def test_a_page_outside_1_to_500_is_refused_with_code_22(ask: Ask, path: str, page: str) -> None:
    answer = ask(path, page=page)
    assert (answer.status_code, answer.json()["status_code"]) == (400, 22)


def test_a_list_may_claim_more_pages_than_it_gives() -> None:
    simulator = Simulator(Options(list_total=20_030, movies=5))
    status, body = simulator.answer("/movie/popular", {"page": "500"})
    assert status == 200
    assert body.endswith(b'"total_pages":1002,"total_results":20030}')
    assert body.count(b'"poster_path"') == 20
    assert simulator.answer("/movie/popular", {"page": "501"})[0] == 400
    assert simulator.answer("/trending/all/day", {"page": "500"})[0] == 200


def test_two_lists_share_some_titles_and_not_all(ask: Ask) -> None:
    popular = {row["id"] for row in every_row(ask, "/movie/popular")}
    rated = {row["id"] for row in every_row(ask, "/movie/top_rated")}
    assert popular & rated
    assert popular - rated


def test_a_region_makes_it_another_list(ask: Ask) -> None:
    home, away = ask("/movie/popular").json(), ask("/movie/popular", region="BR").json()
    assert [row["id"] for row in home["results"]] != [row["id"] for row in away["results"]]


def test_only_the_two_lists_of_a_season_say_their_dates(ask: Ask) -> None:
    dated = {name for name in LISTS if "dates" in ask(name).json()}
    assert dated == {"/movie/now_playing", "/movie/upcoming"}
    dates = ask("/movie/upcoming").json()["dates"]
    assert dates["minimum"] < dates["maximum"]


def test_trending_rows_say_their_media_type(ask: Ask) -> None:
    mixed = {row["media_type"] for row in ask("/trending/all/day").json()["results"]}
    people = ask("/trending/person/week").json()["results"]
    assert mixed == {"movie", "tv", "person"}
    assert {row["media_type"] for row in people} == {"person"}
    assert {len(row["known_for"]) for row in people} == {3}


def test_every_listed_id_has_a_detail_that_repeats_the_rows_facts(ask: Ask) -> None:
    for row in ask("/movie/popular", page=2).json()["results"]:
        detail = ask(f"/movie/{row['id']}").json()
        same = ("title", "overview", "popularity", "vote_average", "poster_path", "release_date")
        assert {key: detail[key] for key in same} == {key: row[key] for key in same}
        assert [genre["id"] for genre in detail["genres"]] == row["genre_ids"]
