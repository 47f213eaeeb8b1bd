"""Details, what is appended to them, and the odd values that a source must live with."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import requests
from ingest_source_tmdb.simulator import Options, Simulator
from ingest_source_tmdb.simulator import appends as table

Ask = Callable[..., requests.Response]


def test_movies_and_shows_are_separate_namespaces(ask: Ask) -> None:
    movie, show = ask("/movie/11").json(), ask("/tv/11").json()
    assert movie["id"] == show["id"] == 11
    assert "title" in movie
    assert "name" in show


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/movie/11", table.MOVIE),
        ("/tv/11", table.TV),
        ("/tv/11/season/1", table.SEASON),
        ("/person/11", table.PERSON),
    ],
)
def test_every_append_of_a_resource_is_filled_under_its_own_name_in_the_order_asked(
    ask: Ask, path: str, allowed: dict[str, object]
) -> None:
    plain = ask(path).json()
    full = ask(path, append_to_response=",".join(allowed)).json()
    assert list(full) == [*plain, *allowed]
    assert all("id" not in full[name] for name in allowed)
    assert {key: full[key] for key in plain} == plain


def test_appends_that_the_resource_lacks_are_ignored_without_a_word(ask: Ask) -> None:
    path = "/movie/11"
    plain = ask(path)
    assert ask(path, append_to_response="aggregate_credits,nonsense").content == plain.content
    mixed = ask(path, append_to_response="nonsense,watch/providers").json()
    assert set(mixed) - set(plain.json()) == {"watch/providers"}


@pytest.mark.parametrize(("count", "status"), [(20, 200), (21, 400)])
def test_twenty_appends_are_the_most(ask: Ask, count: int, status: int) -> None:
    answer = ask("/movie/11", append_to_response=",".join(["videos", *["x"] * (count - 1)]))
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["status_code"] == 27


def test_keywords_have_another_shape_for_movies_than_for_shows(ask: Ask) -> None:
    assert list(ask("/movie/11", append_to_response="keywords").json()["keywords"]) == ["keywords"]
    assert list(ask("/tv/11", append_to_response="keywords").json()["keywords"]) == ["results"]


def test_a_season_has_its_own_id_and_the_episodes_that_the_show_counts(ask: Ask) -> None:
    show = ask("/tv/11").json()
    for row in show["seasons"]:
        season = ask(f"/tv/11/season/{row['season_number']}").json()
        assert re.fullmatch("[0-9a-f]{24}", season["_id"])
        assert len(season["episodes"]) == row["episode_count"]
    assert ask(f"/tv/11/season/{len(show['seasons']) + 1}").json()["status_code"] == 34
    assert ask("/tv/11/season/one").json()["status_code"] == 6


def test_a_language_changes_texts_and_leaves_some_empty(simulator: Simulator, ask: Ask) -> None:
    english, portuguese = ask("/movie/12").json(), ask("/movie/12", language="pt-BR").json()
    assert english["overview"] != portuguese["overview"]
    assert english["original_title"] == portuguese["original_title"]
    foreign = [ask(f"/movie/{number}", language="ja-JP").json() for number in range(1, 60)]
    assert {bool(movie["overview"]) for movie in foreign} == {True, False}
    untold = [movie for movie in foreign if not movie["overview"]]
    assert all(movie["title"] == movie["original_title"] for movie in untold)
    assert ask("/movie/12", language="xx").json()["overview"] == ""


def test_imdb_ids_are_unique_over_movies_and_shows(simulator: Simulator) -> None:
    ids = []
    for number in range(1, 121):
        ids += re.findall(rb'"imdb_id":"(tt\d+)"', simulator.answer(f"/movie/{number}")[1])
        ids += re.findall(
            rb'"imdb_id":"(tt\d+)"', simulator.answer(f"/tv/{number}", {"append_to_response": "external_ids"})[1]
        )
    assert len(ids) == len(set(ids)) == 240


def test_the_bytes_hold_what_a_careless_reader_would_change(simulator: Simulator) -> None:
    whole = b"\n".join(simulator.answer(f"/movie/{number}")[1] for number in range(1, 300))
    assert re.search(rb'"popularity":\d+\.\d\d0,', whole)
    assert re.search(rb'"vote_average":\d\.\d0,', whole)
    assert b'"poster_path":null' in whole
    assert b'"release_date":""' in whole
    assert b'"title":"<script>' in whole
    assert "🎬".encode() in whole
    assert "Canção".encode() in whole
    assert "灯籠".encode() in whole
    assert b"\\u" not in whole
    assert b'": ' not in whole


def test_movie_details_are_as_large_as_tmdbs(simulator: Simulator) -> None:
    sizes = sorted(len(simulator.answer(f"/movie/{number}")[1]) for number in range(1, 300))
    assert 1_600 <= sizes[len(sizes) // 2] <= 2_100


def test_one_seed_gives_one_truth_and_another_seed_another() -> None:
    first, again, other = (Simulator(Options(seed=seed)) for seed in (1, 1, 2))
    assert first.answer("/movie/7") == again.answer("/3/movie/7")
    assert first.answer("/movie/7") != other.answer("/movie/7")


def test_genres_differ_between_movies_and_shows(ask: Ask) -> None:
    movie = {genre["id"] for genre in ask("/genre/movie/list").json()["genres"]}
    show = {genre["id"] for genre in ask("/genre/tv/list").json()["genres"]}
    assert 10749 in movie - show
    assert movie & show
    assert show - movie
