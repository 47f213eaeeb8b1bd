"""The command as a person calls it: in a folder of its own, with configs for the simulator and the stub."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from ingest_source_tmdb.simulator import Options, Simulator

from ingest_core import lambda_handler
from ingest_core.cli.app import run_command


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit code and its two streams."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator(Options(movies=200, shows=100, people=100, list_total=45)) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulator: Simulator) -> Path:
    """The working folder, with `conf/` as the folder of configs."""
    for name in ("INGEST_LAKE", "INGEST_LOG", "LAMBDA_TASK_ROOT", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TMDB_TOKEN", simulator.options.token)
    monkeypatch.setenv("INGEST_CONFIG_DIR", str(tmp_path / "conf"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/tmdb.yaml").write_text(
        "source: tmdb\nlake: lake\nrate: 1000\nsettings:\n"
        f"  base_url: {simulator.base_url}\n"
        "  select:\n    - list: movie/popular\n      pages: 2\n    - ids: [11, 12]\n      as: movie\n"
    )
    (tmp_path / "conf/twitter_stub.yaml").write_text("source: twitter_stub\nlake: lake\nsettings: {query: q}\n")
    return tmp_path


@pytest.fixture
def ingest(home: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    # What the command and the handler set up for their one process is taken back, so that each test has its own.
    loggers = [logging.getLogger(), logging.getLogger("ingest_core"), logging.getLogger("werkzeug")]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    lambda_handler._workspace.cache_clear()

    def call(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run_command(arguments)
        told = capsys.readouterr()
        return Ended(code, told.out, told.err)

    yield call
    lambda_handler._workspace.cache_clear()
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


@pytest.fixture(scope="session")
def s3_endpoint(moto_server: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(params=["disk", "s3"])
def where(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lake of the test's own, to be named by --lake: a folder, or a prefix of a bucket."""
    if request.param == "disk":
        return str(tmp_path / "the lake")
    endpoint: str = request.getfixturevalue("s3_endpoint")
    for name, value in {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    import boto3

    bucket = f"lake-{uuid.uuid4().hex[:12]}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}/team"
