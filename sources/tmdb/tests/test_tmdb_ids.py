"""Ids from a file: what is read of it, what IMDb's ids lead to, and what the report counts."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core.model import Report, Status

Land = Callable[..., Report]
Landed = Callable[[], dict[str, bytes]]
RAW = "Raw/TMDB/JSON/2026/11/23"
HEADER = "id|tituloPincipal|anoLancamento|genero|nomeArtista"


@pytest.fixture(scope="module")
def shared() -> Iterator[Simulator]:
    with Simulator(Options(movies=300, shows=200, people=300, list_total=90)) as running:
        yield running


@pytest.fixture
def simulator(shared: Simulator) -> Simulator:
    shared.clear_log()
    return shared


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Writes a file of these lines; returns the `ids` that read it."""

    def write(*lines: str, name: str = "movies.csv", encoding: str = "utf-8", **more: Any) -> dict[str, Any]:
        mixed = encoding == "mixed"
        encoding = "utf-8" if mixed else encoding
        body = "".join(f"{line}\n" for line in lines).encode(encoding, "surrogateescape" if mixed else "strict")
        (tmp_path / name).write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
        return {"csv": str(tmp_path / name), "separator": "|", "null": "\\N", "encoding": encoding, **more}

    return write


def movie(number: int) -> str:
    return f"tt{10_000_000 + 2 * number}"


def show(number: int) -> str:
    return f"tt{10_000_001 + 2 * number}"


def asked(simulator: Simulator) -> Counter[str]:
    return Counter(entry.path.removeprefix("/3") for entry in simulator.log)


def test_the_films_of_a_file_land_each_once(
    simulator: Simulator, land: Land, landed: Landed, csv: Callable[..., dict[str, Any]]
) -> None:
    rows = [f"{movie(n)}|The “{n}” of|2001|Drama,Crime|Artist {artist}" for n in (1, 2, 3) for artist in range(4)]
    report = land(
        simulator, [{"ids": csv(HEADER, *rows, "\\N|nobody|2001|Drama|x"), "as": "movie"}], append=["credits"]
    )
    assert (report.status, report.counts.records, report.counts.duplicates) == (Status.DONE, 3, 9)
    expected = {f"{RAW}/movie-{n}.json": simulator.answer(f"/movie/{n}", {"append_to_response": "credits"})[1]
                for n in (1, 2, 3)}  # fmt: skip
    assert landed() == expected
    assert asked(simulator) == {f"/find/{movie(n)}": 1 for n in (1, 2, 3)} | {f"/movie/{n}": 1 for n in (1, 2, 3)}
    assert report.notes[0].endswith("movies.csv: 13 rows, 12 ids, 1 without an id")


def test_as_decides_which_of_several_answers_counts(
    simulator: Simulator, land: Land, landed: Landed, csv: Callable[..., dict[str, Any]]
) -> None:
    shared = movie(50)
    found = json.loads(simulator.answer(f"/find/{shared}", {"external_source": "imdb_id"})[1])
    assert (len(found["movie_results"]), len(found["tv_results"])) == (1, 1)
    unrelated = found["tv_results"][0]["id"]
    land(simulator, [{"ids": csv(HEADER, f"{shared}|x|1|x|x"), "as": "movie"}])
    assert set(landed()) == {f"{RAW}/movie-50.json"}
    land(simulator, [{"ids": csv(HEADER, f"{shared}|x|1|x|x"), "as": "tv"}], refresh=True)
    assert set(landed()) == {f"{RAW}/tv-{unrelated}.json"}


def test_what_imdb_has_and_tmdb_has_not_is_missing_and_says_as_what_it_is_known(
    simulator: Simulator, land: Land, folder: Path, csv: Callable[..., dict[str, Any]]
) -> None:
    rows = [f"{id}|x|1|x|x" for id in (movie(1), show(7), "tt99999999")]
    report = land(simulator, [{"ids": csv(HEADER, *rows), "as": "movie"}])
    assert (report.status, report.counts.records, report.counts.missing) == (Status.DONE, 1, 2)
    part = json.loads(next(folder.rglob("parts/r0-imdb_movie-00000.json")).read_text())
    reasons = {absent["id"]: absent["reason"] for absent in part["missing"]}
    assert reasons == {
        show(7): "TMDB knows it as no movie, but as tv",
        "tt99999999": "TMDB knows it as no movie",
    }


