"""Each kind of paging: which pages are asked for, where a list ends, and what is an error."""

from __future__ import annotations

from typing import Any

import pytest
from rest_pages import BASE, LandPages, asked, ids

from ingest_core.model import Status
from ingest_core.run import HandOver
from ingest_core.testing import Conditions

ALL = [{"id": number} for number in range(1, 26)]
EVERY = sorted(str(row["id"]) for row in ALL)
EACH_PAGE_IS_A_SLICE = Conditions(hand_over=HandOver(records=0))


def slices_of(rows: list[Any], size: int) -> list[list[Any]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def by_page(path: str, params: dict[str, str]) -> Any:
    pages = slices_of(ALL, 10)
    number = int(params["page"])
    return {"items": pages[number - 1] if number <= 3 else [], "total_pages": 3, "has_more": number < 3}


def by_offset(path: str, params: dict[str, str]) -> Any:
    start = int(params["offset"])
    return {"items": ALL[start : start + int(params["limit"])], "total": 25}


def by_cursor(path: str, params: dict[str, str]) -> Any:
    start = int(params.get("cursor", "c0")[1:])
    following = f"c{start + 10}" if start + 10 < 25 else None
    return {"items": ALL[start : start + 10], "meta": {"next": following}}


def by_link(path: str, params: dict[str, str]) -> Any:
    page = int(params.get("page", "1"))
    links = [f'<{BASE}/things?page=1>; rel="first"']
    if page < 3:
        links.insert(0, f'<{BASE}/things?q=a%2Cb&page={page + 1}>; title="a, b"; rel="next last"')
    return {"items": slices_of(ALL, 10)[page - 1]}, {"link": ", ".join(links)}


def by_next_url(path: str, params: dict[str, str]) -> Any:
    page = int(params.get("page", "1"))
    return {"items": slices_of(ALL, 10)[page - 1], "next": f"/v1/things?page={page + 1}" if page < 3 else None}


def by_last_id(path: str, params: dict[str, str]) -> Any:
    start = int(params.get("starting_after", "0"))
    return {"items": ALL[start : start + 10], "has_more": start + 10 < 25}


KINDS = {
    "page": (by_page, {"page": {}}),
    "page with a total": (by_page, {"page": {"total_pages": "total_pages"}}),
    "offset": (by_offset, {"offset": {"size": 10, "size_param": "limit"}}),
    "offset with a total": (by_offset, {"offset": {"size": 10, "size_param": "limit", "total": "total"}}),
    "cursor": (by_cursor, {"cursor": {"at": "meta.next"}}),
    "link": (by_link, {"link": {}}),
    "next_url": (by_next_url, {"next_url": {"at": "next"}}),
    "last_id": (by_last_id, {"last_id": {"param": "starting_after"}}),
}


@pytest.mark.parametrize("conditions", [None, EACH_PAGE_IS_A_SLICE])
@pytest.mark.parametrize("kind", KINDS)
def test_every_row_of_every_page_lands_once(land_pages: LandPages, kind: str, conditions: Conditions | None) -> None:
    reply, paging = KINDS[kind]
    trial = land_pages(reply, {"rows": "items", "paging": paging}, conditions)
    assert trial.report.status is Status.DONE, trial.report
    assert ids(trial) == EVERY
    assert trial.report.counts.repeated == 0


def test_numbered_pages_end_with_the_first_one_without_rows(land_pages: LandPages) -> None:
    assert asked(land_pages(by_page, {"rows": "items", "paging": {"page": {}}})) == [
        f"/things?page={page}" for page in (1, 2, 3, 4)
    ]


def test_a_short_page_or_a_field_ends_the_list_where_the_settings_say_so(land_pages: LandPages) -> None:
    for paging, stop in (
        ({"page": {"size": 10}}, {"short_page": True}),
        ({"page": {}}, {"more": "has_more"}),
        ({"page": {"total_pages": "total_pages"}}, {}),
    ):
        trial = land_pages(by_page, {"rows": "items", "paging": paging, "stop": stop})
        assert len(trial.exchanges) == 3
        assert ids(trial) == EVERY


def test_the_parameters_of_a_page_are_those_that_the_settings_name(land_pages: LandPages) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        return {"items": ALL[:5] if params["p"] == "0" else []}

    paging = {"page": {"param": "p", "first": 0, "size": 5, "size_param": "n"}}
    trial = land_pages(reply, {"rows": "items", "paging": paging, "params": {"q": "x y", "all": True}})
    assert asked(trial) == ["/things?q=x+y&all=true&p=0&n=5", "/things?q=x+y&all=true&p=1&n=5"]


def test_pages_that_are_counted_beforehand_are_asked_for_side_by_side(land_pages: LandPages) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        return {"items": [{"id": int(params["page"])}], "total_pages": 23}

    trial = land_pages(reply, {"rows": "items", "paging": {"page": {"total_pages": "total_pages"}}})
    assert trial.report.counts.records == 23
    parts = [key for key in trial.lake.bodies("_ingest/") if "/parts/" in key]
    assert len(parts) == 1 + 5


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_pages_are_read_than_stop_says_and_what_is_left_is_told(land_pages: LandPages, kind: str) -> None:
    reply, paging = KINDS[kind]
    trial = land_pages(reply, {"rows": "items", "paging": paging, "stop": {"pages": 2}})
    assert (trial.report.status, trial.report.counts.records, len(trial.exchanges)) == (Status.DONE, 20, 2)
    assert len(trial.report.truncated) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_that_goes_on_past_its_cap_is_an_error(land_pages: LandPages, kind: str) -> None:
    reply, paging = KINDS[kind]
    trial = land_pages(reply, {"rows": "items", "paging": paging, "max_pages": 2})
    assert trial.report.status is Status.FAILED
    assert trial.report.error is not None
    assert "max_pages: 2" in trial.report.error.what
    assert trial.report.manifest is None


@pytest.mark.parametrize("length", [1, 2, 3, 7])
@pytest.mark.parametrize("conditions", [None, EACH_PAGE_IS_A_SLICE])
def test_a_cursor_that_comes_again_is_an_error_and_no_loop(
    land_pages: LandPages, length: int, conditions: Conditions | None
) -> None:
    count = 0

    def reply(path: str, params: dict[str, str]) -> Any:
        nonlocal count
        count += 1  # the rows are new each time, as where a list shifts while it is paged
        here = int(params.get("cursor", "c0")[1:])
        return {"items": [{"id": count}], "meta": {"next": f"c{3 + (here - 2) % length if here >= 3 else here + 1}"}}

    trial = land_pages(reply, {"rows": "items", "paging": {"cursor": {"at": "meta.next"}}}, conditions)
    assert trial.report.status is Status.FAILED
    assert trial.report.error is not None
    assert "in circles" in trial.report.error.what
    assert len(trial.exchanges) <= 3 * (3 + length)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "total" not in kind])
