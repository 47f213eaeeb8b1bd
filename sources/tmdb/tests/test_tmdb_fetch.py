"""Pages and details without a network: the cap of 500 pages, odd answers, and bytes as the live API sent them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.connection import classify
from ingest_source_tmdb.fetch import fetch

from ingest_core import Answer, Context, Missing, Outcome, Record, Ref, Rejected, Request, Slice, Truncated

DAY = dt.date(2026, 11, 23)
PAGE = {"path": "/movie/popular", "kind": "movie", "first": 1, "last": 1}


class CannedApi:
    """Answers every request with what `say` makes of it, judged as the source judges."""

    def __init__(self, say: Callable[[Request], tuple[int, bytes]]) -> None:
        self._say = say
        self.asked: list[Request] = []

    def get(self, path: str, **params: Any) -> Answer:
        raise AssertionError("the source asks with get_many alone")

    def get_many(self, requests: Iterable[Request | str]) -> Iterator[Answer]:
        for request in requests:
            assert isinstance(request, Request)
            self.asked.append(request)
            status, body = self._say(request)
            answer = Answer(
                status=status,
                headers={},
                body=body,
                url=request.path,
                fetched_at=dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
            )
            yield replace(answer, outcome=classify(answer) or Outcome.OK, reason="as told")


def context(api: CannedApi, **settings: Any) -> Context:
    def nothing(*_: object) -> Any:
        raise AssertionError("the source reads no file and no history")

    return Context({"detail": True, "append": [], **settings}, DAY, {}, api, nothing, nothing)


def page_of(rows: list[Any], **more: Any) -> Callable[[Request], tuple[int, bytes]]:
    return lambda request: (200, json.dumps({"page": 1, "results": rows, **more}).encode())


def fetched(say: Callable[[Request], tuple[int, bytes]], pages: int | str = "all", **settings: Any) -> list[Any]:
    api = CannedApi(say)
    return list(fetch(context(api, **settings), Slice("0-movie-popular-p1", {**PAGE, "pages": pages})))


def test_more_than_500_pages_are_read_as_500_and_said_to_be_cut_off() -> None:
    found = fetched(page_of([], total_pages=600, total_results=12_000))
    truncated = [item for item in found if isinstance(item, Truncated)]
    assert [(item.name, item.reason) for item in truncated] == [
        ("movie/popular", "TMDB serves 500 pages of 600: 10,000 of 12,000 rows")
    ]
    rest = [item for item in found if isinstance(item, Slice)]
    asked = [page for item in rest for page in range(item.params["first"], item.params["last"] + 1)]
    assert asked == list(range(2, 501))
    assert len({item.name for item in rest}) == len(rest)
    assert found[-len(rest) :] == rest


@pytest.mark.parametrize(("pages", "total"), [("all", 500), (3, 600), (1, 600)])
def test_what_was_not_asked_for_is_not_said_to_be_cut_off(pages: int | str, total: int) -> None:
    found = fetched(page_of([], total_pages=total, total_results=total * 20), pages)
    assert not [item for item in found if isinstance(item, Truncated)]


def test_a_later_page_hands_nothing_over() -> None:
    api = CannedApi(page_of([{"id": 1}], total_pages=600, total_results=12_000))
    slice = Slice("0-movie-popular-p2", {**PAGE, "first": 2, "last": 4, "pages": "all"})
    assert list(fetch(context(api), slice)) == [Ref("movie", 1)] * 3
    assert [request.params["page"] for request in api.asked] == [2, 3, 4]


@pytest.mark.parametrize("row", [{"id": None}, {"id": "603"}, {"title": "x"}, 7, None], ids=str)
def test_a_row_without_an_id_costs_itself_alone(row: Any) -> None:
    found = fetched(page_of([{"id": 1}, row, {"id": 2}], total_pages=1, total_results=3))
    assert [item for item in found if isinstance(item, Ref)] == [Ref("movie", 1), Ref("movie", 2)]
    rejected = [item for item in found if isinstance(item, Rejected)]
    assert [json.loads(item.body) for item in rejected] == [row]


def test_a_page_without_a_total_of_rows_is_cut_off_all_the_same() -> None:
    found = fetched(page_of([{"id": 1}], total_pages=600))
    assert [item.name for item in found if isinstance(item, Truncated)] == ["movie/popular"]


def test_a_row_of_an_unknown_kind_costs_itself_alone() -> None:
    api = CannedApi(page_of([{"id": 1, "media_type": "movie"}, {"id": 2, "media_type": "collection"}]))
    slice = Slice("p1", {"path": "/trending/all/day", "kind": "all", "first": 2, "last": 2, "pages": 2})
    # A stream has to be a word of the source's; what the row itself said is in the reason.
    first, second = fetch(context(api), slice)
    assert first == Ref("movie", 1)
    assert isinstance(second, Rejected)
    assert "collection" in second.reason


def recorded(fixtures: Path) -> list[Path]:
    folder = fixtures / "tmdb" / "recorded-2025"
    return sorted(path for path in folder.glob("*.json") if ".response-meta" not in path.name)


def test_every_recorded_answer_is_a_record_byte_for_byte(fixtures: Path) -> None:
    bodies = [path.read_bytes() for path in recorded(fixtures) if not path.name.startswith("error")]
    assert len(bodies) > 10
    api = CannedApi(lambda request: (200, bodies[int(request.path.rpartition("/")[2])]))
    ids = tuple(str(number) for number in range(len(bodies)))
    found = list(fetch(context(api), Slice("r1-movie-00000", {}, "movie", ids)))
    assert [(item.id, item.body) for item in found if isinstance(item, Record)] == list(zip(ids, bodies, strict=True))


def test_the_recorded_error_is_a_missing_id(fixtures: Path) -> None:
    errors = [path for path in recorded(fixtures) if path.name.startswith("error")]
    assert errors
    for path in errors:
        body = path.read_bytes()
        api = CannedApi(lambda request, body=body: (404, body))  # type: ignore[misc]
        assert list(fetch(context(api), Slice("r1", {}, "movie", ("0",)))) == [Missing("movie", "0", "as told")]


def test_recorded_lists_are_cut_into_rows_that_are_their_own_bytes(fixtures: Path) -> None:
    for name in ("search_movie_query_Inception.json", "search_tv_query_Breaking_Bad.json"):
        body = (fixtures / "tmdb" / "recorded-2025" / name).read_bytes()
        api = CannedApi(lambda request, body=body: (200, body))  # type: ignore[misc]
        slice = Slice("p2", {**PAGE, "first": 2, "last": 2, "pages": 2})
        rows = [item for item in fetch(context(api, detail=False), slice) if isinstance(item, Record)]
        assert [json.loads(row.body) for row in rows] == json.loads(body)["results"]
        assert all(row.body in body for row in rows)
