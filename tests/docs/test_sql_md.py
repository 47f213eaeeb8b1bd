"""docs/sql.md: each command is typed and each query asked, over two days of the simulator."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core.cli.app import run_command

DOCUMENT = Path(__file__).parents[2] / "docs/sql.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = re.findall(r"^\$ (.*)$", TEXT, re.MULTILINE)
CONFIG = """
source: tmdb
lake: lake
rate: 1000
settings: {{base_url: "{url}", token: env:TMDB_TOKEN, select: [{{ids: {ids}, as: movie}}]}}
"""
DAYS = {"2026-11-23": list(range(1, 21)), "2026-11-25": list(range(3, 23))}
Type = Callable[..., str]


@pytest.fixture
def days() -> Iterator[dict[str, Simulator]]:
    """Two simulators whose films of one id differ."""
    with (
        Simulator(Options(seed=1, movies=50, shows=10, people=10, list_total=10)) as monday,
        Simulator(Options(seed=2, movies=50, shows=10, people=10, list_total=10)) as today,
    ):
        yield dict(zip(DAYS, (monday, today), strict=True))


@pytest.fixture
def type_(
    tmp_path: Path, days: dict[str, Simulator], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Type:
    """Runs a command in a folder where both days have landed; gives what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TMDB_TOKEN", Options().token)
    for name in ("INGEST_LAKE", "INGEST_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> str:
        capsys.readouterr()
        assert run_command(arguments) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    (tmp_path / "config").mkdir()
    for day, simulator in days.items():
        config = CONFIG.format(url=simulator.base_url, ids=DAYS[day])
        (tmp_path / "config/tmdb.yaml").write_text(config)
        run("run", "tmdb", "--date", day)
    return run


def film(simulator: Simulator, id: int) -> dict[str, object]:
    return dict(json.loads(simulator.answer(f"/movie/{id}")[1]))


def test_the_queries_of_the_page_answer_what_they_ask(type_: Type, days: dict[str, Simulator]) -> None:
    changed, differing, newest, genres, typed = (json.loads(type_("sql", query, "--json")) for query in QUERIES)
    monday, today = days.values()
    both = {id: (film(monday, id), film(today, id)) for id in range(3, 21)}
    expected = {id: (one["runtime"], other["runtime"]) for id, (one, other) in both.items()}
    assert sorted((row["monday"], row["today"]) for row in changed) == sorted(
        (one, other) for one, other in expected.values() if one != other
    )
    assert {(row["id"], row["what"]) for row in differing} == {(1, "gone"), (2, "gone"), (21, "new"), (22, "new")}
    assert {row["id"]: row["date"] for row in newest} == {
        id: "2026-11-25" if id > 2 else "2026-11-23" for id in range(1, 23)
    }
    names = [genre["name"] for id in DAYS["2026-11-25"] for genre in film(today, id)["genres"]]  # type: ignore[attr-defined]
    assert {row["name"]: row["films"] for row in genres} == {name: names.count(name) for name in names}
    assert {row["id"]: row["votes"] for row in typed} == {
        id: film(today, id)["vote_count"] for id in DAYS["2026-11-25"]
    }


def test_the_commands_of_the_page_can_be_typed(type_: Type, tmp_path: Path) -> None:
    printed = {}
    for command in COMMANDS:
        words, target = shlex.split(command.partition(" > ")[0]), command.partition(" > ")[2]
        if words[0] == "ingest":
            printed[command] = type_(*words[1:])
            if target:
                (tmp_path / target).write_text(printed[command], encoding="utf-8")
        else:
            assert words[:2] == ["pip", "install"]
    assert len(printed) == len(COMMANDS) - 1
    assert duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/films.parquet'").fetchall() == [(40,)]
    assert len(list(csv.reader(io.StringIO((tmp_path / "films.csv").read_text(encoding="utf-8"))))) == 41
    assert json.loads(printed['ingest sql "select count(*) as films from tmdb_movie" --json']) == [{"films": 40}]