def test_an_api_that_gives_its_first_page_for_ever_is_an_error(land_pages: LandPages, kind: str) -> None:
    reply, paging = KINDS[kind]

    def stuck(path: str, params: dict[str, str]) -> Any:
        start = {"page": "1", "offset": "0"}.get(kind)
        return reply(path, ({kind: start} if start else {}) | {"limit": "10"})

    trial = land_pages(stuck, {"rows": "items", "paging": paging})
    assert trial.report.status is Status.FAILED
    assert trial.report.error is not None
    assert "very rows" in trial.report.error.what or "in circles" in trial.report.error.what
    assert len(trial.exchanges) == 2


def test_an_empty_page_with_a_cursor_is_not_the_last(land_pages: LandPages) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        return {"items": [{"id": 1}], "meta": {}} if "cursor" in params else {"items": [], "meta": {"next": "c1"}}

    assert ids(land_pages(reply, {"rows": "items", "paging": {"cursor": {"at": "meta.next"}}})) == ["1"]


@pytest.mark.parametrize("cursor", [True, 1.5, {"a": 1}, [1]])
def test_a_cursor_that_none_can_be_asked_with_fails_the_run(land_pages: LandPages, cursor: Any) -> None:
    trial = land_pages(
        lambda path, params: {"items": [{"id": 1}], "next": cursor},
        {"rows": "items", "paging": {"cursor": {"at": "next"}}},
    )
    assert trial.report.status is Status.FAILED
    assert trial.report.error is not None
    assert "'next' is a" in trial.report.error.what


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/things?page=2", "//evil.example/v1/things", "http://api.example.org.evil.example/"],
)
@pytest.mark.parametrize("kind", ["link", "next_url"])
def test_a_next_page_on_another_host_is_refused_and_not_asked(land_pages: LandPages, kind: str, elsewhere: str) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        return {"items": ALL[:1], "next": elsewhere}, {"link": f'<{elsewhere}>; rel="next"'}

    trial = land_pages(reply, {"rows": "items", "paging": KINDS[kind][1]})
    assert trial.report.status is Status.FAILED
    assert trial.report.error is not None
    assert "another host" in trial.report.error.what
    assert len(trial.exchanges) == 1


