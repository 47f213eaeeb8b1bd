"""`ingest runs`, `verify`, `state`, `replay`, `prune`: looking after a lake from the command line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Simulator

Ingest = Callable[..., Any]
DAY = ("--date", "2026-11-23")


def test_runs_lists_every_config_newest_day_first(ingest: Ingest) -> None:
    assert "no runs yet" in ingest("runs").err
    ingest("run", "twitter_stub", "--date", "2026-11-22")
    ingest("run", "twitter_stub", *DAY)
    ingest("run", "tmdb", *DAY)
    ended = ingest("runs")
    assert ended.code == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert [line[:2] for line in lines[1:]] == [
        ["tmdb/2026-11-23/g1", "done"],
        ["twitter_stub/2026-11-23/g1", "done"],
        ["twitter_stub/2026-11-22/g1", "done"],
    ]
    told = json.loads(ingest("runs", "tmdb", "--json").out)
    assert [(line["date"], line["standing"], line["totals"]["records"]) for line in told] == [
        ("2026-11-23", "done", 41)
    ]


def test_runs_goes_on_where_one_config_is_broken(ingest: Ingest, home: Path) -> None:
    ingest("run", "twitter_stub", *DAY)
    (home / "conf/broken.yaml").write_text("source: nothing\n")
    ended = ingest("runs")
    assert ended.code == 0
    assert "twitter_stub" in ended.out
    assert "broken: " in ended.err
    assert ingest("runs", "broken").code == 2


def test_verify_says_that_all_is_well_or_names_what_is_not(ingest: Ingest, home: Path) -> None:
    assert ingest("verify", "twitter_stub").code == 1
    ingest("run", "twitter_stub", *DAY)
    ended = ingest("verify", "twitter_stub")
    assert (ended.code, ended.out) == (
        0, "✔ twitter_stub/2026-11-23/g1: 40 objects, 40 records: all as the manifest says\n"
    )  # fmt: skip
    files = sorted((home / "lake/Raw").rglob("*.json"))
    files[0].unlink()
    files[1].write_bytes(b"{}")
    ended = ingest("verify", "twitter_stub", *DAY)
    assert ended.code == 1
    assert f"missing  Raw/Twitter/JSON/2026/11/23/{files[0].name}" in ended.out
    assert f"altered  Raw/Twitter/JSON/2026/11/23/{files[1].name}" in ended.out
    told = json.loads(ingest("verify", "twitter_stub", "--sizes", "--json").out)
    assert sorted(one["kind"] for one in told["wrong"]) == ["altered", "missing"]


def test_verify_of_a_day_without_a_run_says_what_to_do(ingest: Ingest) -> None:
    ingest("run", "twitter_stub", *DAY)
    ended = ingest("verify", "twitter_stub", "--date", "2026-11-20")
    assert ended.code == 1
    assert "ingest runs twitter_stub" in ended.err


def test_state_shows_what_the_next_run_goes_on_from(ingest: Ingest) -> None:
    ingest("run", "twitter_stub", *DAY)
    ended = ingest("state", "show", "twitter_stub")
    assert "committed   2026-11-23" in ended.out
    assert "since_id" in ended.out
    told = json.loads(ingest("state", "show", "twitter_stub", "--json").out)
    assert (told["committed"], told["unfinished"]) == ("2026-11-23", [])


@pytest.fixture
def partial(ingest: Ingest, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of tmdb whose token is refused half-way is unfinished."""
    monkeypatch.setenv("TMDB_TOKEN", "refused")
    assert ingest("run", "tmdb", *DAY).code == 4
    monkeypatch.setenv("TMDB_TOKEN", simulator.options.token)


