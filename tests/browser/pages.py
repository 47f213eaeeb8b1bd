"""Pages to be looked at: a year of five configs, a bad day, a first day, and names that mean no good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from ingest_core.keys import ControlKeys
from ingest_core.report import Subject, page, read_picture
from ingest_core.state import Phase
from ingest_core.testing import MemoryLake
from tests.report.made_up import (
    NOW,
    TODAY,
    detailed,
    fill,
    put_accounts,
    put_manifest,
    put_quarantined,
    put_state,
)

NOTICES = {"tmdb": "This product uses the TMDB API but is not endorsed or certified by TMDB."}
SETTINGS = {
    "source": "tmdb",
    "lake": "s3://my-data-lake",
    "timezone": "America/Sao_Paulo",
    "rate": 40,
    "connections": 20,
    "max_failed": "1%",
    "settings": {
        "base_url": "https://api.themoviedb.org/3",
        "token": "env:TMDB_TOKEN",
        "language": "pt-BR",
        "select": [{"list": "movie/popular", "pages": 5}, {"ids": [603, 550], "as": "movie"}],
    },
}
HOSTILE = """<script>alert(1)</script>"'><img src=//x onerror=alert(2)>\u202e""" + "long" * 60
OWN = ControlKeys("TMDB", "tmdb", TODAY)


class BucketLake(MemoryLake):
    """In memory, with the name of a bucket."""

    @property
    def uri(self) -> str:
        return "s3://my-data-lake"


def pages() -> Mapping[str, str]:
    """Name → document."""
    return {"year": _year(), "unfinished": _unfinished(), "first": _made(BucketLake(), None), "hostile": _hostile()}


def _subject(lake: MemoryLake, keys: ControlKeys | None) -> Subject:
    return Subject(
        lake,
        OWN.label,
        OWN.config,
        "tmdb",
        keys,
        TODAY,
        NOW,
        settings=lambda state: SETTINGS,
        notices=NOTICES,
    )


def _made(lake: MemoryLake, keys: ControlKeys | None) -> str:
    return page(read_picture(_subject(lake, keys)))


def _year() -> str:
    lake = BucketLake()
    fill(lake)
    return _made(lake, detailed(lake))


def _unfinished() -> str:
    lake = BucketLake()
    fill(lake, days=90, configs=2)
    for key in lake.bodies(OWN.day):
        lake.delete(key)
    put_state(lake, OWN, Phase.OPEN)
    put_accounts(lake, OWN)
    lake.delete(max(lake.bodies(OWN.accounts)))
    return _made(lake, OWN)


def _hostile() -> str:
    """Everything that comes from outside, and what an API or a plugin has a say in, is HOSTILE."""
    lake = BucketLake()
    keys = detailed(lake)
    put_manifest(lake, keys, 3, 1, ("r1-movie-00000",), truncated=((HOSTILE, HOSTILE),), notes=((HOSTILE, HOSTILE),))
    put_quarantined(lake, keys, 0, "movie", HOSTILE, HOSTILE)
    keys_of_others = ControlKeys("L" * 64, "c" * 64, TODAY - dt.timedelta(days=4))
    put_state(lake, keys_of_others, Phase.ABANDONED)
    subject = replace(
        _subject(lake, keys),
        settings=lambda state: {HOSTILE: [HOSTILE, {"token": HOSTILE}]},
        notices={"tmdb": HOSTILE},
    )
    told = read_picture(subject)
    assert told.run is not None
    return page(replace(told, lake=HOSTILE, run=replace(told.run, run=HOSTILE)))
