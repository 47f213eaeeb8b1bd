"""`ingest run`: what it lands where, what it says, and its exit codes."""

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
DATE = ("--date", "2026-11-23")


def movies(folder: Path) -> set[str]:
    return {path.name for path in (folder / "Raw/TMDB/JSON/2026/11/23").glob("*")}


def expected(simulator: Simulator) -> set[str]:
    pages = [json.loads(simulator.answer("/movie/popular", {"page": str(page)})[1]) for page in (1, 2)]
    return {f"movie-{row['id']}.json" for body in pages for row in body["results"]} | {"movie-11.json", "movie-12.json"}


def test_a_run_lands_in_the_lake_of_the_config(ingest: Ingest, home: Path, simulator: Simulator) -> None:
    ended = ingest("run", "tmdb", *DATE)
    assert (ended.code, ended.err) == (0, "")
    assert movies(home / "lake") == expected(simulator)
    assert f"{len(expected(simulator))} records" in ended.out
    again = ingest("run", "tmdb", *DATE)
    assert again.code == 0
    assert "nothing was asked of the API" in again.out


def test_a_run_as_json_is_one_document_and_nothing_else(ingest: Ingest, simulator: Simulator) -> None:
    ended = ingest("run", "tmdb", *DATE, "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["status"], told["date"]) == (0, "done", "2026-11-23")
    assert told["counts"]["records"] == len(expected(simulator))
    assert told["manifest"] == "_ingest/TMDB/tmdb/2026-11-23/g1/manifest.json"
    assert told["error"] is None


def test_a_dry_run_lands_the_same_keys_in_a_folder_of_its_own(
    ingest: Ingest, home: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INGEST_LAKE", "s3://nowhere-at-all")
    assert ingest("run", "tmdb", "--dry-run", *DATE).code == 0
    assert movies(home / "dry-run") == expected(simulator)
    assert not (home / "lake").exists()


def test_a_dry_run_begins_afresh_each_time(ingest: Ingest, home: Path) -> None:
    ingest("run", "twitter_stub", "--dry-run", "--out", "tried", "--date", "2026-11-22")
    ended = ingest("run", "tmdb", "--dry-run", "--out", "tried", "--limit", "3", *DATE)
    assert ended.code == 0
    assert len(movies(home / "tried")) == 3
    assert not (home / "tried/Raw/Twitter").exists()


def test_a_dry_run_leaves_a_folder_of_somebody_else_alone(ingest: Ingest, home: Path) -> None:
    (home / "mine").mkdir()
    (home / "mine/thesis.txt").write_text("years of work")
    ended = ingest("run", "tmdb", "--dry-run", "--out", "mine")
    assert ended.code == 2
    assert "no dry run put there" in ended.err
    assert [path.name for path in (home / "mine").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_dry_run_wants_a_real_folder(ingest: Ingest, home: Path, kind: str) -> None:
    (home / "other").mkdir()
    if kind == "file":
        (home / "out").write_text("x")
    else:
        (home / "out").symlink_to(home / "other")
    ended = ingest("run", "tmdb", "--dry-run", "--out", "out")
    assert ended.code == 2
    assert "is not a folder" in ended.err


def test_a_mistake_in_the_config_does_not_empty_the_folder(ingest: Ingest, home: Path) -> None:
    ingest("run", "twitter_stub", "--dry-run")
    before = sorted(home.glob("dry-run/Raw/**/*.json"))
    assert ingest("run", "tmdb", "--dry-run", "--set", "detail=perhaps").code == 2
    assert sorted(home.glob("dry-run/Raw/**/*.json")) == before


def test_a_setting_may_be_overridden_for_one_run(ingest: Ingest, home: Path, simulator: Simulator) -> None:
    simulator.clear_log()
    ended = ingest(
        "run", "tmdb", "--dry-run", *DATE, "--set", "language=pt-BR", "--set", "select.0.pages=1", "--set", "rate=500"
    )
    assert ended.code == 0
    pages = [entry for entry in simulator.log if entry.path == "/3/movie/popular"]
    assert [dict(entry.query) for entry in pages] == [{"language": "pt-BR", "page": "1"}]


def test_another_lake_may_be_given_by_flag_or_environment_and_the_flag_wins(
    ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INGEST_LAKE", "by-environment")
    ingest("run", "twitter_stub")
    ingest("run", "twitter_stub", "--lake", "by-flag")
    assert (home / "by-environment/Raw/Twitter").is_dir()
    assert (home / "by-flag/Raw/Twitter").is_dir()
    assert not (home / "lake").exists()


def test_a_path_to_a_config_does_as_well_as_its_name(ingest: Ingest, home: Path) -> None:
    (home / "conf/twitter_stub.yaml").rename(home / "mine.yaml")
    assert ingest("run", "mine.yaml", *DATE).code == 0
    assert (home / "lake/_ingest/Twitter/mine/2026-11-23/g1/manifest.json").is_file()


def test_a_source_that_is_not_configured_is_exit_2_and_the_name_is_guessed(ingest: Ingest) -> None:
    ended = ingest("run", "tmbd")
    assert (ended.code, ended.out) == (2, "")
    assert "unknown source 'tmbd'" in ended.err
    assert "tmdb" in ended.err.replace("'tmbd'", "")


def test_a_config_of_a_source_that_is_not_installed_is_exit_2(ingest: Ingest, home: Path) -> None:
    (home / "conf/spotify.yaml").write_text("source: spotify\nlake: lake\n")
    ended = ingest("run", "spotify")
    assert ended.code == 2
    assert "conf/spotify.yaml:1:9: unknown source 'spotify'" in ended.err
    assert "tmdb, twitter_stub" in ended.err


def test_a_mistake_is_exit_2_with_file_line_and_column(ingest: Ingest, home: Path) -> None:
    (home / "conf/twitter_stub.yaml").write_text("source: twitter_stub\nlake: lake\nsettings:\n  querry: x\n")
    ended = ingest("run", "twitter_stub")
    assert ended.code == 2
    assert "twitter_stub.yaml:4:3: unknown key 'querry'; did you mean 'query'?" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "twitter_stub", "--date", "yesterday"),
        ("run", "twitter_stub", "--date", "2026-11-23T06:00:00"),
        ("run", "twitter_stub", "--limit", "0"),
        ("run", "twitter_stub", "--set", "novalue"),
        ("run", "twitter_stub", "--out", "x"),
        ("run", "twitter_stub", "--dry-run", "--lake", "x"),
        ("run", "twitter_stub", "--nonsense"),
        ("run",),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_a_wrong_command_is_exit_2_and_says_something_on_standard_error(
    ingest: Ingest, home: Path, arguments: tuple[str, ...]
) -> None:
    ended = ingest(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.strip()
    assert not (home / "lake").exists()


def test_an_error_as_json_is_one_document(ingest: Ingest) -> None:
    ended = ingest("run", "nobody", "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["status"], told["error"]["kind"]) == (2, "failed", "UsageError")


def test_a_lake_that_cannot_be_written_to_is_exit_1(ingest: Ingest, home: Path) -> None:
    (home / "lake").write_text("a file, not a folder")
    ended = ingest("run", "twitter_stub")
    assert ended.code == 1
    assert "lake" in ended.out


def test_an_outage_is_exit_3_and_says_to_come_again(
    ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    # The command takes the machine's own clock: without this, back-off would take a minute.
    monkeypatch.setattr("ingest_core.assembly.SystemClock", lambda: clock)
    ended = ingest("run", "tmdb", *DATE, "--set", "base_url=http://127.0.0.1:9/3")
    assert ended.code == 3
    assert "the same command again" in ended.out
    assert not list((home / "lake").glob("_ingest/**/manifest.json"))


def test_a_token_that_is_refused_is_exit_4(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_TOKEN", "not-a-token-of-anybody")
    ended = ingest("run", "tmdb", *DATE)
    assert ended.code == 4
    assert "env:TMDB_TOKEN" in ended.out
    assert "not-a-token-of-anybody" not in ended.out + ended.err


def test_an_interrupt_is_exit_130(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest_core.assembly import Workspace

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Workspace, "runs", interrupt)
    ended = ingest("run", "twitter_stub")
    assert (ended.code, ended.out) == (130, "")
    assert "interrupted" in ended.err
    assert "goes on from here" in ended.err


def test_a_secret_is_not_in_the_log_even_when_all_is_logged(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    monkeypatch.setenv("INGEST_LOG", "debug")
    monkeypatch.setenv("TMDB_API_KEY", simulator.options.api_key)
    ended = ingest("run", "tmdb", *DATE, "--set", "api_key=env:TMDB_API_KEY")
    assert ended.code == 0
    assert simulator.options.api_key not in ended.out + ended.err


def test_whoever_reads_a_line_and_leaves_is_no_failure(home: Path) -> None:
    command = f"{sys.executable} -m ingest_core run tmdb --limit 2 | head -1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], cwd=home, capture_output=True, text=True, check=False)
    assert ended.returncode == 0
    assert ended.stdout.count("\n") == 1


def test_a_dry_run_never_empties_a_lake_or_a_file_of_yours(ingest: Callable[..., Any], home: Path) -> None:
    assert ingest("run", "twitter_stub", "--dry-run").code == 0
    refused = ingest("run", "twitter_stub", "--lake", "dry-run")
    assert refused.code == 2
    assert "empties it each time" in refused.err
    (home / "dry-run/mine.txt").write_text("mine")
    assert ingest("run", "twitter_stub", "--dry-run").code == 2
    assert (home / "dry-run/mine.txt").read_text() == "mine"


def test_what_to_do_next_repeats_the_flags_that_were_given(ingest: Callable[..., Any]) -> None:
    told = ingest("run", "twitter_stub", "--lake", "a lake", "--set", "page_size=20", "--limit", "1").out
    assert "ingest run twitter_stub --lake 'a lake' --set page_size=20   (without --limit, to commit)" in told


def test_a_refresh_of_a_trial_is_refused(ingest: Ingest) -> None:
    ended = ingest("run", "tmdb", *DATE, "--refresh", "--limit", "3")
    assert ended.code == 2
    assert "--refresh and --limit do not go together" in ended.err


def test_a_run_that_finishes_another_day_first_says_so(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    monkeypatch.setenv("TMDB_TOKEN", "refused")
    assert ingest("run", "tmdb", "--date", "2026-11-20").code == 4
    monkeypatch.setenv("TMDB_TOKEN", simulator.options.token)
    ended = ingest("run", "tmdb", *DATE)
    assert ended.code == 0
    assert "first what was unfinished: the run of 2026-11-20" in ended.out
    assert ended.out.index("first what was unfinished") < ended.out.index("tmdb 2026-11-23: done")


@pytest.mark.parametrize("workers", [0, 257])
def test_workers_have_the_bounds_of_the_config(ingest: Ingest, workers: int) -> None:
    by_flag = ingest("run", "twitter_stub", "--workers", str(workers), *DATE)
    by_config = ingest("run", "twitter_stub", "--set", f"workers={workers}", *DATE)
    assert (by_flag.code, by_config.code) == (2, 2)
    assert by_flag.err.replace("--workers", "--set workers") == by_config.err
    assert "--workers: workers: must be" in by_flag.err


def test_the_report_tells_the_workers_that_the_command_said(ingest: Ingest, home: Path) -> None:
    ended = ingest("run", "twitter_stub", "--workers", "2", "--set", "report=true", "--json", *DATE)
    assert json.loads(ended.out)["workers"] == 2
    assert "workers: 2" in (home / "lake/_ingest/Twitter/report.html").read_text()
    assert ingest("report", "twitter_stub", "--html", "later.html").code == 0
    assert "workers: 2" in (home / "later.html").read_text()
