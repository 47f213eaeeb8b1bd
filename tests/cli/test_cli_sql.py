"""`ingest sql`: from a question to a table, a file or the next programme, over a folder and over S3."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ingest_source_tmdb.simulator import Simulator

Ingest = Callable[..., Any]
HOSTILE = "\x1b[2J\x9b31m\u202e[red]"
CHANGING = """
from ingest_core import Record, Slice, Source, hookimpl

RUNTIMES = {{"2026-11-23": {{1: 100, 2: 90, 3: 80}}, "2026-11-25": {{1: 100, 2: 95, 4: 70}}}}

def plan(ctx):
    yield Slice("a", {{"day": str(ctx.date)}})

def fetch(ctx, slice):
    for id, runtime in RUNTIMES.get(slice.params["day"], {{}}).items():
        yield Record("movie", id, b'{{"id": %d, "title": "Film %d", "runtime": %d}}' % (id, id, runtime))
    yield Record("oddity", {id!r}, b'{{"text": "\\xc2\\x9b31m [red]x[/]"}}')

@hookimpl
def ingest_sources():
    return [Source("films", "Films", {{}}, plan, fetch, streams=("movie", "oddity"))]
"""
CHANGED = """
select title, monday.runtime as monday, today.runtime as today
from films_movie monday join films_movie today using (id, title)
where monday.date = '2026-11-23' and today.date = '2026-11-25' and monday.runtime <> today.runtime
"""
LAYOUTS = {"record": (), "batch": ("--set", "layout={batch: {records: 2, gzip: true}}")}


@pytest.fixture
def films(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source of films one of which changes its runtime."""
    (home / "plugins").mkdir()
    (home / "plugins/films.py").write_text(CHANGING.format(id=HOSTILE), encoding="utf-8")
    monkeypatch.setenv("INGEST_PLUGINS", str(home / "plugins"))
    (home / "conf/films.yaml").write_text("source: films\nlake: lake\n")


@pytest.fixture
def landed(films: None, ingest: Ingest) -> None:
    for day in ("2026-11-23", "2026-11-25"):
        assert ingest("run", "films", "--date", day).code == 0


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_which_films_changed_their_runtime_between_monday_and_today(ingest: Ingest, where: str, layout: str) -> None:
    for day in ("2026-11-23", "2026-11-25"):
        assert ingest("run", "films", "--date", day, "--lake", where, *LAYOUTS[layout]).code == 0
    ended = ingest("sql", CHANGED, "--lake", where, "--source", "films")
    assert ended.code == 0
    assert [line.split() for line in ended.out.splitlines()] == [
        ["title", "monday", "today"], ["Film", "2", "90", "95"]
    ]  # fmt: skip
    told = json.loads(ingest("sql", CHANGED, "--lake", where, "--json").out)
    assert told == [{"title": "Film 2", "monday": 90, "today": 95}]


def test_the_fields_of_a_real_source_are_typed(ingest: Ingest, simulator: Simulator) -> None:
    ingest("run", "tmdb", "--date", "2026-11-23")
    told = json.loads(ingest("sql", "select title, runtime, genres from tmdb_movie where id = 11", "--json").out)
    film = json.loads(simulator.answer("/movie/11")[1])
    assert told == [{name: film[name] for name in ("title", "runtime", "genres")}]
    assert "no rows" in ingest("sql", "select * from tmdb_movie where date = '2026-11-22'").err


@pytest.mark.usefixtures("landed")
def test_a_result_becomes_a_file_or_goes_to_the_next_programme(ingest: Ingest, home: Path) -> None:
    query = "select date, id, title, record from films_movie order by date, id; -- that is all"
    rows = list(csv.DictReader(io.StringIO(ingest("sql", query, "--format", "csv").out)))
    assert [(row["date"], row["id"], row["title"]) for row in rows][:2] == [
        ("2026-11-23", "1", "Film 1"), ("2026-11-23", "2", "Film 2")
    ]  # fmt: skip
    told = json.loads(ingest("sql", query, "--format", "json").out)
    assert told[0]["record"] == {"id": 1, "title": "Film 1", "runtime": 100}
    for name in ("films.parquet", "films.csv", "films.json"):
        ended = ingest("sql", query, "-o", name)
        assert (ended.code, ended.out, ended.err) == (0, "", f"written: {name}\n")
        assert duckdb.sql(f"SELECT count(*) FROM '{home / name}'").fetchall() == [(6,)]
    assert ingest("sql", query, "--format", "parquet", "-o", "as_i_like").code == 0
    assert not list(home.glob(".*.part"))


@pytest.mark.usefixtures("landed")
def test_several_statements_run_in_turn_and_the_last_is_the_result(ingest: Ingest) -> None:
    script = "create table t as select * from films_movie; delete from t where id = 1; select count(*) as n from t"
    assert json.loads(ingest("sql", script, "--json").out) == [{"n": 4}]


