"""Made-up posts: the keys the assignment asks for, ids that never meet, and the shape of the API they stand for."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ingest_source_twitter_stub.pages import page

from ingest_core.assembly import Wish, Workspace
from ingest_core.errors import ConfigError
from ingest_core.model import Report, Status

DAY = dt.date(2026, 11, 23)
Land = Callable[..., Report]


@pytest.fixture
def land(tmp_path: Path) -> Land:
    def run(date: str = "2026-11-23", lake: str | None = None, limit: int | None = None, **settings: Any) -> Report:
        config = tmp_path / "twitter_stub.yaml"
        document = {"source": "twitter_stub", "lake": lake or str(tmp_path / "lake"), "settings": settings}
        config.write_text(yaml.safe_dump(document))
        return Workspace({}).run(str(config), Wish(date=date, limit=limit))

    return run


@pytest.fixture
def landed(tmp_path: Path) -> Callable[[], dict[str, bytes]]:
    def read() -> dict[str, bytes]:
        files = (path for path in (tmp_path / "lake").glob("Raw/**/*") if path.is_file())
        return {path.relative_to(tmp_path / "lake").as_posix(): path.read_bytes() for path in files}

    return read


def posts(day: dt.date = DAY, query: str = "#cinema", size: int = 100) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(page(query, day, None, None, size))["data"]
    return found


@pytest.mark.parametrize("size", [10, 13, 40, 100])
def test_every_post_lands_once_under_its_id(land: Land, landed: Callable[[], dict[str, bytes]], size: int) -> None:
    report = land(page_size=size)
    expected = {f"Raw/Twitter/JSON/2026/11/23/{post['id']}.json": post for post in posts()}
    assert {key: json.loads(body) for key, body in landed().items()} == expected
    assert (report.status, report.counts.records, report.counts.requests) == (Status.DONE, 40, 0)


def test_bodies_are_cut_from_the_page_as_they_stand(land: Land, landed: Callable[[], dict[str, bytes]]) -> None:
    land(page_size=100)
    whole = page("#cinema", DAY, None, None, 100)
    assert all(whole.count(body) == 1 for body in landed().values())


def test_ids_of_different_days_never_meet_and_grow(land: Land, landed: Callable[[], dict[str, bytes]]) -> None:
    days = [DAY + dt.timedelta(days=number) for number in range(-3, 4)]
    ids = [[int(post["id"]) for post in posts(day)] for day in days]
    assert all(max(earlier) < min(later) for earlier, later in itertools.pairwise(ids))
    for day in days:
        land(day.isoformat())
    assert len({key.rpartition("/")[2] for key in landed()}) == 7 * 40


def test_the_newest_id_is_where_the_next_run_begins(land: Land) -> None:
    newest = max(int(post["id"]) for post in posts())
    report = land()
    assert report.checkpoint == {"since_id": str(newest)}
    assert land("2026-11-24").counts.records == 40
    assert land("2026-11-22").counts.records == 40


def test_a_rerun_finds_the_run_done(land: Land) -> None:
    land()
    again = land()
    assert (again.status, again.already_done, again.counts.records) == (Status.DONE, True, 40)


def test_invented_posts_do_not_go_into_a_real_lake_by_mistake(land: Land) -> None:
    with pytest.raises(ConfigError, match=r"made-up posts.*allow_made_up"):
        land(lake="s3://a-real-lake")


def test_invented_posts_go_into_a_real_lake_where_that_is_asked_for(tmp_path: Path) -> None:
    config = tmp_path / "x.yaml"
    config.write_text("source: twitter_stub\nlake: s3://a-real-lake\nsettings: {allow_made_up: true}\n")
    assert Workspace({}).use(str(config), Wish()).config.lake == "s3://a-real-lake"


def test_pages_follow_each_other_until_there_is_no_token() -> None:
    found, token = [], None
    for _ in range(5):
        told = json.loads(page("q", DAY, None, token, 9))
        found += [post["id"] for post in told["data"]]
        assert told["meta"]["result_count"] == len(told["data"])
        assert (told["meta"]["newest_id"], told["meta"]["oldest_id"]) == (told["data"][0]["id"], told["data"][-1]["id"])
        token = told["meta"].get("next_token")
    assert token is None
    assert found == [post["id"] for post in posts()]
    assert found == sorted(found, key=int, reverse=True)


@pytest.mark.parametrize(("size", "has_more"), [(39, True), (40, False), (41, False)])
def test_a_full_last_page_has_no_successor(size: int, has_more: bool) -> None:
    assert ("next_token" in json.loads(page("q", DAY, None, None, size))["meta"]) is has_more


def test_nothing_newer_is_a_page_without_posts() -> None:
    newest = posts()[0]["id"]
    assert json.loads(page("q", DAY, newest, None, 10)) == {"meta": {"result_count": 0}}
    assert [post["id"] for post in json.loads(page("q", DAY, posts()[1]["id"], None, 10))["data"]] == [newest]


def test_a_run_with_nothing_newer_lands_nothing_and_keeps_the_checkpoint(land: Land) -> None:
    first = land("2026-11-24")
    again = land("2026-11-23")
    assert first.checkpoint == {"since_id": posts(dt.date(2026, 11, 24))[0]["id"]}
    assert again.counts.records == 40


def test_the_same_question_has_the_same_bytes_and_another_one_has_others() -> None:
    assert page("q", DAY, None, None, 10) == page("q", DAY, None, None, 10)
    assert page("q", DAY, None, None, 10) != page("r", DAY, None, None, 10)


def test_authors_of_a_page_are_included_with_it() -> None:
    told = json.loads(page("q", DAY, None, None, 10))
    assert {user["id"] for user in told["includes"]["users"]} == {post["author_id"] for post in told["data"]}


def test_a_page_has_the_shape_of_the_real_ones() -> None:
    examples = Path(__file__).resolve().parents[4] / "shared" / "fixtures" / "x"
    if not examples.is_dir():
        pytest.skip("the examples of X's documentation are not part of the project and not here")
    whole = json.loads((examples / "recent_search_example_2.json").read_text())
    ours = json.loads(page("q", DAY, None, None, 10))
    assert set(ours) == set(whole)
    assert set(whole["meta"]) <= set(ours["meta"]) <= set(whole["meta"]) | {"next_token"}
    assert set(ours["data"][0]) == set(whole["data"][0])
    for name, value in whole["data"][0].items():
        assert type(ours["data"][0][name]) is type(value)
    assert set(ours["data"][0]["public_metrics"]) <= set(whole["data"][0]["public_metrics"])
    assert len(ours["data"][0]["created_at"]) == len(whole["data"][0]["created_at"])
    assert {"id", "username"} <= set(ours["includes"]["users"][0])