@pytest.mark.usefixtures("partial")
def test_reset_asks_and_then_gives_the_unfinished_run_up(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "unfinished" in ingest("state", "show", "tmdb").out
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ended = ingest("state", "reset", "tmdb")
    assert ended.code == 130  # nobody is there to say yes
    assert "unfinished" in ingest("state", "show", "tmdb").out
    ended = ingest("state", "reset", "tmdb", "--yes")
    assert (ended.code, ended.err) == (0, "done: give up the run of tmdb for 2026-11-23\n")
    assert "unfinished" not in ingest("state", "show", "tmdb").out
    report = json.loads(ingest("run", "tmdb", *DAY, "--json").out)
    assert (report["status"], report["run"]) == ("done", "tmdb/2026-11-23/g2")
    assert ingest("verify", "tmdb").code == 0


def test_reset_without_a_date_wants_one_unfinished_run(ingest: Ingest) -> None:
    ingest("run", "twitter_stub", *DAY)
    ended = ingest("state", "reset", "twitter_stub", "--yes")
    assert ended.code == 2
    assert "--date" in ended.err


def test_the_checkpoint_can_be_forgotten(ingest: Ingest) -> None:
    assert "nothing is committed" in ingest("state", "reset", "twitter_stub", "--checkpoint", "--yes").err
    ingest("run", "twitter_stub", *DAY)
    assert ingest("state", "reset", "twitter_stub", "--checkpoint", "--yes").code == 0
    assert json.loads(ingest("state", "show", "twitter_stub", "--json").out)["checkpoint"] == {}
    assert "nothing to change" in ingest("state", "reset", "twitter_stub", "--checkpoint", "--yes").err
    assert json.loads(ingest("run", "twitter_stub", *DAY, "--json").out)["already_done"] is True
    ingest("run", "twitter_stub", "--date", "2026-11-24")
    assert json.loads(ingest("state", "show", "twitter_stub", "--json").out)["checkpoint"] != {}


def test_replay_without_a_quarantine_changes_nothing(ingest: Ingest) -> None:
    ended = ingest("replay", "twitter_stub", *DAY)
    assert ended.code == 2
    assert "ingest runs twitter_stub" in ended.out
    ingest("run", "twitter_stub", *DAY)
    report = json.loads(ingest("replay", "twitter_stub", *DAY, "--json").out)
    assert (report["status"], report["counts"]["records"]) == ("done", 40)


def test_prune_asks_tells_and_removes(ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in ("2020-01-01", "2020-01-02", "2020-01-03"):
        ingest("run", "twitter_stub", "--date", day)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ended = ingest("prune", "twitter_stub")
    assert ended.code == 130
    assert "2020-01-02" in ended.out
    assert "2020-01-03" not in ended.out
    ended = ingest("prune", "twitter_stub", "--yes", "--json")
    assert json.loads(ended.out)["days"] == 2
    left = sorted(path.name for path in (home / "lake/_ingest/Twitter/twitter_stub/2020-01-01").rglob("*.*"))
    assert left == ["manifest.json", "state.json", "state.lock"]
    assert "may go" in ingest("prune", "twitter_stub").err


def test_prune_prints_the_rule_for_a_bucket(ingest: Ingest) -> None:
    rule = json.loads(ingest("prune", "tmdb", "--lake", "s3://bucket/team", "--lifecycle").out)
    assert rule["Rules"][0]["Filter"] == {"Prefix": "team/_ingest/"}
    ended = ingest("prune", "twitter_stub", "--lifecycle")
    assert ended.code == 2
    assert ingest("prune", "twitter_stub", "--older-than", "soon").code == 2


def test_a_changed_setting_makes_a_new_generation_of_the_day(ingest: Ingest) -> None:
    ingest("run", "tmdb", *DAY)
    report = json.loads(ingest("run", "tmdb", *DAY, "--set", "select.0.pages=1", "--json").out)
    assert (report["run"], report["counts"]["records"]) == ("tmdb/2026-11-23/g2", 21)
    assert ingest("verify", "tmdb").code == 0


def test_refresh_lands_the_day_anew(ingest: Ingest) -> None:
    ingest("run", "twitter_stub", *DAY)
    report = json.loads(ingest("run", "twitter_stub", *DAY, "--refresh", "--json").out)
    assert (report["run"], report["already_done"]) == ("twitter_stub/2026-11-23/g2", False)


@pytest.mark.parametrize(
    ("command", "becomes"),
    [
        (["run", "tmdb"], "goes on from here"),
        (["run", "tmdb", "--refresh"], "goes on from here"),
        (["run", "tmdb", "--dry-run"], "begins anew"),
        (["run", "tmdb", "--limit=5"], "begins anew"),
    ],
    ids=" ".join,
)
def test_an_interrupted_command_says_what_it_does_when_it_is_given_again(command: list[str], becomes: str) -> None:
    from ingest_core.cli.options import _what_comes_of_it_again

    assert _what_comes_of_it_again(["ingest", *command]) == becomes