@pytest.mark.usefixtures("landed")
def test_a_table_is_cut_and_says_so(ingest: Ingest) -> None:
    ended = ingest("sql", "select id, null as nothing, true as yes from films_movie order by id", "-n", "2")
    assert [line.split() for line in ended.out.splitlines()[1:]] == [["1", "NULL", "true"], ["1", "NULL", "true"]]
    assert "the first 2 rows; there are more" in ended.err
    assert "more" not in ingest("sql", "select id from films_movie", "-n", "6").err


@pytest.mark.usefixtures("landed")
def test_no_value_steers_the_terminal(ingest: Ingest) -> None:
    ended = ingest("sql", "select id, text, [text] as list from films_oddity where date = '2026-11-23'")
    assert not set("\x1b\x9b\u202e") & set(ended.out)
    assert r"\x1b[2J\x9b31m\u202e[red]" in ended.out
    assert r"\x9b31m [red]x[/]" in ended.out
    (row,) = json.loads(ingest("sql", "select id from films_oddity where date = '2026-11-23'", "--json").out)
    assert row["id"] == HOSTILE


@pytest.mark.usefixtures("landed")
def test_days_may_be_left_out_of_the_views(ingest: Ingest) -> None:
    told = ingest("sql", "select distinct date from films_movie", "--json", "--to", "2026-11-24").out
    assert json.loads(told) == [{"date": "2026-11-23"}]


@pytest.mark.usefixtures("landed")
@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("selc 1",), 'syntax error at or near "selc"'),
        (("select nothing from films_movie",), "a field that only some days have is record->>'field'"),
        (("select * from film",), "views: films_movie, films_oddity"),
        (("select * from read_text('/etc/passwd')",), "SQL reaches the views alone"),
        (("select 1", "--format", "csv", "--json"), "do not go together"),
        (("select 1", "-o", "films.xls"), "which format?"),
        (("select 1", "--format", "parquet"), "Parquet is written to a file"),
        (("create view v as select 1", "--json"), "gives no rows"),
        (("select 1", "--from", "2026-11-24", "--to", "2026-11-23"), "is after"),
        (("select 1", "--source", "nobody"), "nobody"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_do(ingest: Ingest, given: tuple[str, ...], says: str) -> None:
    ended = ingest("sql", *given)
    assert ended.code == 2
    assert says in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.usefixtures("landed")
def test_what_had_to_be_left_out_is_told(ingest: Ingest, home: Path) -> None:
    (home / "lake/Raw/Films/JSON/2026/11/23/movie-1.json").unlink()
    ended = ingest("sql", "select count(*) as n from films_movie", "--json", "--lake", "./lake")
    assert json.loads(ended.out) == [{"n": 5}]
    assert "left out: Raw/Films/JSON/2026/11/23/movie-1.json is missing" in ended.err
    assert "(ingest verify films --lake ./lake --date 2026-11-23)" in ended.err


@pytest.mark.usefixtures("landed")
def test_statements_may_come_through_a_pipe(home: Path) -> None:
    command = [sys.executable, "-m", "ingest_core", "sql", "--json"]
    ended = subprocess.run(command, input=CHANGED, capture_output=True, text=True, check=True, cwd=home)
    assert json.loads(ended.stdout) == [{"title": "Film 2", "monday": 90, "today": 95}]


def test_without_the_extra_it_says_what_to_install(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.partition(".")[0] == "duckdb" or "sql" in name or "query" in name
    ]:
        if name.startswith(("duckdb", "ingest_core")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    ended = ingest("sql", "select 1")
    assert ended.code == 2
    assert "ingest sql needs duckdb" in ended.err
    assert "pip install 'ingest-core[sql]'" in ended.err


class Terminal:
    """A command in a terminal of its own, 80 columns wide."""

    def __init__(self, *command: str) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self.screen, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, start_new_session=True)
        os.close(inner)

    def until(self, sign: str) -> str:
        """What it shows up to where `sign` stands at its end."""
        shown = ""
        while not re.sub(r"\x1b\[\??[0-9;]*[a-zA-Z]", "", shown).endswith(sign):
            shown += os.read(self.screen, 65536).decode()
        return re.sub(r"\x1b\[\??[0-9;]*[a-zA-Z]", "", shown)

    def type(self, text: str) -> None:
        os.write(self.screen, text.encode())


@pytest.mark.usefixtures("landed")
@pytest.mark.skipif(sys.platform != "linux", reason="a pseudo-terminal as Linux has it")
def test_the_prompt_takes_statements_of_several_lines_tells_errors_and_remembers(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("readline")
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal(sys.executable, "-m", "ingest_core", "sql", "--source", "films")
    assert "views: films_movie, films_oddity" in terminal.until("sql> ")
    terminal.type("select title\r")
    terminal.until("  -> ")
    terminal.type("from films_movie where id = 4;\r")
    assert "Film 4" in terminal.until("sql> ")
    terminal.type("selc;\r")
    assert 'syntax error at or near "selc"' in terminal.until("sql> ")
    terminal.type("exit\r")
    assert terminal.process.wait() == 0
    os.close(terminal.screen)
    assert (home / "state/ingest/sql_history").read_text().splitlines()[-2:] == ["selc;", "exit"]