def test_ids_that_lead_to_the_same_film_are_taken_once(
    simulator: Simulator, land: Land, landed: Landed, csv: Callable[..., dict[str, Any]]
) -> None:
    ids = csv(HEADER, f"{movie(5)}|x|1|x|x", "tt30000005|merged|1|x|x", "5|TMDB's own|1|x|x", "0006|x|1|x|x")
    report = land(simulator, [{"ids": ids, "as": "movie"}, {"ids": [5, movie(5)], "as": "movie"}])
    assert set(landed()) == {f"{RAW}/movie-5.json", f"{RAW}/movie-6.json"}
    assert (report.counts.records, report.counts.duplicates, report.counts.missing) == (2, 4, 0)
    assert max(asked(simulator).values()) == 1


def test_only_rows_of_where_are_taken(
    simulator: Simulator, land: Land, landed: Landed, csv: Callable[..., dict[str, Any]]
) -> None:
    rows = ["1|a|2001|Drama,Ação|x", "2|b|2001|Comedy|x", "3|c|2002|Drama|x", "4|d|2001|Dramatic|x", "5|e|2001|\\N|x"]
    where = {"genero": ["Drama", "Comédia"], "anoLancamento": "2001"}
    report = land(simulator, [{"ids": csv(HEADER, *rows, where=where), "as": "movie"}])
    assert set(landed()) == {f"{RAW}/movie-1.json"}
    assert report.notes[0].endswith("5 rows, 1 ids, 4 not of `where`")


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        (["\ufeffid,title", '1,"a, quoted ""title"""', '2,"on two', 'lines"'], {"separator": ","}),
        (["id;title", '1;"a;b"', "2;c"], {"separator": ";"}),
        (["id\ttitle", '1\t"Unbalanced', "2\tc"], {"separator": "\t"}),
        (["id|title", '1|"Weird Al', '2|"Rome" in Love'], {}),
        (["id|title", "1|'a|b'", "2|c"], {"quote": "'"}),
        (["título|id", "ação|1", "é|2"], {"encoding": "latin-1", "column": "id"}),
        (["id|title", "1|a", "2|b"], {"name": "movies.csv.gz"}),
    ],
    ids=["comma", "semicolon", "tab", "bar", "quoted", "latin-1", "gz"],
)
def test_files_are_read_as_they_are_written(
    simulator: Simulator,
    land: Land,
    landed: Landed,
    csv: Callable[..., dict[str, Any]],
    lines: list[str],
    more: dict[str, Any],
) -> None:
    report = land(simulator, [{"ids": csv(*lines, **more), "as": "movie"}])
    assert (report.status, report.error) == (Status.DONE, None)
    assert set(landed()) == {f"{RAW}/movie-1.json", f"{RAW}/movie-2.json"}


def test_rows_of_another_width_are_told(simulator: Simulator, land: Land, csv: Callable[..., dict[str, Any]]) -> None:
    report = land(simulator, [{"ids": csv("title|id", "a|1", "b|c|2", "short"), "as": "movie"}])
    assert report.notes[0].endswith("3 rows, 2 ids, 1 without an id, 2 with more or fewer cells than the first line "
                                    "(line 3 is one)")  # fmt: skip


def test_what_is_no_id_is_rejected_alone_and_counts_against_max_failed(
    simulator: Simulator, land: Land, landed: Landed, csv: Callable[..., dict[str, Any]]
) -> None:
    ids = csv(HEADER, "1|x|1|x|x", "The Matrix|x|1|x|x", "tt12x|x|1|x|x")
    report = land(simulator, [{"ids": ids, "as": "movie"}], top={"max_failed": 2})
    assert (report.status, report.counts.records, report.counts.rejected) == (Status.DONE, 1, 2)
    assert any("'The Matrix' is no id of TMDB's or IMDb's" in problem for problem in report.problems)
    assert land(simulator, [{"ids": ids, "as": "movie"}], config="strict").status is Status.FAILED


