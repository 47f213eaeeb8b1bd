"""What a config may say, and where the mistake stands when it may not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ingest_source_tmdb.resources import APPENDS, MAX_APPENDS
from ingest_source_tmdb.selection import LISTS, TRENDING
from ingest_source_tmdb.settings import appends, kinds

from ingest_core.assembly import Wish, Workspace
from ingest_core.errors import ConfigError

POPULAR = {"list": "movie/popular", "pages": 1}


def mistakes(tmp_path: Path, **settings: Any) -> str:
    path = tmp_path / "tmdb.yaml"
    path.write_text(yaml.safe_dump({"source": "tmdb", "lake": "lake", "settings": settings}, sort_keys=False))
    try:
        Workspace({}).use(str(path), Wish())
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "settings",
    [
        {"select": [POPULAR]},
        {"select": [{"trending": "all/week", "pages": "all"}, {"ids": [603], "as": "movie"}]},
        {"select": [POPULAR], "append": ["release_dates", "watch/providers"]},
        {"select": [{"list": "tv/popular"}], "append": ["aggregate_credits"]},
        {"select": [{"trending": "all/day"}], "append": {"movie": ["release_dates"], "tv": ["content_ratings"]}},
        {"select": [POPULAR], "detail": False, "language": "pt-BR", "region": "BR"},
        {"select": [POPULAR], "api_key": "env:TMDB_API_KEY"},
        {"select": [{"ids": {"csv": "x.csv", "where": {"genero": "Drama"}}, "as": "tv"}], "seasons": True},
        {"select": [{"changes": "movie"}, {"changes": "movie", "only_known": True}], "skip_landed": "30d"},
        {"select": [{"discover": "movie", "params": {"with_genres": 18, "sort_by": "revenue.desc"}}]},
        {"select": [{"export": "collection", "min_popularity": 0.5, "adult": False}, {"reference": ["jobs"]}]},
        {"select": [{"list": "tv/popular"}], "append": ["aggregate_credits"], "persons": {"cast": "all", "crew": 2}},
    ],
    ids=str,
)
def test_a_sound_config_has_no_mistakes(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert mistakes(tmp_path, **settings) == ""


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"select": [POPULAR], "append": ["credits", "reveiws"]}, "reviews"),
        ({"select": [{"list": "tv/popular"}], "append": ["release_dates"]}, "a tv has no 'release_dates'"),
        ({"select": [POPULAR, {"list": "tv/popular"}], "append": ["release_dates"]}, "write append as a mapping"),
        ({"select": [{"trending": "all/day"}], "append": ["content_ratings"]}, "a movie has no 'content_ratings'"),
        ({"select": [POPULAR], "append": {"tv": ["release_dates"]}}, "release_dates"),
        ({"select": [{"ids": [603]}]}, "`ids` and `as` go together"),
        ({"select": [{"list": "movie/popular", "as": "movie"}]}, "`ids` and `as` go together"),
        ({"select": [{"ids": [603], "as": "movie"}], "detail": False}, "need detail: true"),
        ({"select": []}, "select"),
        ({"select": [{"list": "movie/popular", "ids": [1], "as": "movie"}]}, "exclude each other"),
        ({"select": [{"list": "movie/populer"}]}, "movie/popular"),
        ({"select": [{"list": "movie/popular", "pages": 501}]}, "500"),
        ({"select": [{"list": "movie/popular", "pages": 0}]}, "pages"),
        ({"select": [{"ids": ["603"], "as": "movie"}]}, "ids"),
        ({"select": [POPULAR], "token": "eyJhbGciOiJIUzI1NiJ9"}, "token"),
        ({"select": [POPULAR], "language": "portuguese"}, "language"),
        ({"select": [POPULAR], "starts": 1}, "starts"),
        ({"select": [{"discover": "movie", "params": {"with_genre": 18}}]}, "did you mean 'with_genres'?"),
        ({"select": [{"discover": "movie", "params": {"with_networks": 3}}]}, "not a parameter of /discover/movie"),
        ({"select": [{"discover": "tv", "params": {"sort_by": "title.asc"}}]}, "not an order of /discover/tv"),
        ({"select": [{"discover": "tv", "params": {"air_date.gte": "2001-02-30"}}]}, "no day of the calendar"),
        ({"select": [{"discover": "tv", "since": "2001-02-03"}]}, "`since` goes with changes"),
        ({"select": [{"list": "movie/popular", "params": {}}]}, "`params` goes with discover"),
        ({"select": [{"changes": "movie", "since": "2026-02-30"}]}, "no day of the calendar"),
        (
            {"select": [{"changes": "movie", "since": "yesterday"}]},
            "must be a day: year, month, day, not 'yesterday'; for example '2026-11-01'",
        ),
        ({"select": [{"changes": "movie"}, {"changes": "movie", "since": "2026-01-01"}]}, "stands here twice"),
        ({"select": [{"changes": "movie"}], "detail": False}, "need detail: true"),
        ({"select": [{"changes": "collection"}]}, "collection"),
        ({"select": [{"ids": ["tt0137523"], "as": "keyword"}]}, "no keyword"),
        ({"select": [{"ids": ["tt13x"], "as": "movie"}]}, "ids"),
        ({"select": [{"ids": {"csv": "x.csv", "seperator": "|"}, "as": "movie"}]}, "did you mean 'separator'?"),
        ({"select": [{"ids": {"column": "id"}, "as": "movie"}]}, "csv"),
        ({"select": [{"export": "tv", "skip_landed": "30d"}]}, "skip_landed stands beside `select`"),
        ({"select": [POPULAR], "skip_landed": "12h"}, "skip_landed"),
        ({"select": [{"reference": ["genre"]}]}, "did you mean 'genres'?"),
        ({"select": [POPULAR], "persons": {"cast": 3}}, "append credits to each movie"),
        ({"select": [POPULAR], "persons": {}, "append": ["credits"]}, "persons"),
        ({"select": [{"list": "tv/popular"}], "seasons": True, "detail": False}, "seasons are named by details"),
        ({"select": [POPULAR], "append": {"season": ["release_dates"]}}, "release_dates"),
        ({}, "select"),
    ],
    ids=str,
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    told = mistakes(tmp_path, **settings)
    assert says in told
    assert "tmdb.yaml:" in told


def test_a_key_in_the_place_of_a_reference_is_not_repeated(tmp_path: Path) -> None:
    assert "eyJhbGciOiJIUzI1NiJ9" not in mistakes(tmp_path, select=[POPULAR], token="eyJhbGciOiJIUzI1NiJ9")


@pytest.mark.parametrize("kind", ["movie", "tv"])
def test_more_appends_than_tmdb_takes_are_refused(tmp_path: Path, kind: str) -> None:
    every = sorted({name for names in APPENDS.values() for name in names})
    assert len(every) > MAX_APPENDS == 20
    assert "20" in mistakes(tmp_path, select=[{"list": f"{kind}/popular"}], append=every[:21])


def test_kinds_and_appends_follow_from_the_settings() -> None:
    select = [{"list": "tv/popular"}, {"trending": "all/day"}, {"ids": [1], "as": "person"}]
    assert list(kinds({"select": select})) == ["tv", "movie", "tv", "person", "person"]
    assert appends({"append": ["credits"]}, "person") == ()
    assert appends({"append": {"person": ["images"]}}, "person") == ("images",)
    assert appends({"append": {"person": ["images"]}}, "movie") == ()


def test_every_list_and_append_is_one_of_tmdbs_own(fixtures: Path) -> None:
    paths = set(json.loads((fixtures / "tmdb" / "openapi.json").read_text())["paths"])
    below = {
        "movie": "/3/movie/{movie_id}",
        "tv": "/3/tv/{series_id}",
        "person": "/3/person/{person_id}",
        "season": "/3/tv/{series_id}/season/{season_number}",
    }
    assert set(below) == set(APPENDS)
    unknown = [f"{below[stream]}/{name}" for stream in APPENDS for name in APPENDS[stream]]
    unknown = [path for path in unknown if path not in paths]
    assert unknown == []
    assert [name for name in LISTS if f"/3/{name}" not in paths] == []
    kinds_trending = {name.split("/")[0] for name in TRENDING}
    assert [kind for kind in kinds_trending if f"/3/trending/{kind}/{{time_window}}" not in paths] == []
