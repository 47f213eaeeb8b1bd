"""What becomes a record, with which id, byte for byte; and what stands for the words in braces."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_pages import BASE, LandPages, Pages, asked, ids

from ingest_core.model import Status

NASTY = (
    rb'{ "id": 1,"b":1.50,  "big":12345678901234567890123, "e":1e400,"tiny":1E-7, "minus0":-0, "null":null,'
    rb' "":"empty key", "id ":2, "caf\u00e9":"\ud83d\ude00 \/",'
    rb' "twice":1,"twice":2, "nested":{"z":1,"a":[1.0, 2.00 ]} }'
)


def test_rows_are_cut_from_the_page_as_they_stand(land_pages: LandPages) -> None:
    page = b'{"meta": {"n":1},\n "items" : [' + NASTY + b' ,\t{"id":2}]}'
    trial = land_pages(lambda path, params: page, {"rows": "items"})
    assert dict(zip(ids(trial), (trial.records[key] for key in sorted(trial.records)), strict=True)) == {
        "1": NASTY,
        "2": b'{"id":2}',
    }


def test_the_answer_itself_may_be_the_array_or_the_record(land_pages: LandPages) -> None:
    assert ids(land_pages(lambda path, params: [{"id": "a"}, {"id": "b"}], {})) == ["a", "b"]
    trial = land_pages(lambda path, params: NASTY, {"single": True})
    assert list(trial.records.values()) == [NASTY]
    dated = land_pages(lambda path, params: {"rates": {}}, {"single": True, "id": "{date}"})
    assert ids(dated) == ["2026-11-23"]


def test_rows_may_lie_deep(land_pages: LandPages) -> None:
    assert ids(land_pages(lambda path, params: {"a": {"b": [{"id": 1}]}}, {"rows": "a.b"})) == ["1"]


@pytest.mark.parametrize("page", [{}, {"items": None}, {"items": {}}, [], "text"])
def test_a_page_without_its_array_is_an_error_and_not_an_empty_page(land_pages: LandPages, page: Any) -> None:
    trial = land_pages(lambda path, params: page, {"rows": "items"})
    assert trial.report.status is Status.FAILED


def test_the_array_may_be_missing_where_the_page_says_that_it_has_no_rows(land_pages: LandPages) -> None:
    stream = {"rows": "data", "count": "meta.result_count"}
    none = land_pages(lambda path, params: {"meta": {"result_count": 0}}, stream)
    assert (none.report.status, none.records) == (Status.DONE, {})
    for page in ({"meta": {"result_count": 2}}, {"errors": [1]}, {"meta": {}}):
        assert land_pages(lambda path, params, page=page: page, stream).report.status is Status.FAILED


def test_an_id_may_be_of_several_fields_and_no_two_rows_share_one(land_pages: LandPages) -> None:
    pairs = [("a", 1), ("a.1", "x"), ("a", "1.x"), ("a%2E1", "x"), (0, "0")]
    rows = [{"user": {"id": one}, "n": other} for one, other in pairs]
    trial = land_pages(lambda path, params: rows, {"id": ["user.id", "n"]})
    assert len(trial.records) == len(pairs)
    parts = [json.loads(body) for key, body in trial.lake.bodies("_ingest/").items() if "/parts/" in key]
    assert sorted(landed["id"] for part in parts for landed in part["records"]) == [
        "0.0", "a%252E1.x", "a%2E1.x", "a.1", "a.1%2Ex",
    ]  # fmt: skip


@pytest.mark.parametrize("id", [None, True, 1.5, "", {}, []])
@pytest.mark.parametrize("detail", [{}, {"detail": {"path": "/things/{id}"}}])
def test_a_row_without_an_id_costs_itself_alone(land_pages: LandPages, id: Any, detail: dict[str, Any]) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        return [{"id": id}, {"id": 0}] if path == "/things" else {"id": 0}

    trial = land_pages(reply, {**detail})
    assert (trial.report.counts.records, trial.report.counts.rejected) == (1, 1)
    several = land_pages(lambda path, params: [{"id": id, "n": 1}, {"id": 0, "n": 1}], {"id": ["id", "n"]})
    if id != "":
        assert (several.report.counts.records, several.report.counts.rejected) == (1, 1)


def test_details_land_instead_of_rows_each_id_once(land_pages: LandPages) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        if path == "/things":
            return {"items": [{"id": 1}, {"id": "a/b"}, {"id": 1}, {"id": "gone"}]}
        if "gone" in path:
            return b"", {"status": "404"}
        return NASTY

    stream = {"rows": "items", "detail": {"path": "/things/{id}/full", "params": {"lang": "pt", "on": "{date}"}}}
    trial = land_pages(reply, stream)
    assert sorted(asked(trial)) == [
        "/things",
        "/things/1/full?lang=pt&on=2026-11-23",
        "/things/a%2Fb/full?lang=pt&on=2026-11-23",
        "/things/gone/full?lang=pt&on=2026-11-23",
    ]
    assert set(trial.records.values()) == {NASTY}
    assert (trial.report.counts.records, trial.report.counts.missing) == (2, 1)


def test_several_streams_land_beside_each_other(land_pages: LandPages) -> None:
    streams = [{"name": name, "path": f"/{name}s"} for name in ("user", "team")]
    assert ids(land_pages(lambda path, params: [{"id": 1}], streams)) == ["team-1", "user-1"]


def test_two_lists_of_one_stream_take_each_id_once(land_pages: LandPages) -> None:
    streams = [{"name": "user", "path": path} for path in ("/new", "/all")]
    trial = land_pages(lambda path, params: [{"id": 1}, {"id": 2 if path == "/new" else 3}], streams)
    assert (ids(trial), trial.report.counts.repeated) == (["1", "2", "3"], 1)


def test_the_date_is_placed_in_paths_and_parameters(land_pages: LandPages) -> None:
    stream = {
        "path": "/top/{year}/{month}/{day}",
        "params": {"from": "{date}T00:00:00Z", "begin": "{year}{month}{day}", "json": '{"a": 1}'},
    }
    (url,) = asked(land_pages(lambda path, params: [{"id": 1}], stream))
    expected = "/top/2026/11/23?from=2026-11-23T00%3A00%3A00Z&begin=20261123&json=%7B%22a%22%3A+1%7D"
    assert url == expected


def test_an_answer_that_says_it_is_an_error_lands_nowhere(land_pages: LandPages) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        return [{"id": 1}, {"id": 2}] if path == "/things" else {"error": {"code": 6}} if path[-1] == "1" else {"id": 2}

    trial = land_pages(reply, {"detail": {"path": "/things/{id}"}}, error="error.code")
    assert (trial.report.counts.records, trial.report.counts.rejected) == (1, 1)


@pytest.mark.parametrize(
    ("auth", "url", "header"),
    [
        ({}, f"{BASE}/things", None),
        ({"bearer": "env:THINGS_KEY"}, f"{BASE}/things", ("Authorization", "Bearer k3y-of-all")),
        ({"header": {"name": "X-Key", "key": "env:THINGS_KEY"}}, f"{BASE}/things", ("X-Key", "k3y-of-all")),
        (
            {"header": {"name": "Authorization", "key": "env:THINGS_KEY", "prefix": "Bot "}},
            f"{BASE}/things",
            ("Authorization", "Bot k3y-of-all"),
        ),
        ({"query": {"name": "api_key", "key": "env:THINGS_KEY"}}, f"{BASE}/things?api_key=k3y-of-all", None),
        (
            {"basic": {"user": "me", "password": "env:THINGS_KEY"}},
            f"{BASE}/things",
            ("Authorization", "Basic bWU6azN5LW9mLWFsbA=="),
        ),
        ({"basic": {"key": "env:THINGS_KEY"}}, f"{BASE}/things", ("Authorization", "Basic azN5LW9mLWFsbDo=")),
    ],
)
def test_requests_are_signed_as_the_settings_say(
    land_pages: LandPages,
    monkeypatch: pytest.MonkeyPatch,
    auth: dict[str, Any],
    url: str,
    header: tuple[str, str] | None,
) -> None:
    monkeypatch.setenv("THINGS_KEY", "k3y-of-all")
    pages = Pages(lambda path, params: [{"id": 1}])
    land_pages(pages, {}, headers={"X-Version": "7"}, **({"auth": auth} if auth else {}))
    (request,) = pages.sent
    assert request.url == url
    assert header is None or request.headers[header[0]] == header[1]
    assert request.headers["X-Version"] == "7"


@pytest.mark.parametrize(
    ("incremental", "values", "checkpoint", "second"),
    [
        ({"field": "at"}, ["2026-01-02T00:00:00Z", "2026-01-01T23:00:00-02:00", None], 1, "2026-01-01T23:00:00-02:00"),
        ({"field": "at", "lag": "1h"}, ["2026-01-02T10:00:00Z"], 0, "2026-01-02T09:00:00Z"),
        ({"field": "at", "lag": "90m"}, ["2026-01-02T10:00:00.123"], 0, "2026-01-02T08:30:00"),
        ({"field": "at", "lag": "2d"}, ["2026-01-02", "2025-12-31"], 0, "2025-12-31"),
        ({"field": "at", "type": "unix", "lag": "1m"}, [1700000000, 1700000060], 1, "1700000000"),
        ({"field": "at", "type": "number"}, ["9", "10", "1212092628029698048"], 2, "1212092628029698048"),
        ({"field": "at", "type": "number"}, [9, 12345678901234567890123, 10], 1, "12345678901234567890123"),
    ],
)
def test_the_next_run_begins_where_the_largest_value_was_less_its_lag(
    rest: Any, incremental: dict[str, Any], values: list[Any], checkpoint: int, second: str
) -> None:
    from ingest_source_rest.increment import begin, newest

    from ingest_core import Row

    incremental = {"type": "timestamp", **incremental}
    rows = [Row(json.dumps({"at": value}).encode()) for value in values]
    largest = newest(incremental, rows, None)
    assert largest == values[checkpoint]
    assert begin(incremental, largest) == second
    assert newest(incremental, rows[::-1], largest) == largest
    assert newest(incremental, [], largest) == largest


def test_the_checkpoint_is_the_largest_of_all_pages_whatever_their_order(land_pages: LandPages) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        page = int(params["page"])
        return {"items": [{"id": page, "at": [5, 9, 7][page - 1]}], "total": 3}

    stream = {
        "rows": "items",
        "paging": {"page": {"total_pages": "total"}},
        "params": {"since": "{checkpoint}"},
        "incremental": {"field": "at", "type": "number"},
    }
    trial = land_pages(reply, stream)
    assert trial.report.checkpoint == {"thing": 9}
    assert asked(trial) == [f"/things?page={page}" for page in (1, 2, 3)]


def test_the_first_run_starts_where_the_settings_say(land_pages: LandPages) -> None:
    stream = {"params": {"since": ">{checkpoint}"}, "incremental": {"field": "at", "start": "2026-01-01"}}
    assert asked(land_pages(lambda path, params: [], stream)) == ["/things?since=%3E2026-01-01"]


@pytest.mark.parametrize("value", ["yesterday", 7, True, {}])
def test_a_value_that_is_no_timestamp_fails_the_run(land_pages: LandPages, value: Any) -> None:
    stream = {"params": {"since": "{checkpoint}"}, "incremental": {"field": "at"}}
    trial = land_pages(lambda path, params: [{"id": 1, "at": value}], stream)
    assert trial.report.status is Status.FAILED
    assert trial.report.error is not None
    assert "no timestamp" in trial.report.error.what
