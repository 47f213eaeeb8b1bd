"""`--from` and `--to`: a run for each day."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_backfill_runs_each_day_oldest_first(ingest: Callable[..., Any], home: Path) -> None:
    ended = ingest("run", "twitter_stub", "--from", "2026-10-30", "--to", "2026-11-01", "--json")
    assert ended.code == 0
    reports = json.loads(ended.out)
    assert [report["date"] for report in reports] == ["2026-10-30", "2026-10-31", "2026-11-01"]
    for day in ("2026/10/30", "2026/10/31", "2026/11/01"):
        assert len(list((home / "lake/Raw/Twitter/JSON" / day).glob("*.json"))) == 40


def test_a_backfill_stops_at_the_first_day_that_fails(ingest: Callable[..., Any], home: Path) -> None:
    blocked = home / "lake/Raw/Twitter/JSON/2026/10/31"
    blocked.parent.mkdir(parents=True)
    blocked.write_text("a file where a folder should be")
    ended = ingest("run", "twitter_stub", "--from", "2026-10-30", "--to", "2026-11-01", "--json")
    assert ended.code == 1
    assert [report["status"] for report in json.loads(ended.out)] == ["done", "failed"]


def test_a_source_that_knows_the_present_alone_is_not_backfilled(ingest: Callable[..., Any]) -> None:
    ended = ingest("run", "tmdb", "--from", "2026-10-30", "--to", "2026-11-01")
    assert ended.code == 2
    assert "past days" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "2026-11-02", "--to", "2026-11-01"),
        ("--from", "2026-11-02"),
        ("--to", "2026-11-02"),
        ("--from", "2026-11-01", "--to", "2026-11-02", "--date", "2026-11-01"),
        ("--from", "1900-01-01", "--to", "2026-11-02"),
        ("--from", "yesterday", "--to", "2026-11-02"),
    ],
)
def test_a_span_that_is_none_is_a_usage_error(ingest: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    ended = ingest("run", "twitter_stub", *arguments)
    assert ended.code == 2
    assert ended.err


def test_the_shell_completes_names_of_configs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.shell_completion import ShellComplete

    from ingest_core.cli.app import ingest as group

    completer = ShellComplete(group, {}, "ingest", "_INGEST_COMPLETE")
    assert [item.value for item in completer.get_completions(["run"], "tw")] == ["twitter_stub"]
    assert "run" in [item.value for item in completer.get_completions([], "")]
