"""The event of the Lambda function: an allow-list, and nothing that it says reaches a file, a host or a plugin."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ingest_core.errors import UsageError
from ingest_core.lambda_handler import Event, parse_event


@pytest.mark.parametrize(
    ("event", "parsed"),
    [
        ({"source": "tmdb"}, Event("tmdb")),
        ({"source": "tmdb-daily_2"}, Event("tmdb-daily_2")),
        ({"source": "tmdb", "date": "2026-11-23"}, Event("tmdb", "2026-11-23")),
        ({"source": "tmdb", "date": "2026-11-23T02:00:00Z"}, Event("tmdb", "2026-11-23T02:00:00Z")),
        ({"source": "tmdb", "date": "2026-11-23T02:00:00-03:00"}, Event("tmdb", "2026-11-23T02:00:00-03:00")),
        ({"source": "tmdb", "limit": 1}, Event("tmdb", None, 1)),
        ({"source": "tmdb", "date": None, "limit": None, "refresh": False, "step": None}, Event("tmdb")),
    ],
)
def test_a_right_event_is_read(event: dict[str, Any], parsed: Event) -> None:
    assert parse_event(event) == parsed


@pytest.mark.parametrize(
    "key", ["lake", "bucket", "url", "base_url", "config", "settings", "plugin", "rate", "path", "Source", "", 5, None]
)
def test_a_key_beyond_the_allow_list_is_refused_and_the_list_is_told(key: object) -> None:
    with pytest.raises(UsageError, match=r"unknown .*allowed: source, date, limit"):
        parse_event({"source": "tmdb", key: "x"})


@pytest.mark.parametrize("event", [None, [], "tmdb", 5, True, b"{}", [("source", "tmdb")]])
def test_an_event_is_an_object(event: object) -> None:
    with pytest.raises(UsageError, match="not an object"):
        parse_event(event)


@pytest.mark.parametrize(
    "source",
    [None, "", "../tmdb", "tmdb.yaml", "/etc/x", "a/b", "TMDB", "tmdb\n", "-x", "é", "x" * 65, 5, ["tmdb"], {}, True],
)
def test_a_source_is_the_name_of_a_config(source: object) -> None:
    with pytest.raises(UsageError, match="'source' must be the name of a config"):
        parse_event({"source": source})


def test_an_event_without_a_source_is_refused() -> None:
    with pytest.raises(UsageError, match="'source' must be the name of a config"):
        parse_event({})


@pytest.mark.parametrize("limit", [0, -1, 1.0, 1.5, "5", True, False, [5], {}])
def test_a_limit_is_a_whole_number_from_1(limit: object) -> None:
    with pytest.raises(UsageError, match="'limit' must be a whole number from 1"):
        parse_event({"source": "tmdb", "limit": limit})


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "2026-02-30",
        "2026-13-01",
        "23/11/2026",
        "2026-11-23T02:00:00",
        "2026-11-23 ",
        "\uff12026-11-23",
    ],
)
def test_a_date_is_a_day_or_an_instant_with_its_offset(date: str) -> None:
    with pytest.raises(UsageError, match="neither a day nor an instant"):
        parse_event({"source": "tmdb", "date": date})


@pytest.mark.parametrize("date", [20261123, 5.0, True, ["2026-11-23"], {}])
def test_a_date_is_text(date: object) -> None:
    with pytest.raises(UsageError, match="'date' must be text"):
        parse_event({"source": "tmdb", "date": date})


@pytest.mark.parametrize(
    ("event", "parsed"),
    [
        ({"step": "check"}, Event("tmdb", step="check")),
        ({"step": "plan", "refresh": True}, Event("tmdb", None, None, True, "plan")),
        ({"step": "plan", "date": "2026-11-23"}, Event("tmdb", "2026-11-23", step="plan")),
        ({"step": "commit", "date": "2026-11-23"}, Event("tmdb", "2026-11-23", step="commit")),
        ({"step": "commit", "date": "2026-11-23", "round": 2}, Event("tmdb", "2026-11-23", step="commit")),
        (
            {"step": "land", "date": "2026-11-23", "round": 1, "segment": 0},
            Event("tmdb", "2026-11-23", None, False, "land", 1),
        ),
    ],
)
def test_a_step_is_read(event: dict[str, Any], parsed: Event) -> None:
    assert parse_event({"source": "tmdb", **event}) == parsed


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({"step": "Check"}, "must be one of check, plan, land, commit"),
        ({"step": 1}, "must be one of"),
        ({"step": ["plan"]}, "must be one of"),
        ({"step": "check", "date": "2026-11-23"}, "'check' stands without 'date'"),
        ({"step": "check", "refresh": True}, "'check' stands without 'refresh'"),
        ({"step": "plan", "limit": 5}, "'plan' stands without 'limit'"),
        ({"step": "commit", "date": "2026-11-23", "refresh": True}, "'commit' stands without 'refresh'"),
        ({"step": "commit"}, "has the 'date' of the step before"),
        ({"step": "land", "round": 0, "segment": 0}, "has the 'date' of the step before"),
        ({"step": "land", "date": "2026-11-23", "segment": 0}, "has a 'round', a whole number"),
        ({"step": "land", "date": "2026-11-23", "round": 0}, "has a 'segment', a whole number"),
        ({"step": "land", "date": "2026-11-23", "round": True, "segment": 0}, "has a 'round'"),
        ({"step": "land", "date": "2026-11-23", "round": -1, "segment": 0}, "has a 'round'"),
        ({"step": "land", "date": "2026-11-23", "round": 0, "segment": 2**70}, "has a 'segment'"),
        ({"step": "land", "date": "2026-11-23", "round": 0, "segment": "../x"}, "has a 'segment'"),
        ({"round": 1}, "'round' belongs to the step 'land'"),
        ({"segment": 0}, "'segment' belongs to the step 'land'"),
    ],
)
def test_what_is_wrong_about_a_step_is_told(event: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        parse_event({"source": "tmdb", **event})


@pytest.mark.parametrize("refresh", [1, "true", None, []])
def test_refresh_is_true_or_false(refresh: object) -> None:
    assert parse_event({"source": "tmdb", "refresh": True}).refresh is True
    assert parse_event({"source": "tmdb"}).refresh is False
    with pytest.raises(UsageError, match="'refresh' must be true or false"):
        parse_event({"source": "tmdb", "refresh": refresh})


def test_a_wrong_event_is_told_what_to_send() -> None:
    with pytest.raises(UsageError) as raised:
        parse_event({})
    assert '{"source": "tmdb"}' in raised.value.hint


ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2**70, 1.5, float("nan"), float("inf"), "", "tmdb", "a-b", "..", "a/b", "\0", "\ud800",
    "é", "x" * 5000, "2026-11-23", "2026-11-23T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "2026-W47-1", "2026-11-23T25:00:00Z", [], {}, ["tmdb"], {"source": "tmdb"}, b"tmdb",
]  # fmt: skip
KEYS: list[Any] = ["source", "date", "limit", "refresh", "step", "round", "segment"]
ODD_KEYS: list[Any] = ["lake", "", "x" * 500, "\ud800", 5, None, 1.5, ("a",)]


def odd_event(chance: random.Random) -> Any:
    if chance.random() < 0.02:
        return chance.choice(ODD)
    event = {key: chance.choice(ODD) for key in chance.sample(KEYS, chance.randrange(len(KEYS)))}
    if chance.random() < 0.7:
        event["source"] = "tmdb"
    if chance.random() < 0.2:
        event[chance.choice(ODD_KEYS)] = chance.choice(ODD)
    return event


def test_ten_thousand_odd_events_give_an_event_or_a_usage_error() -> None:
    chance = random.Random(20261123)
    read: list[Event] = []
    refused: list[str] = []
    for _ in range(10_000):
        try:
            read.append(parse_event(odd_event(chance)))
        except UsageError as error:
            refused.append(str(error))
    assert {event.source for event in read} <= {"tmdb", "a-b", "2026-11-23"}
    assert {event.limit for event in read} == {None, 1, 2**70}
    assert max(map(len, refused)) < 1000
    assert "".join(refused).encode("utf-8", "strict")
    assert len(read) > 200
    assert len(refused) > 1000
