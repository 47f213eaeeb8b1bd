"""Whose day a run is about."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from ingest_core.config import logical_date
from ingest_core.config.dates import time_zone
from ingest_core.errors import UsageError

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2026-11-23", SAO_PAULO, dt.date(2026, 11, 23)),
        ("2026-11-23T02:00:00Z", SAO_PAULO, dt.date(2026, 11, 22)),
        ("2026-11-23T02:00:00Z", dt.UTC, dt.date(2026, 11, 23)),
        ("2026-11-23T03:00:00Z", SAO_PAULO, dt.date(2026, 11, 23)),
        ("2026-11-22T23:30:00-03:00", dt.UTC, dt.date(2026, 11, 23)),
        ("2026-11-23T02:00:00.123456+00:00", SAO_PAULO, dt.date(2026, 11, 22)),
        ("2024-02-29", dt.UTC, dt.date(2024, 2, 29)),
        (None, SAO_PAULO, dt.date(2026, 11, 22)),
        (None, dt.UTC, dt.date(2026, 11, 23)),
    ],
)
def test_a_day_stands_and_an_instant_is_the_day_it_is_there(text: str | None, zone: dt.tzinfo, day: dt.date) -> None:
    assert logical_date(text, zone, NOW) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2026-11-23T02:00:00",
        "2026-02-30",
        "2023-02-29",
        "2026-1-2",
        "20261123",
        "2026-11-23 ",
        "2026-11-23\n",
        "2026-11-23T25:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "x" * 10_000,
    ],
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="neither a day nor an instant") as raised:
        logical_date(text, SAO_PAULO, NOW)
    assert len(str(raised.value)) < 200


def test_a_time_zone_has_an_iana_name() -> None:
    assert time_zone("America/Sao_Paulo") == SAO_PAULO
    for name in ("Mars/Base", "", "../../etc/passwd", "/etc/localtime", "America", "a\0b", "x" * 5000):
        assert time_zone(name) is None, name
