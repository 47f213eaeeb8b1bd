"""`ingest lake` and `ingest show`: looking into a lake, on a disk and in S3."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Simulator

Ingest = Callable[..., Any]
DAY = ("--date", "2026-11-23")
ANYWHERE = ("--set", "allow_made_up=true")  # the stub else refuses S3
BATCH = ("--set", "layout={batch: {records: 3, gzip: true}}")
HOSTILE = "nothing\x1b[2J\x9b31m\u202e[red]"
MADE_UP = """
from ingest_core import Missing, Record, Slice, Source, hookimpl

ID = {id!r}
BODY = '{{"id": 1, "text": "\x9b31m\u202e [red]x[/]", "n": 1.10}}'.encode()

def plan(ctx):
    yield Slice("a")

def fetch(ctx, slice):
    yield Record("thing", ID, BODY)
    yield Record("other", 7, b"{{}}")
    yield Record("thing", 7, b"{{}}")
    yield Missing("thing", 8, "404 Not Found")

@hookimpl
def ingest_sources():
    return [Source("made_up", "MadeUp", {{}}, plan, fetch, streams=("thing", "other"))]
"""


@pytest.fixture
def made_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source whose ids and texts would like to steer the terminal."""
    (home / "plugins").mkdir()
    (home / "plugins/made_up.py").write_text(MADE_UP.format(id=HOSTILE), encoding="utf-8")
    monkeypatch.setenv("INGEST_PLUGINS", str(home / "plugins"))
    (home / "conf/made_up.yaml").write_text("source: made_up\nlake: lake\n")


def test_lake_shows_every_config_of_every_lake(ingest: Ingest, where: str) -> None:
    ingest("run", "tmdb", *DAY, "--lake", where)
    ingest("run", "twitter_stub", "--date", "2026-11-22", "--lake", where, *BATCH, *ANYWHERE)
    ingest("run", "twitter_stub", *DAY, "--lake", where, "--limit", "5", *ANYWHERE)
    ended = ingest("lake", "--lake", where)
    assert ended.code == 0
    lines = [line.strip("│├└─ ").split() for line in ended.out.splitlines()]
    assert lines[0] == where.split()
    assert ["tmdb", "TMDB/", "41", "records"] in [line[:4] for line in lines]
    assert ["movie", "41", "records"] in [line[:3] for line in lines]
    assert ["post", "40", "records"] in [line[:3] for line in lines]
    assert "in 14 files" in ended.out
    assert "not committed (trial)" in ended.out
    told = [day for day in json.loads(ingest("lake", "--lake", where, "--json").out) if day["source"] == "twitter_stub"]
    assert [(day["date"], day["standing"], day["committed"], day["records"]) for day in told] == [
        ("2026-11-23", "trial", False, 5), ("2026-11-22", "done", True, 40)
    ]  # fmt: skip
    assert told[1]["streams"][0]["objects"] == 14
    assert told[0]["lake"] == where


def test_lake_needs_no_config_of_what_it_shows(ingest: Ingest, home: Path, where: str) -> None:
    ingest("run", "twitter_stub", *DAY, "--lake", where, *ANYWHERE)
    for config in (home / "conf").glob("*.yaml"):
        config.unlink()
    assert "twitter_stub Twitter/" in ingest("lake", "--lake", where).out


def test_lake_keeps_to_the_newest_days_unless_it_is_asked_for_others(ingest: Ingest) -> None:
    for day in range(10, 20):
        ingest("run", "twitter_stub", "--date", f"2026-11-{day}")

    def days(*options: str) -> list[str]:
        return [day["date"] for day in json.loads(ingest("lake", *options, "--json").out)]

    assert days() == [f"2026-11-{day}" for day in range(19, 12, -1)]
    assert days("-n", "1") == ["2026-11-19"]
    assert days("--from", "2026-11-11", "--to", "2026-11-12") == ["2026-11-12", "2026-11-11"]
    assert len(days("--all")) == 10
    assert "… 3 older days: --all" in ingest("lake").out
    assert "… 8 other days: --all" in ingest("lake", "--to", "2026-11-11").out
    ended = ingest("lake", "--from", "2026-11-12", "--to", "2026-11-11")
    assert (ended.code, "is after" in ended.err) == (2, True)


@pytest.mark.parametrize("layout", [(), BATCH], ids=["record", "batch"])
def test_show_prints_the_record_and_where_it_came_from(
    ingest: Ingest, simulator: Simulator, where: str, layout: tuple[str, ...]
) -> None:
    ingest("run", "tmdb", *DAY, "--lake", where, *layout)
    told = json.loads(ingest("show", "tmdb", "11", "--lake", where, "--json").out)
    body = simulator.answer("/movie/11")[1]
    assert told["record"] == json.loads(body)
    assert (told["status"], told["run"], told["stream"]) == ("record", "tmdb/2026-11-23/g1", "movie")
    assert (told["committed"], told["bytes"], told["origin"]["status"]) == (True, len(body), 200)
    assert told["origin"]["url"].endswith("/movie/11")
    assert (told["layout"], told["line"] is None) == (("batch", False) if layout else ("record", True))
    ended = ingest("show", "tmdb", "11", "--lake", where)
    assert "tmdb 2026-11-23: movie 11" in ended.out
    for line in (f"key      {told['key']}", f"sha256   {told['sha256']}", f"url      {told['origin']['url']}"):
        assert line in ended.out
    assert simulator.options.token not in ended.out
    assert '"runtime": ' in ended.out


