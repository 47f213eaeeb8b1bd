"""A made-up lake: a year of five configs with all that can happen to a day, and one run in every detail."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import random
from collections.abc import Iterator
from typing import Any

import msgspec

from ingest_core.keys import ControlKeys, RecordKeys
from ingest_core.lake import Lake
from ingest_core.model import LATENCY_MS, Fault, Timeline
from ingest_core.state import (
    FORMAT,
    Absent,
    Account,
    Frozen,
    Landed,
    Manifest,
    Part,
    Phase,
    Quarantined,
    RunState,
    encode,
)

TODAY = dt.date(2026, 11, 25)
NOW = dt.datetime(2026, 11, 25, 9, 41, tzinfo=dt.UTC)
# label, config, days that there are, records on an ordinary day, and how often it runs.
CONFIGS = [
    ("TMDB", "tmdb", 365, 1_700, 1),
    ("TMDB", "tmdb_export", 365, 1_210_000, 1),
    ("GitHub", "github_issues", 200, 240, 1),
    ("NYC", "nyc_311", 300, 8_900, 1),
    ("Pokeapi", "pokeapi", 340, 1_302, 7),
]
FROZEN = Frozen(
    "tmdb", {"token": "env:TMDB_TOKEN", "language": "pt-BR", "select": [{"list": "movie/popular", "pages": 5}]}
)
STREAMS = ("movie", "tv")


def fill(lake: Lake, days: int = 365, configs: int = 5, seed: int = 7) -> None:
    """`days` days of so many configs, the last of them TODAY; the same for the same seed."""
    chance = random.Random(seed)
    for label, config, length, usual, every in CONFIGS[:configs]:
        for back in range(0, min(days, length), every):
            day = TODAY - dt.timedelta(days=back)
            if back and chance.random() < 0.02:
                continue  # nobody ran it
            _day(lake, ControlKeys(label, config, day), usual, chance, may_fail=back > 1)


def _day(lake: Lake, keys: ControlKeys, usual: int, chance: random.Random, *, may_fail: bool) -> None:
    dice = chance.random()
    phase = Phase.DONE
    if may_fail and dice < 0.015:
        phase = Phase.OPEN
    elif may_fail and dice < 0.02:
        phase = Phase.ABANDONED
    put_state(lake, keys, phase)
    if phase is Phase.DONE:
        weekly = 1 + 0.4 * math.sin(keys.date.timetuple().tm_yday / 58) + 0.15 * chance.random()
        rejected = chance.randint(1, 40) if may_fail and dice > 0.97 else 0
        put_manifest(lake, keys, round(usual * weekly), rejected)


def put_state(lake: Lake, keys: ControlKeys, phase: Phase, generation: int = 1) -> None:
    state = RunState(
        format=FORMAT,
        config=keys.config,
        date=keys.date.isoformat(),
        phase=phase,
        generation=generation,
        epoch=1,
        nonce="0",
        frozen=msgspec.structs.replace(FROZEN, source=keys.config.partition("_")[0]),
        begun=at(keys.date, 6),
        touched=at(keys.date, 6, 30),
    )
    lake.put(keys.state, encode(state))


def put_manifest(
    lake: Lake, keys: ControlKeys, records: int, rejected: int = 0, parts: tuple[str, ...] = (), **more: Any
) -> None:
    totals = {"records": records, "written": records, "bytes": records * 15_200, "missing": records // 400}
    manifest = Manifest(
        format=FORMAT,
        run=keys.run,
        config=keys.config,
        source=keys.config.partition("_")[0],
        label=keys.label,
        date=keys.date.isoformat(),
        generation=keys.generation,
        started=at(keys.date, 6),
        finished=at(keys.date, 7, 9),
        rounds=(1,),
        parts=parts,
        totals={**totals, "rejected": rejected},
        checkpoint={},
        **{"truncated": (), **more},
    )
    lake.put(keys.manifest(), encode(manifest))


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=dt.UTC)


def detailed(lake: Lake, rejected: int = 3) -> ControlKeys:
    """Today's run of tmdb with attempts, a quarantine, and records whose fields are not those of the day before."""
    today = ControlKeys("TMDB", "tmdb", TODAY)
    yesterday = ControlKeys("TMDB", "tmdb", TODAY - dt.timedelta(days=1))
    for keys, is_new in ((yesterday, False), (today, True)):
        put_state(lake, keys, Phase.DONE)
        names = tuple(put_records(lake, keys, stream, bodies(stream, 60, is_new=is_new)) for stream in STREAMS)
        put_manifest(
            lake,
            keys,
            1_876 if is_new else 1_731,
            rejected if is_new else 0,
            names,
            truncated=(("movie/popular", "the API hands out 500 pages, and has 45,221"),) if is_new else (),
            notes=(("discover", "split by date into 14 queries"),) if is_new else (),
        )
    put_accounts(lake, today)
    for number in range(rejected):
        put_quarantined(lake, today, number, "movie", str(603 + number), _REASONS[number % len(_REASONS)])
    return today


