"""The documents do what they say: their configs hold, the challenge lands and joins, DuckDB reads what is there."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from ingest_source_tmdb import selection, settings
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core.assembly import Wish, Workspace
from ingest_core.keys import RecordKeys
from ingest_core.model import Report, Status

DOCS = Path(__file__).resolve().parents[3] / "docs"
CHALLENGES = ("challenge.md", "challenge.pt-BR.md")
HEADER = "id|tituloPincipal|genero|nomeArtista\n"
Land = Callable[..., Report]


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a document in a language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def configs(name: str) -> list[str]:
    return [block for block in blocks(name, "yaml") if block.startswith("source: tmdb")]


def queries(name: str) -> list[str]:
    return [block for block in blocks(name, "sql") if block.startswith("-- duckdb")]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(Options(movies=500, shows=300, people=300, list_total=120, changes=200)) as running:
        yield running


@pytest.mark.parametrize("name", ["sources/tmdb.md", "athena.md", *CHALLENGES])
def test_every_config_of_a_document_holds(tmp_path: Path, name: str) -> None:
    found = configs(name)
    assert found
    for number, text in enumerate(found):
        path = tmp_path / f"tmdb{number}.yaml"
        path.write_text(text, encoding="utf-8")
        Workspace({}).use(str(path), Wish())


def test_every_setting_is_told() -> None:
    text = (DOCS / "sources/tmdb.md").read_text(encoding="utf-8")
    entry = selection.SCHEMA["items"]["properties"]
    names = {*settings.SCHEMA["properties"], *entry, *entry["ids"]["properties"]}
    assert sorted(name for name in names if not re.search(rf"`{name}\b|\b{name}:", text)) == []


def test_both_languages_of_the_challenge_say_the_same() -> None:
    english, portuguese = CHALLENGES
    assert [yaml.safe_load(one) for one in configs(english)] == [yaml.safe_load(one) for one in configs(portuguese)]
    assert queries(english) == queries(portuguese) != []
    sections = [re.findall(r"^## (\d)", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE) for name in CHALLENGES]
    assert sections[0] == sections[1] == [str(number) for number in range(1, 9)]


@pytest.fixture
def challenge(simulator: Simulator, land: Land, folder: Path) -> Callable[[str, str], Report]:
    """Runs the n-th config of the challenge against the simulator, with CSVs where it says they lie."""

    def write(kind: str, name: str, ids: list[str]) -> None:
        path = folder / f"Raw/Local/CSV/{kind}/2026/11/22/{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f'{id}|"O título {n}|{"Drama" if n % 2 else "Comedy,Romance"}|{artist}\n'
                for n, id in enumerate(ids) for artist in "ab"]  # fmt: skip
        path.write_text(HEADER + "".join(rows) + '\\N|x|Drama|x\ntt10000900|"Fora|Horror|x\n', encoding="utf-8")

    def run(name: str, date: str) -> Report:
        config = yaml.safe_load(configs(CHALLENGES[0])[["tmdb", "tmdb-changes"].index(name)])
        for select in config["settings"]["select"]:
            if "ids" in select:
                select["ids"]["csv"] = select["ids"]["csv"].replace(config["lake"], str(folder))
        own = {key: value for key, value in config.pop("settings").items() if key != "token"}
        select = own.pop("select")
        top = {key: value for key, value in config.items() if key not in {"source", "lake"}}
        return land(simulator, select, top=top, config=name, date=date, **own)

    write("Movies", "movies.csv", [f"tt{10_000_000 + 2 * n}" for n in range(1, 141)])
    write("Series", "series.csv", [f"tt{10_000_001 + 2 * n}" for n in range(1, 31)])
    return run


def test_the_challenge_lands_joins_and_is_kept_up_to_date(
    simulator: Simulator, challenge: Callable[[str, str], Report], folder: Path
) -> None:
    report = challenge("tmdb", "2026-11-23")
    assert (report.status, report.error) == (Status.DONE, None)
    assert (report.counts.records, report.counts.missing, report.counts.duplicates) == (170, 0, 170)
    files = {path: path.read_bytes().splitlines() for path in folder.glob("Raw/TMDB/JSON/*/2026/11/23/*")}
    assert max(map(len, files.values())) <= 100
    assert max(path.stat().st_size for path in files) <= 10_000_000
    assert {path.relative_to(folder).as_posix() for path in files} >= {
        "Raw/TMDB/JSON/Movies/2026/11/23/r1-movie-00000-000.json",
        "Raw/TMDB/JSON/Series/2026/11/23/r1-tv-00000-000.json",
    }
    (query,) = queries(CHALLENGES[0])
    joined = duckdb.connect().execute(query.replace("'lake/", f"'{folder}/")).fetchall()
    expected = []
    for number in range(1, 141):
        film = json.loads(simulator.answer(f"/movie/{number}", {"language": "pt-BR"})[1])
        row = (
            film["imdb_id"],
            f'"O título {number - 1}',
            *(film[key] for key in ("title", "runtime", "budget", "revenue")),
        )
        expected += [row, row]
    assert sorted(joined) == sorted(expected)
    shows = duckdb.connect().execute(
        f"SELECT count(*) FROM read_csv('{folder}/Raw/Local/CSV/Series/*/*/*/series.csv', delim='|', header=true, "
        "quote='', all_varchar=true) c "
        f"JOIN read_json('{folder}/Raw/TMDB/JSON/Series/*/*/*/*.json') s ON s.external_ids.imdb_id = c.id"
    )
    assert shows.fetchall() == [(60,)]
    kept = challenge("tmdb-changes", "2026-11-24")
    changed = set(simulator.changed_on("movie", dt.date(2026, 11, 23))) & set(range(1, 141))
    shown = set(simulator.changed_on("tv", dt.date(2026, 11, 23))) & set(range(1, 31))
    assert (kept.status, kept.counts.records) == (Status.DONE, len(changed) + len(shown))


def test_the_tables_of_athena_are_what_lands(simulator: Simulator, land: Land, folder: Path) -> None:
    config = yaml.safe_load(configs("athena.md")[0])
    report = land(
        simulator,
        config["settings"]["select"],
        append=config["settings"]["append"],
        top={"layout": config["layout"], "specification": config["specification"]},
    )
    assert report.status is Status.DONE
    film, tv = queries("athena.md")
    asked = duckdb.connect()
    rows = asked.execute(film.replace("'dry-run/", f"'{folder}/")).fetchall()
    assert len(rows) == 10
    assert all(actors > 5 for *_, actors in rows)
    assert asked.execute(tv.replace("'dry-run/", f"'{folder}/")).fetchall() == [(120, 120)]
    names = [
        name for name in re.findall(r"Raw/TMDB/JSON/\S+\.json", (DOCS / "athena.md").read_text()) if "*" not in name
    ]
    assert len(names) == 2
    assert all((folder / name).is_file() for name in names)


def test_the_columns_and_the_folders_of_the_table_are_those_of_a_film(simulator: Simulator) -> None:
    ddl = next(block for block in blocks("athena.md", "sql") if block.startswith("CREATE EXTERNAL TABLE"))
    columns: dict[str, Any] = dict(re.findall(r"^  (\w+) +([a-z]+)", ddl.partition("PARTITIONED")[0], re.MULTILINE))
    document = json.loads(simulator.answer("/movie/11", {"append_to_response": "credits"})[1])
    types = {"bigint": int, "int": int, "double": float, "string": str, "array": list, "struct": dict}
    assert len(columns) == 14
    for name, type in columns.items():
        assert isinstance(document[name], types[type]), name
    (template,) = re.findall(r"'storage.location.template' += 's3://my-data-lake/(\S+)'", ddl)
    keys = RecordKeys("TMDB", dt.date(2026, 11, 23), ("movie", "tv"), {"movie": "Movies"})
    assert template.replace("${day}", "2026/11/23") == keys.folder("movie")