def test_show_raw_is_the_bytes_alone(ingest: Ingest, home: Path, simulator: Simulator) -> None:
    ingest("run", "tmdb", *DAY)
    command = [sys.executable, "-m", "ingest_core", "show", "tmdb", "11", "--raw"]
    assert subprocess.run(command, capture_output=True, check=True, cwd=home).stdout == simulator.answer("/movie/11")[1]
    assert ingest("show", "tmdb", "11", "--raw", "--json").code == 2


@pytest.mark.usefixtures("made_up")
def test_show_of_an_id_that_several_streams_have_says_which(ingest: Ingest) -> None:
    ingest("run", "made_up", *DAY)
    ended = ingest("show", "made_up", "7")
    assert ended.code == 2
    assert "2 streams have 7 on 2026-11-23" in ended.err
    assert "ingest show made_up 7 --stream other · ingest show made_up 7 --stream thing" in ended.err
    assert ingest("show", "made_up", "7", "--stream", "other").code == 0


@pytest.mark.usefixtures("made_up")
def test_show_and_lake_never_let_a_record_steer_the_terminal(ingest: Ingest) -> None:
    ingest("run", "made_up", *DAY)
    ended = ingest("show", "made_up", HOSTILE)
    assert ended.code == 0
    assert not set("\x1b\x9b\u202e") & set(ended.out)
    assert r"thing nothing\x1b[2J\x9b31m\u202e[red]" in ended.out
    assert r'"text": "\x9b31m\u202e [red]x[/]"' in ended.out
    assert '"n": 1.10' in ended.out
    assert json.loads(ingest("show", "made_up", HOSTILE, "--json").out)["id"] == HOSTILE
    unknown = ingest("show", "made_up", HOSTILE + "x")
    assert unknown.code == 1
    assert not set("\x1b\x9b\u202e") & set(unknown.err)


@pytest.mark.usefixtures("made_up")
def test_show_of_what_is_no_record_says_what_became_of_it(ingest: Ingest) -> None:
    assert "made_up has no run in" in ingest("show", "made_up", "8").err
    ingest("run", "made_up", *DAY)
    ended = ingest("show", "made_up", "8")
    assert ended.code == 1
    assert "made_up 2026-11-23: thing 8: the API does not have it (404 Not Found)" in ended.out
    told = json.loads(ingest("show", "made_up", "8", "--json").out)
    assert (told["status"], told["reason"]) == ("missing", "404 Not Found")
    assert ingest("show", "made_up", "8", "--raw").out == ""
    assert "says nothing about 9" in ingest("show", "made_up", "9", *DAY).err
    assert "→ ingest lake made_up --lake ./lake shows" in ingest("show", "made_up", "9", "--lake", "./lake").err
    assert "says anything about 9 of other" in ingest("show", "made_up", "9", "--stream", "other").err


def test_show_of_a_record_that_was_altered_sends_to_verify(ingest: Ingest, home: Path) -> None:
    ingest("run", "tmdb", *DAY)
    (home / "lake/Raw/TMDB/JSON/2026/11/23/movie-11.json").write_text("{}")
    ended = ingest("show", "tmdb", "11")
    assert (ended.code, ended.out) == (1, "")
    assert "movie-11.json is not what landed" in ended.err
    assert "ingest verify tmdb" in ended.err


def test_an_id_that_no_run_names_is_told_by_the_days_that_were_looked_at(ingest: Ingest) -> None:
    ingest("run", "twitter_stub", "--date", "2026-11-23")
    assert "no run of twitter_stub on its newest day says anything about 7" in ingest("show", "twitter_stub", "7").err
    ingest("run", "twitter_stub", "--date", "2026-11-24")
    assert "on its newest 2 days says" in ingest("show", "twitter_stub", "7").err


@pytest.mark.parametrize("by_flag", [True, False], ids=["flag", "environment"])
@pytest.mark.parametrize(
    "verb", [("lake",), ("lake", "tmdb"), ("runs",), ("sql", "show tables"), ("report", "tmdb", "--html", "-")]
)
def test_a_lake_that_is_none_is_told(
    ingest: Ingest, where: str, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...], by_flag: bool
) -> None:
    if not by_flag:
        monkeypatch.setenv("INGEST_LAKE", where)
    ended = ingest(*verb, *(("--lake", where) if by_flag else ()))
    assert (ended.code, ended.out) == (2, "")
    assert f"{where} is no lake: " in ended.err
    assert "[INGEST-L014]" in ended.err
    assert f"correct {'--lake' if by_flag else 'INGEST_LAKE'}; or land something there" in ended.err


def test_a_folder_that_is_no_lake_is_told_apart_from_one_that_is_not_there(ingest: Ingest, home: Path) -> None:
    (home / "documents").mkdir()
    assert "no run has landed anything there, as it has no _ingest/" in ingest("lake", "--lake", "documents").err
    assert "there is no such folder" in ingest("lake", "--lake", "document").err
    assert not (home / "document").exists()


def test_the_lake_of_a_config_may_be_empty_yet(ingest: Ingest) -> None:
    assert ingest("lake", "tmdb").code == 0
    ended = ingest("sql", "show tables")
    assert (ended.code, ended.err.count("lake: no runs yet")) == (0, 1)
