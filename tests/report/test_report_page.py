"""The page itself: what it says, that it is well made, and that it does nothing but be read."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from made_up import NOW, TODAY, detailed, fill, put_accounts, put_manifest, put_quarantined, put_state

from ingest_core.keys import ControlKeys
from ingest_core.report import Subject, page, read_picture
from ingest_core.state import Phase
from ingest_core.testing import MemoryLake

NOTICE = "This product uses the TMDB API but is not endorsed or certified by TMDB."
SETTINGS = {
    "source": "tmdb",
    "rate": 40,
    "settings": {"token": "env:TMDB_TOKEN", "select": [{"list": "movie/popular"}]},
}
HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;\u202e</style></title><!--"""
LARGEST = 150_000
OPTIONAL_END = {"td", "th", "tr", "thead", "tbody", "li", "dt", "dd", "meta", "link"}


def subject(lake: MemoryLake, keys: ControlKeys | None, **more: Any) -> Subject:
    given: dict[str, Any] = {"settings": lambda state: SETTINGS, "notices": {"tmdb": NOTICE}, **more}
    return Subject(lake, "TMDB", "tmdb", "tmdb", keys, TODAY, NOW, **given)


def made(lake: MemoryLake, keys: ControlKeys | None, **more: Any) -> str:
    return page(read_picture(subject(lake, keys, **more)))


