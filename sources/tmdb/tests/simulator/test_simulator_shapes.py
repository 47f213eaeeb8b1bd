"""The shapes of what is served, compared with real answers of TMDB's and with its OpenAPI document.

Keys and JSON types are compared; which values may be null is not, and no content is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Simulator
from ingest_source_tmdb.simulator.answers import ROUTES

FIXTURES = Path(__file__).resolve().parents[5] / "shared" / "fixtures" / "tmdb"
OF_MOVIE = "credits,release_dates,external_ids,keywords,images"
OF_SHOW = "aggregate_credits,content_ratings,credits,external_ids,keywords"
OF_SEASON = "aggregate_credits,credits,external_ids"
# Keys that one recording has and TMDB's document or another recording lacks; either is a true shape.
LENIENT = {"adult", "networks", "original_name", "origin_country", "episode_type"}


def shape(value: Any) -> Any:
    """A value's shape: keys and types, where an array is all of its items in one. Null fits anything, so it is None."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        merged = None
        for each in value:
            merged = merge(merged, shape(each))
        return [merged]
    if value is None:
        return None
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def merge(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: merge(one.get(key), other.get(key)) for key in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return [merge(one[0], other[0])]
    return other if one is None else one


def differences(ours: Any, theirs: Any, place: str = "$") -> list[str]:
    if ours is None or theirs is None:
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        odd = [f"{place}: {key} on one side only" for key in (set(ours) ^ set(theirs)) - LENIENT]
        both = [key for key in ours if key in theirs]
        return odd + [line for key in both for line in differences(ours[key], theirs[key], f"{place}.{key}")]
    if isinstance(ours, list) and isinstance(theirs, list):
        return differences(ours[0], theirs[0], f"{place}[]")
    return [] if ours == theirs else [f"{place}: {ours} and not {theirs}"]


def load(name: str) -> Any:
    found = sorted(FIXTURES.glob(name))
    if not found:
        pytest.skip(f"no recorded answer {name} beside this repository")
    return json.loads(found[0].read_text())


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("/authentication", {}, "captured/errors/validate_key.json"),
        ("/movie/0", {}, "recorded-2025/error_404_code6_movie_0.json"),
        ("/movie/popular", {}, "captured/movie_lists/popular.json"),
        ("/movie/top_rated", {}, "captured/movie_lists/top_rated.json"),
        ("/movie/now_playing", {}, "captured/movie_lists/now_playing.json"),
        ("/movie/upcoming", {}, "captured/movie_lists/upcoming.json"),
        ("/tv/popular", {}, "captured/tv_series_lists/popular.json"),
        ("/tv/top_rated", {}, "captured/tv_series_lists/top_rated.json"),
        ("/tv/on_the_air", {}, "captured/tv_series_lists/on_the_air.json"),
        ("/tv/airing_today", {}, "captured/tv_series_lists/airing_today.json"),
        ("/trending/movie/day", {}, "captured/trending/movies.json"),
        ("/trending/tv/day", {}, "captured/trending/tv.json"),
        ("/movie/11", {}, "recorded-2025/movie_348.json"),
        ("/movie/11", {"append_to_response": OF_MOVIE}, "recorded-2025/movie_550_append*images.json"),
        ("/tv/11", {"append_to_response": OF_SHOW}, "recorded-2025/tv_1399_append*external_id.json"),
        ("/tv/11/season/1", {"append_to_response": OF_SEASON}, "recorded-2025/tv_1399_season_1_append*ids.json"),
        ("/configuration", {}, "recorded-2025/configuration.json"),
        ("/configuration/countries", {}, "recorded-2025/configuration_countries.json"),
        ("/configuration/languages", {}, "recorded-2025/configuration_languages.json"),
        ("/configuration/jobs", {}, "recorded-2025/configuration_jobs.json"),
        ("/genre/movie/list", {}, "recorded-2025/genre_movie_list.json"),
        ("/genre/tv/list", {}, "recorded-2025/genre_tv_list.json"),
    ],
)
def test_an_answer_has_the_shape_of_the_recorded_one(
    simulator: Simulator, path: str, query: dict[str, str], name: str
) -> None:
    theirs = load(name)
    ours = json.loads(simulator.answer(path, query)[1])
    assert differences(shape(ours), shape(theirs)) == []


@pytest.mark.parametrize("scope", ["all", "person"])
def test_trending_rows_have_the_shape_of_their_media_type(simulator: Simulator, scope: str) -> None:
    theirs = load("captured/trending/all.json" if scope == "all" else "captured/trending/people.json")
    ours = json.loads(simulator.answer(f"/trending/{scope}/day")[1])
    kinds = {row["media_type"] for row in theirs["results"]}
    for kind in kinds:
        mine, real = (
            shape(
                [
                    {key: value for key, value in row.items() if key != "known_for"}
                    for row in page["results"]
                    if row["media_type"] == kind
                ]
            )
            for page in (ours, theirs)
        )
        assert differences(mine, real) == []


def document() -> Any:
    return load("openapi.json")["paths"]


def documented(schema: Any) -> Any:
    """The shape that a schema of the OpenAPI document describes."""
    if "properties" in schema:
        return {key: documented(each) for key, each in schema["properties"].items()}
    kind = schema.get("type")
    if kind == "array":
        return [documented(schema["items"]) if schema.get("items") else None]
    return {"integer": "number", "number": "number", "string": "str", "boolean": "bool"}.get(kind)


def test_every_route_is_a_path_of_tmdbs_document() -> None:
    known = {"/".join("{}" if part.startswith("{") else part for part in path.split("/")) for path in document()}
    ours = {f"/3/{route}".replace("/day", "/{}").replace("/week", "/{}") for route in ROUTES}
    assert ours - known == set()


@pytest.mark.parametrize(
    ("path", "template", "skipped"),
    [
        # An append of changes or of watch/providers is keyed by what changed and where: no fixed shape to compare.
        ("/movie/11", "/3/movie/{movie_id}", {"changes", "watch/providers"}),
        ("/tv/11", "/3/tv/{series_id}", {"changes", "watch/providers"}),
        ("/tv/11/season/1", "/3/tv/{series_id}/season/{season_number}", {"watch/providers"}),
        # combined_credits is documented with movies alone, and rows of shows differ.
        ("/person/11", "/3/person/{person_id}", {"changes", "combined_credits"}),
    ],
)
def test_details_and_appends_have_the_documented_shapes(
    simulator: Simulator, path: str, template: str, skipped: set[str]
) -> None:
    paths = document()
    prefix = template + "/"
    names = {name.removeprefix(prefix) for name in paths if name.startswith(prefix)} - skipped
    names = {name for name in names if "/" not in name} - {"account_states", "rating"}
    whole = json.loads(simulator.answer(path, {"append_to_response": ",".join(sorted(names))})[1])
    appended = {name: whole.pop(name) for name in names}
    for name, ours in [("", whole), *appended.items()]:
        answers = paths[prefix + name if name else template]["get"]["responses"]
        theirs = documented(answers["200"]["content"]["application/json"]["schema"])
        if name:
            theirs.pop("id", None)
        # The document has nothing inside some of its objects.
        assert not theirs or differences(shape(ours), theirs) == [], name