_REASONS = (
    "not JSON: unexpected end of data",
    "not JSON: unexpected end of data",
    "too large: 71,204,118 bytes, at most 64 MiB",
)


def put_quarantined(lake: Lake, keys: ControlKeys, number: int, stream: str, id: str, reason: str) -> None:
    file = Quarantined(FORMAT, stream, id, reason, "r1-movie-00000", text='{"id":')
    lake.put(keys.quarantine("r1-movie-00000", 1, number), encode(file))


def put_records(
    lake: Lake, keys: ControlKeys, stream: str, made: Iterator[bytes], rejected: tuple[Absent, ...] = ()
) -> str:
    """One slice's records and its part; returns its name."""
    records = RecordKeys(keys.label, keys.date, STREAMS)
    name, landed = f"r1-{stream}-00000", []
    for id, body in enumerate(made):
        key = records.key(stream, str(id))
        lake.put(key, body)
        landed.append(Landed(stream, str(id), key, hashlib.sha256(body).hexdigest(), len(body)))
    lake.put(keys.part(name), encode(Part(FORMAT, name, tuple(landed), rejected=rejected)))
    return name


def bodies(stream: str, count: int, *, is_new: bool) -> Iterator[bytes]:
    for number in range(count):
        body: dict[str, Any] = {
            "id": number,
            "title": f"<script>alert({number})</script>",
            "genres": [{"id": 1, "name": "x"}],
        }
        body["runtime"] = f"{90 + number} min" if is_new and number % 3 else 90 + number
        if stream == "movie":
            body |= {"belongs_to_collection": None if number % 2 else {"id": 1}}
            body |= {"origin_country": ["US"], "softcore": False} if is_new else {"imdb_url": "https://www.imdb.com"}
        else:
            body.pop("runtime")
        yield json.dumps(body).encode()


def put_accounts(lake: Lake, keys: ControlKeys, seed: int = 7) -> None:
    """Two attempts: one that an outage ended, and one that went through."""
    chance = random.Random(seed)
    error = Fault(
        "TransientError",
        "3 slices are open: 503 Service Unavailable (tried 8 times)",
        "run again to go on",
        "INGEST-A001",
    )
    for minutes, hour, status in ((6, 6, "partial"), (9, 7, "done")):
        is_down = status == "partial"
        records = [round(130 + 30 * chance.random()) for _ in range(minutes)]
        if is_down:
            records[-2:] = [31, 0]
        retries = [chance.randint(0, 3) + (40 if is_down and step >= minutes - 2 else 0) for step in range(minutes)]
        throttled = [9 if step == 3 else 0 for step in range(minutes)]
        latency = [round(1400 * math.exp(-(((math.log(bound) - math.log(60)) / 0.9) ** 2))) for bound in LATENCY_MS]
        ended = at(keys.date, hour, minutes)
        account = Account(
            format=FORMAT,
            run=keys.run,
            status=status,
            ended=ended,
            seconds=minutes * 60 - 11.2,
            counts={
                "records": sum(records),
                "requests": sum(records) + sum(retries),
                "retries": sum(retries),
                "throttled": 9,
            },
            error=error if is_down else None,
            timeline=Timeline(
                records=tuple(records),
                requests=tuple(one + other for one, other in zip(records, retries, strict=True)),
                retries=tuple(retries),
                throttled=tuple(throttled),
                latency=(*latency, 2 if is_down else 0),
                setbacks=(("503 Service Unavailable", 83), ("429 Too Many Requests", 9))
                if is_down
                else (("429 Too Many Requests", 9),),
            ),
        )
        lake.put(keys.account(ended), encode(account))