class Reader(HTMLParser):
    """What a browser would see: its elements, their attributes, and the text outside of style."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.faults: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in OPTIONAL_END:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data[:20]}")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def year() -> tuple[MemoryLake, ControlKeys]:
    lake = MemoryLake()
    fill(lake)
    return lake, detailed(lake)


@pytest.fixture(scope="module")
def document(year: tuple[MemoryLake, ControlKeys]) -> str:
    return made(*year)


def test_a_year_of_five_configs_is_a_small_file(document: str) -> None:
    assert document.count("<table class=days>") == 5
    assert len(document.encode()) < LARGEST


def test_a_day_of_one_config_is_a_smaller_one() -> None:
    lake = MemoryLake()
    assert len(made(lake, detailed(lake)).encode()) < LARGEST / 5


def test_the_page_is_well_made_and_names_nothing_outside_of_itself(document: str) -> None:
    read = Reader(document)
    assert (read.faults, read.open) == ([], [])
    assert document.startswith("<!doctype html>\n<html lang=en>")
    names = {tag for tag, _ in read.elements}
    assert names.isdisjoint({"script", "img", "iframe", "object", "form", "base", "audio", "video"})
    assert [link["href"] for link in read.named("link")] == ["data:,"]
    anchors = {link["href"] for link in read.named("a")}
    assert anchors == {f"#{attributes['id']}" for _, attributes in read.elements if "id" in attributes}
    assert not re.search(r"https?:|url\(|@import|javascript:", document)
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_its_policy_allows_its_own_style_and_nothing_else(document: str) -> None:
    policy = next(meta["content"] for meta in Reader(document).named("meta") if meta.get("http-equiv"))
    (sheet,) = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert all("style" not in attributes for _, attributes in Reader(document).elements)


def test_it_answers_what_people_ask(document: str) -> None:
    told = Reader(document).text
    for said in (
        "25 November 2026 landed, 3 records rejected",
        "Did today land?",
        "341 days landed",
        "records 1,876",
        "up to 43",
        "Half of them within 50 ms",
        "503 Service Unavailable",
        "3 slices are open: 503 Service Unavailable (tried 8 times)",
        "too large: 71,204,118 bytes, at most 64 MiB",
        "Against the run of 24 November 2026, every record",
        "imdb_url",
        "No change: tv",
        "Cut off: movie/popular: the API hands out 500 pages, and has 45,221",
        "token: env:TMDB_TOKEN",
        NOTICE,
    ):
        assert said in told.replace("≠ ", "").replace("✗ ", ""), said


def test_every_day_can_be_read_without_seeing_its_colour(document: str) -> None:
    days = re.findall(r"<td class=\"?[a-z0-9 ]+\"?><b>([^<]*)</b>", document)
    assert len(days) > 1_200
    assert all(days)
    assert {"unfinished", "no run", "given up"} < set(days)


def test_hostile_words_are_words_wherever_they_come_from() -> None:
    lake = MemoryLake()
    keys = ControlKeys("TMDB", "tmdb", TODAY)
    put_state(lake, keys, Phase.DONE)
    put_manifest(lake, keys, 3, 1, truncated=((HOSTILE, HOSTILE),), notes=((HOSTILE, HOSTILE),))
    put_quarantined(lake, keys, 0, "movie", HOSTILE, HOSTILE)
    told = read_picture(subject(lake, keys, settings=lambda state: {HOSTILE: HOSTILE}, notices={"tmdb": HOSTILE}))
    (line,) = told.calendar.lines
    hostile = replace(
        told,
        lake=HOSTILE,
        config=HOSTILE,
        calendar=replace(told.calendar, lines=(replace(line, label=HOSTILE, config=HOSTILE, source=HOSTILE),)),
        run=replace(told.run, run=HOSTILE),
    )
    document = page(hostile)
    read = Reader(document)
    assert read.faults == []
    assert {tag for tag, _ in read.elements}.isdisjoint({"script", "img"})
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert document.count("<style>") == document.count("</style>") == document.count("</title>") == 1
    assert "\u202e" not in document
    assert read.text.count("alert(1)") > 12


def test_the_fields_of_a_record_titled_script_are_words_too() -> None:
    lake = MemoryLake()
    keys = detailed(lake)
    told = read_picture(subject(lake, keys))
    assert told.run is not None
    assert told.run.drift is not None
    stream = told.run.drift.streams[0]
    changes = tuple(replace(change, name=HOSTILE) for change in stream.changes)
    drift = replace(told.run.drift, streams=(stream._replace(changes=changes),))
    document = page(replace(told, run=replace(told.run, drift=drift)))
    assert "<script" not in document
    assert "<code><bdi>&lt;script&gt;" in document


def test_a_config_that_never_ran_says_what_to_do() -> None:
    told = Reader(made(MemoryLake(), None)).text
    assert "tmdb has not run yet" in told
    assert "ingest run tmdb" in told
    assert "No run yet." in told


def test_a_clean_run_says_that_nothing_failed() -> None:
    lake = MemoryLake()
    keys = detailed(lake, rejected=0)
    for key in lake.bodies(keys.accounts):
        lake.delete(key)
    put_manifest(lake, keys, 1)
    told = Reader(made(lake, keys)).text
    assert "25 November 2026 landed " in told
    assert "Nothing failed, and nothing is in the quarantine." in told
    assert "Nothing is known of how it went" in told


def test_an_unfinished_run_says_why_and_what_to_do() -> None:
    lake = MemoryLake()
    keys = ControlKeys("TMDB", "tmdb", TODAY)
    put_state(lake, keys, Phase.OPEN)
    put_accounts(lake, keys)
    done = max(lake.bodies(keys.accounts))
    lake.delete(done)
    told = Reader(made(lake, keys)).text
    assert "25 November 2026 has not landed yet" in told
    assert "INGEST-A001 3 slices are open" in told
    assert "→ run again to go on" in told
    assert "✘ unfinished" in told


@pytest.mark.parametrize("records", [0, 1, 1_000_000, 10**12])
def test_nothing_one_and_a_million_records_are_told_alike(records: int) -> None:
    lake = MemoryLake()
    keys = ControlKeys("TMDB", "tmdb", TODAY)
    put_state(lake, keys, Phase.DONE)
    put_manifest(lake, keys, records)
    read = Reader(made(lake, keys))
    assert f"records {records:,}" in read.text
    cells = [attributes.get("class") for attributes in read.named("td")]
    assert cells.count("a0" if records == 0 else "a4") == 1


def test_the_longest_names_there_are_do_not_break_it() -> None:
    lake = MemoryLake()
    keys = ControlKeys("L" * 64, "c" * 64, TODAY)
    put_state(lake, keys, Phase.DONE)
    put_manifest(lake, keys, 1)
    document = page(read_picture(Subject(lake, keys.label, keys.config, keys.config, keys, TODAY, NOW)))
    assert Reader(document).faults == []
    assert "c" * 64 in document


def test_a_config_that_ran_just_once_has_no_gap() -> None:
    lake = MemoryLake()
    once = ControlKeys("TMDB", "tmdb", TODAY - dt.timedelta(days=9))
    put_state(lake, once, Phase.DONE)
    put_manifest(lake, once, 5)
    assert "without a run" not in Reader(made(lake, None)).text


def test_a_weekly_config_has_no_gaps_between_its_days_but_where_a_week_is_missing() -> None:
    lake = MemoryLake()
    for weeks in (1, 2, 3, 5, 6):
        keys = ControlKeys("TMDB", "tmdb", TODAY - dt.timedelta(weeks=weeks))
        put_state(lake, keys, Phase.DONE)
        put_manifest(lake, keys, 10)
    read = Reader(made(lake, None))
    missed = (TODAY - dt.timedelta(weeks=4)).isoformat()
    assert "5 days landed" in read.text
    assert "1 day without a run" in read.text
    assert f"{missed} no run" in read.text


def test_what_is_committed_has_landed_though_a_newer_run_is_unfinished() -> None:
    lake = MemoryLake()
    fill(lake, days=3, configs=1)
    today = ControlKeys("TMDB", "tmdb", TODAY)
    put_state(lake, today, Phase.OPEN, generation=2)
    told = Reader(made(lake, today.of(2))).text
    assert "✔ landed; a newer run is unfinished" in told
    assert "has landed, and not yet anew" in told
    assert f"What {today.run} landed stands until then." in told
    assert "1 day to look at" in told