@pytest.mark.parametrize(
    ("lines", "more", "says"),
    [
        (["id|title"], {}, "has no rows"),
        ([], {}, "has no column 'id'"),
        (["id,title", "1,a"], {}, "has no column 'id'; its first line says id,title"),
        (["id|title", "1|a"], {"where": {"genre": ["Drama"]}}, "has no column 'genre'"),
        (["id|title", "1|ação"], {"encoding": "latin-1", "wrong": "utf-8"}, "cannot be read after line"),
        (["not gzip"], {"name": "x.csv", "renamed": "x.csv.gz"}, "cannot be read after line"),
        (["id|title", "1|" + "x" * 100_000_000], {}, "a line has more than 1,000,000 characters"),
        (
            ["id,title", '1,"never closed'] + ["2,b"] * 60_000,
            {"separator": ","},
            "cannot be read after line 1: field larger",
        ),
        (["id|title", "1|ação", "2|a\udce7\udce3o"], {"encoding": "mixed"}, "cannot be read after line"),
    ],
    ids=["empty", "nothing", "separator", "where", "encoding", "gz", "100 MB", "quote", "mixed encodings"],
)
def test_a_file_that_is_not_as_the_settings_say_stops_the_run_with_its_name(
    simulator: Simulator,
    land: Land,
    tmp_path: Path,
    csv: Callable[..., dict[str, Any]],
    lines: list[str],
    more: dict[str, Any],
    says: str,
) -> None:
    wrong, renamed = more.pop("wrong", None), more.pop("renamed", None)
    ids = csv(*lines, **more)
    if wrong:
        ids["encoding"] = wrong
    if renamed:
        (tmp_path / "x.csv").rename(tmp_path / renamed)
        ids["csv"] = str(tmp_path / renamed)
    report = land(simulator, [{"ids": ids, "as": "movie"}])
    assert (report.status, report.exit_code) == (Status.FAILED, 2)
    assert report.error is not None
    assert says in report.error.what
    assert ids["csv"] in report.error.what
    assert simulator.log == ()


def test_a_file_that_is_not_there_is_named(simulator: Simulator, land: Land) -> None:
    report = land(simulator, [{"ids": {"csv": "nowhere.csv"}, "as": "movie"}])
    assert report.error is not None
    assert "nowhere.csv" in report.error.what


def test_persons_of_imdb_are_found_too(simulator: Simulator, land: Land, landed: Landed) -> None:
    land(simulator, [{"ids": ["nm10000012", 13], "as": "person"}])
    assert set(landed()) == {f"{RAW}/person-12.json", f"{RAW}/person-13.json"}


def test_what_a_recent_run_landed_is_neither_looked_up_nor_asked_for(
    simulator: Simulator, land: Land, landed: Landed, csv: Callable[..., dict[str, Any]]
) -> None:
    first = csv(HEADER, *(f"{movie(n)}|x|1|x|x" for n in (1, 2)))
    land(simulator, [{"ids": first, "as": "movie"}], config="backfill", date="2026-11-01")
    simulator.clear_log()
    both = csv(HEADER, *(f"{movie(n)}|x|1|x|x" for n in (1, 2, 3)), f"{show(9)}|x|1|x|x")
    select = [{"ids": both, "as": "movie"}]
    report = land(simulator, select, skip_landed="30d")
    assert (report.counts.records, report.counts.skipped, report.counts.missing) == (1, 2, 1)
    assert asked(simulator) == {f"/find/{movie(3)}": 1, "/movie/3": 1, f"/find/{show(9)}": 1}
    assert land(simulator, select, skip_landed="10d", config="shorter").counts.records == 3
    assert land(simulator, select, skip_landed="5d", date="2026-12-30", config="later").counts.skipped == 0
