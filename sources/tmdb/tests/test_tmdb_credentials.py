"""Keys: they open the API, and nobody reads them anywhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core.model import Report, Status

Land = Callable[..., Report]
SELECT = [{"list": "movie/popular", "pages": 1}]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(Options(movies=100, list_total=30, faults=0.3)) as running:
        yield running


def test_a_token_that_is_refused_stops_the_run_and_names_its_setting(
    simulator: Simulator, land: Land, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    simulator.clear_log()
    report = land(simulator, [*SELECT, {"list": "tv/popular", "pages": 1}], token="not-a-token-of-anybody")
    assert (report.status, report.exit_code, report.manifest) == (Status.FAILED, 4, None)
    assert report.error is not None
    assert report.error[0] == "CredentialsError"
    assert "env:TMDB_TOKEN" in report.error[1] + report.error[2]
    told = repr(report) + caplog.text + "".join(path.read_text() for path in folder.rglob("*.json"))
    assert "not-a-token-of-anybody" not in told
    assert {entry.status for entry in simulator.log} == {401}


def test_an_api_key_opens_the_api_and_is_written_nowhere(
    simulator: Simulator, land: Land, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ingest_core")
    simulator.clear_log()
    report = land(simulator, SELECT, api_key="env:TMDB_API_KEY", token="not-a-token-of-anybody")
    assert (report.status, report.counts.records) == (Status.DONE, 20)
    assert all(entry.authenticated and "api_key" in dict(entry.query) for entry in simulator.log)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.parent.name == "parts" for path in files)
    told = repr(report) + caplog.text + "".join(path.read_text() for path in files)
    assert "again in" in caplog.text
    assert simulator.options.api_key not in told
    assert simulator.options.token not in told


def test_a_token_is_written_nowhere(simulator: Simulator, land: Land, folder: Path) -> None:
    report = land(simulator, SELECT)
    assert report.status is Status.DONE
    told = repr(report) + "".join(path.read_text() for path in folder.rglob("*.json"))
    assert simulator.options.token not in told