def test_a_next_page_on_a_host_that_the_settings_name_is_asked(land_pages: LandPages) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        if "page" in params:
            return {"items": ALL[1:2]}
        return {"items": ALL[:1], "next": "https://eu.example.org/v1/things?page=2"}

    trial = land_pages(reply, {"rows": "items", "paging": {"next_url": {"at": "next"}}}, hosts=["eu.example.org"])
    assert [exchange.host for exchange in trial.exchanges] == ["api.example.org", "eu.example.org"]
    assert ids(trial) == ["1", "2"]


def test_a_key_that_the_api_writes_into_its_next_url_is_kept_nowhere(
    land_pages: LandPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THINGS_KEY", "k3y/0f=all")

    def reply(path: str, params: dict[str, str]) -> Any:
        page = int(params.get("page", "1"))
        following = f"{BASE}/things?api%5Fkey=k3y%2F0f%3Dall&page={page + 1}&q=a%2Cb"
        return {"items": ALL[page : page + 1], "next": following if page < 3 else None}

    trial = land_pages(
        reply,
        {"rows": "items", "paging": {"next_url": {"at": "next"}}},
        EACH_PAGE_IS_A_SLICE,
        auth={"query": {"name": "api_key", "key": "env:THINGS_KEY"}},
    )
    assert trial.report.counts.records == 3
    assert all(exchange.url.count("api_key=k3y%2F0f%3Dall") == 1 for exchange in trial.exchanges)
    assert "q=a%2Cb" in trial.exchanges[1].url
    kept = b"".join(trial.lake.bodies("").values())
    assert b"k3y" not in kept


@pytest.mark.parametrize(
    ("header", "following"),
    [
        ('<{base}/things?page=2>; rel="next"', True),
        ("<{base}/things?page=2>; rel=next", True),
        ('<{base}/things?page=2>;REL="NEXT next"', True),
        ('</v1/things?page=2>;title="a; b, c";rel="next"', True),
        ('<{base}/things?page=9>; rel="prev",<{base}/things?page=2>;rel="next"', True),
        ('<{base}/things?page=2>; rel="last"', False),
        ("<{base}/things?page=2>", False),
        ('<{base}/things?page=2>; rel="nextish"', False),
        ("", False),
        ("<" * 50_000, False),
        ("<x>; a" + " " * 60_000 + "!", False),
    ],
)
def test_a_link_header_is_read_as_rfc_8288_writes_it(land_pages: LandPages, header: str, following: bool) -> None:
    def reply(path: str, params: dict[str, str]) -> Any:
        return [{"id": params.get("page", "1")}], {} if params else {"link": header.replace("{base}", BASE)}

    trial = land_pages(reply, {"paging": {"link": {}}})
    assert ids(trial) == (["1", "2"] if following else ["1"])
