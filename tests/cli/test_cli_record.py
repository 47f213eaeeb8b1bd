"""`ingest record`, and configs whose answers are recorded."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Simulator

from ingest_core.plugins import load_plugins
from ingest_core.recording import read_recording
from ingest_core.testing import CHECKS, Subject, Unanswerable

Ingest = Callable[..., Any]
SMALL = ("--set", "select=[{list: movie/popular, pages: 1}]", "--set", "detail=false")


def recorded(ingest: Ingest, home: Path, *more: str) -> Path:
    ended = ingest("record", "tmdb", "--to", "answers", "--date", "2026-11-23", *SMALL, *more)
    assert ended.code == 0, ended.err
    return home / "answers"


def replay(home: Path, lake: str = "lake") -> None:
    text = (home / "conf/tmdb.yaml").read_text().replace("lake: lake", f"lake: {lake}")
    (home / "conf/tmdb.yaml").write_text(f"answers: ../answers\n{text}")


def test_a_recording_has_every_answer_and_no_secret(ingest: Ingest, home: Path, simulator: Simulator) -> None:
    folder = recorded(ingest, home)
    recording = read_recording(folder)
    assert (recording.source, str(recording.date), len(recording.answers)) == ("tmdb", "2026-11-23", 1)
    assert recording.settings == {"detail": False, "select": [{"list": "movie/popular", "pages": 1}]}
    token = simulator.options.token
    for path in folder.iterdir():
        text = path.read_bytes()
        assert token.encode() not in text
        assert base64.b64encode(token.encode()).rstrip(b"=") not in text
    assert not (home / "lake").exists()


def test_a_config_with_answers_lands_what_was_recorded_without_network_or_key(
    ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = ingest("run", "tmdb", "--dry-run", "--out", "live", "--date", "2026-11-23", *SMALL)
    assert live.code == 0, live.err
    recorded(ingest, home)
    replay(home)
    monkeypatch.delenv("TMDB_TOKEN")
    monkeypatch.setattr("socket.socket.connect", None)
    ended = ingest("run", "tmdb", "--dry-run", *SMALL)
    assert ended.code == 0, ended.out + ended.err
    files = {path.relative_to(home / "live"): path for path in (home / "live").glob("Raw/**/*.json")}
    assert files
    for name, path in files.items():
        assert (home / "dry-run" / name).read_bytes() == path.read_bytes()


def test_what_was_not_recorded_fails_the_run_and_is_named(ingest: Ingest, home: Path) -> None:
    recorded(ingest, home)
    replay(home)
    ended = ingest("run", "tmdb", "--dry-run", *SMALL[2:], "--set", "select=[{list: movie/top_rated, pages: 1}]")
    assert ended.code == 1
    assert "no answer to /3/movie/top_rated?page=1 is recorded" in ended.out


def test_recorded_answers_do_not_land_in_s3(ingest: Ingest, home: Path) -> None:
    recorded(ingest, home)
    replay(home, "s3://a-real-lake")
    ended = ingest("run", "tmdb", *SMALL)
    assert ended.code == 2
    assert "does not go into S3" in ended.err
    assert ingest("run", "tmdb", "--dry-run", *SMALL).code == 0


def test_record_asks_the_api_even_where_the_config_has_answers(ingest: Ingest, home: Path) -> None:
    folder = recorded(ingest, home)
    replay(home)
    for path in folder.glob("*.http"):
        path.unlink()
    recorded(ingest, home)
    assert len(list(folder.glob("*.http"))) == 1


def test_check_says_that_answers_are_recorded(ingest: Ingest, home: Path) -> None:
    recorded(ingest, home)
    replay(home)
    ended = ingest("check", "tmdb")
    assert ended.code == 0
    assert "recorded answers stand for it" in ended.out


def test_a_run_that_is_not_done_is_not_kept(ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_TOKEN", "not-the-token-of-it")
    ended = ingest("record", "tmdb", "--to", "answers", *SMALL)
    assert ended.code == 4
    assert "nothing was written" in ended.err
    assert not (home / "answers").exists()


def test_a_run_of_too_many_requests_is_not_kept(ingest: Ingest, home: Path) -> None:
    ended = ingest("record", "tmdb", "--to", "answers", "--most", "3")
    assert ended.code == 1
    assert "more than 3 requests" in ended.err
    assert not (home / "answers").exists()


def test_a_source_without_network_has_nothing_to_record(ingest: Ingest) -> None:
    ended = ingest("record", "twitter_stub", "--to", "answers")
    assert ended.code == 2
    assert "nothing to record" in ended.err


def test_the_contract_suite_replays_a_recording(ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = recorded(ingest, home)
    recording = read_recording(folder)
    monkeypatch.delenv("TMDB_TOKEN")
    text = (home / "conf/tmdb.yaml").read_text()
    base_url = next(line.split(": ")[1] for line in text.splitlines() if "base_url" in line)
    subject = Subject(load_plugins().find("tmdb"), {"base_url": base_url, **recording.settings}, recording)
    tried = 0
    for check in CHECKS.values():
        try:
            check(subject)
            tried += 1
        except Unanswerable:
            continue
    assert tried > 15
