"""What a cold start does without: the modules that a run of the handler has loaded when it is done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ingest_source_tmdb.simulator import Options, Simulator

sys.path.append(str(Path(__file__).resolve().parent / "lake"))

from scripted_s3 import ScriptedS3, scripted

from ingest_core.assembly import Workspace

RUN = """
import json, sys
from ingest_core.lambda_handler import handler
answer = handler({"source": "tmdb", "date": "2026-11-23"}, None)
tops = {name.partition(".")[0] for name in sys.modules}
print(json.dumps([answer["status"], answer["counts"]["records"], sorted(tops), sorted(sys.modules)]))
"""
# Of the command, of disks, of tests, and what only another way of running needs.
NEVER = {"click", "rich", "filelock", "pytest", "moto", "responses", "unittest"}
AWS = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil"}
JUDGING = {"jsonschema", "referencing", "attr", "rpds", "yaml"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(Options(movies=20)) as running:
        yield running


@pytest.fixture
def s3() -> Iterator[ScriptedS3]:
    with scripted(lambda asked, before: None) as server:
        yield server


@pytest.fixture
def loaded(tmp_path: Path, simulator: Simulator, s3: ScriptedS3) -> Callable[..., tuple[set[str], set[str]]]:
    """Runs the handler in a process of its own: the packages that it has loaded, and the modules."""
    config = tmp_path / "tmdb.yaml"
    config.write_text(
        "source: tmdb\nlake: s3://lake\nsettings:\n  token: env:TMDB_TOKEN\n"
        f"  base_url: {simulator.base_url}\n  select:\n    - ids: [1]\n      as: movie\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "INGEST_CONFIG_DIR": str(tmp_path),
        "TMDB_TOKEN": simulator.options.token,
        "AWS_ENDPOINT_URL_S3": s3.url,
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    def run(engine: str, *, stamped: bool) -> tuple[set[str], set[str]]:
        if stamped:
            Workspace({"INGEST_CONFIG_DIR": str(tmp_path)}).stamp("tmdb")
        ended = subprocess.run(
            [sys.executable, "-c", RUN],
            env={**environment, "INGEST_ENGINE": engine},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        told: list[Any] = json.loads(ended.stdout.splitlines()[-1])
        assert told[:2] == ["done", 1]
        return set(told[2]), set(told[3])

    return run


@pytest.mark.parametrize("engine", ["default", "fast"])
def test_a_stamped_config_runs_without_what_parses_and_judges_it_and_without_boto3(
    loaded: Callable[..., tuple[set[str], set[str]]], engine: str
) -> None:
    packages, modules = loaded(engine, stamped=True)
    assert sorted(packages & (NEVER | AWS | JUDGING)) == []
    assert not [name for name in modules if name.split(".")[:2] in (["ingest_core", "cli"], ["ingest_core", "testing"])]
    assert not {name for name in modules if name.startswith("ingest_source_tmdb.simulator")}
    assert engine == "default" or "encodings.idna" not in modules  # urllib3 brings them in


def test_what_is_left_out_is_what_would_be_there(loaded: Callable[..., tuple[set[str], set[str]]]) -> None:
    packages, _ = loaded("default", stamped=False)
    assert packages >= JUDGING
    assert sorted(packages & (NEVER | AWS)) == []


def test_a_run_for_a_program_loads_nothing_that_draws(tmp_path: Path, simulator: Simulator) -> None:
    config = tmp_path / "tmdb.yaml"
    config.write_text(
        f"source: tmdb\nlake: {tmp_path / 'lake'}\nsettings:\n  token: env:TMDB_TOKEN\n"
        f"  base_url: {simulator.base_url}\n  select:\n    - ids: [1]\n      as: movie\n"
    )
    code = (
        "import sys; from ingest_core.cli.app import run_command\n"
        f"status = run_command(['run', {str(config)!r}, '--json'])\n"
        "drawing = {name for name in sys.modules if name in {'rich', 'pygments'}}\n"
        "sys.stderr.write(f'{status} {sorted(drawing)}')"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMDB_TOKEN": simulator.options.token}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert ended.stderr == "0 []"
    assert json.loads(ended.stdout)["counts"]["records"] == 1
