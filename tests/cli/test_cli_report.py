"""`ingest report`: the page of a real run, and what is said where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Simulator

Ingest = Callable[..., Any]
DAY = ("--date", "2026-11-23")
RUN = "tmdb/2026-11-23/g1"


def test_the_page_of_a_run_is_one_file_that_tells_how_it_went(ingest: Ingest, home: Path, simulator: Simulator) -> None:
    ingest("run", "tmdb", "--date", "2026-11-22")
    ingest("run", "tmdb", *DAY)
    ingest("run", "twitter_stub", *DAY)
    ended = ingest("report", RUN, "--html", "page.html")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("page.html: ")
    page = (home / "page.html").read_text()
    for said in ("23 November 2026</span> landed", "41", "twitter_stub", "Against the run of 22 November 2026"):
        assert said in page
    assert "How long answers took" in page
    assert "token: env:TMDB_TOKEN" in page
    assert "not endorsed or certified by TMDB" in page
    assert simulator.options.token not in page


def test_a_run_is_named_as_runs_prints_it(ingest: Ingest) -> None:
    ingest("run", "twitter_stub", *DAY)
    name = ingest("runs").out.splitlines()[1].split()[0]
    assert json.loads(ingest("report", name, "--json").out)["run"]["run"] == "twitter_stub/2026-11-23/g1"


def test_a_config_alone_means_its_newest_run_and_a_date_that_days(ingest: Ingest, home: Path) -> None:
    ingest("run", "twitter_stub", "--date", "2026-11-22")
    ingest("run", "twitter_stub", *DAY)
    ingest("run", "twitter_stub", *DAY, "--refresh")

    def run(*arguments: str) -> str:
        told = json.loads(ingest("report", *arguments, "--json").out)
        return str(told["run"]["run"])

    assert run("twitter_stub") == "twitter_stub/2026-11-23/g2"
    assert run("twitter_stub/2026-11-23/g1") == "twitter_stub/2026-11-23/g1"
    assert run("twitter_stub", "--date", "2026-11-22") == "twitter_stub/2026-11-22/g1"
    assert run(str(home / "conf/twitter_stub.yaml")) == "twitter_stub/2026-11-23/g2"


def test_the_page_goes_to_standard_output_and_nothing_else_does(ingest: Ingest) -> None:
    ingest("run", "twitter_stub", *DAY)
    ended = ingest("report", "twitter_stub", "--html", "-")
    assert ended.out.startswith("<!doctype html>")
    assert ended.out.endswith("</html>\n")
    assert ended.err == ""


def test_a_config_without_a_run_has_a_page_too(ingest: Ingest, home: Path) -> None:
    assert ingest("report", "twitter_stub", "--html", "page.html").code == 0
    assert "twitter_stub</bdi> has not run yet" in (home / "page.html").read_text()


def test_a_failed_run_says_why(ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_TOKEN", "refused-token")
    assert ingest("run", "tmdb", *DAY).code == 4
    ingest("report", "tmdb", "--html", "page.html")
    page = (home / "page.html").read_text()
    assert "has not landed yet" in page
    assert "INGEST-K001" in page
    assert "env:TMDB_TOKEN" in page
    assert "refused-token" not in page


def test_a_trial_in_a_folder_of_its_own_has_a_page(ingest: Ingest) -> None:
    ingest("run", "tmdb", *DAY, "--dry-run", "--limit", "5")
    told = json.loads(ingest("report", "tmdb", "--lake", "dry-run", "--json").out)
    assert (told["run"]["run"], told["run"]["standing"]) == ("tmdb/2026-11-23/trial-1", "trial")
    assert told["run"]["counts"]["records"] == 5


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("twitter_stub",), 2, "--html report.html"),
        (("twitter_stub", "--date", "2026-11-20", "--html", "x.html"), 1, "ingest runs twitter_stub"),
        (("twitter_stub/2026-11-23/g7", "--html", "x.html"), 1, "there is no run twitter_stub/2026-11-23/g7"),
        (("twitter_stub/yesterday", "--html", "x.html"), 2, "ingest runs twitter_stub"),
        (("twitter_stub/2026-11-23/g1", *DAY, "--html", "x.html"), 2, "--date"),
        (("nothing", "--html", "x.html"), 2, "unknown source"),
        (("twitter_stub", "--html", "no/such/folder/x.html"), 2, "no/such/folder/x.html"),
    ],
)
def test_what_cannot_be_shown_is_said_with_what_to_do(
    ingest: Ingest, home: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ingest("run", "twitter_stub", *DAY)
    ended = ingest("report", *arguments)
    assert ended.code == code
    assert said in ended.err
    assert not (home / "x.html").exists()


def test_a_config_may_have_each_run_leave_its_page(ingest: Ingest, home: Path) -> None:
    config = home / "conf/twitter_stub.yaml"
    config.write_text(config.read_text() + "report: true\n")
    page = home / "lake/_ingest/Twitter/report.html"
    ingest("run", "twitter_stub", *DAY, "--limit", "3")
    assert not page.exists()  # a trial is nobody's news
    ingest("run", "twitter_stub", "--date", "2026-11-22")
    assert "22 November 2026</span> landed" in page.read_text()
    ingest("run", "twitter_stub", *DAY)
    assert "23 November 2026</span> landed" in page.read_text()
    before = page.stat().st_mtime_ns
    assert json.loads(ingest("run", "twitter_stub", *DAY, "--json").out)["already_done"] is True
    assert page.stat().st_mtime_ns == before
    assert ingest("verify", "twitter_stub").code == 0


def test_a_page_that_cannot_be_made_costs_no_run(
    ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = home / "conf/twitter_stub.yaml"
    config.write_text(config.read_text() + "report: true\n")
    (home / "lake/_ingest/Twitter/report.html").mkdir(parents=True)
    ended = ingest("run", "twitter_stub", *DAY)
    assert ended.code == 0
    assert "the page of twitter_stub/2026-11-23/g1 was not landed" in caplog.text

    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("ingest_core.report.land_page", broken)
    assert ingest("run", "twitter_stub", "--date", "2026-11-24").code == 0
