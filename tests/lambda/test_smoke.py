"""The deployed function, end to end: AWS's own bootstrap, the layer's zip, a config, TMDB's stand-in and an S3."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from ingest_source_tmdb.simulator import Simulator

pytest.importorskip("awslambdaric", reason="awslambdaric, AWS's bootstrap, is not installed")

from deployed import DeployedFunction

DATE = "2026-11-23"
EVENT = {"source": "tmdb", "date": DATE}
CONFIG = """\
source: tmdb
lake: s3://{bucket}
settings:
  base_url: {base_url}
  token: env:TMDB_TOKEN
  select:
    - list: movie/popular
      pages: 1
"""
PROBE = """
import importlib, sys
def handler(event, context):
    return {name: importlib.import_module(name).__file__ for name in event}
"""
PID = """
import os
from ingest_core import lambda_handler
def handler(event, context):
    lambda_handler.handler(event, context)
    return os.getpid(), id(lambda_handler._workspace())
"""


@dataclass(frozen=True)
class Deployment:
    """Everything around the function: what it may reach, and where it is put together."""

    folder: Path
    layer: Path
    runtime: Path
    endpoint: str
    simulator: Simulator
    bucket: str

    @property
    def task(self) -> Path:
        return self.folder / "task"

    def function(self, handler: str | None = None) -> DeployedFunction:
        """A cold container."""
        environment = {"TMDB_TOKEN": self.simulator.options.token, "AWS_ENDPOINT_URL_S3": self.endpoint}
        options = {"handler": handler} if handler else {}
        return DeployedFunction(self.task, self.layer, self.runtime, self.folder / "log", environment, **options)

    def objects(self) -> dict[str, bytes]:
        """All that lies in the bucket."""
        client = s3(self.endpoint)
        keys = [found["Key"] for found in client.list_objects_v2(Bucket=self.bucket).get("Contents", [])]
        return {key: client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def expected(self) -> dict[str, bytes]:
        """The records that must lie there, by the simulator's own account."""
        _, page = self.simulator.answer("/movie/popular", {"page": "1"})
        ids = [row["id"] for row in json.loads(page)["results"]]
        return {f"Raw/TMDB/JSON/2026/11/23/movie-{id}.json": self.simulator.answer(f"/movie/{id}")[1] for id in ids}


def s3(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )


@pytest.fixture
def deployment(tmp_path: Path, layer: Path, managed_runtime: Path, s3_endpoint: str) -> Iterator[Deployment]:
    bucket = f"lake-{tmp_path.name.replace('_', '-').lower()}"[:63].rstrip("-")
    s3(s3_endpoint).create_bucket(Bucket=bucket)
    with Simulator() as simulator:
        made = Deployment(tmp_path, layer, managed_runtime, s3_endpoint, simulator, bucket)
        config = made.task / "config" / "tmdb.yaml"
        config.parent.mkdir(parents=True)
        config.write_text(CONFIG.format(bucket=bucket, base_url=simulator.base_url))
        yield made


def test_an_event_that_names_the_source_lands_what_the_api_says_byte_for_byte(deployment: Deployment) -> None:
    with deployment.function() as function:
        outcome = function.invoke(EVENT)
        log = function.log

    assert outcome.error is None, log
    answer = outcome.payload
    assert set(answer) == {"status", "source", "date", "run", "counts", "manifest"}
    assert (answer["status"], answer["source"], answer["date"]) == ("done", "tmdb", DATE)
    objects = deployment.objects()
    assert {key: body for key, body in objects.items() if key.startswith("Raw/")} == deployment.expected()
    assert answer["counts"]["records"] == len(deployment.expected()) == 20
    assert all(key.startswith(("Raw/TMDB/JSON/2026/11/23/", f"_ingest/TMDB/tmdb/{DATE}/")) for key in objects)
    assert answer["manifest"].endswith("manifest.json")
    assert answer["manifest"].removeprefix(f"s3://{deployment.bucket}/") in objects


def test_without_a_date_the_records_lie_under_today(deployment: Deployment) -> None:
    with deployment.function() as function:
        answer = function.invoke({"source": "tmdb"}).payload

    assert answer["status"] == "done"
    day = dt.date.fromisoformat(answer["date"])
    records = [key for key in deployment.objects() if key.startswith("Raw/")]
    assert len(records) == 20
    assert all(key.startswith(f"Raw/TMDB/JSON/{day:%Y/%m/%d}/movie-") for key in records)


def test_the_same_event_again_answers_done_and_asks_the_api_nothing(deployment: Deployment) -> None:
    with deployment.function() as function:
        first = function.invoke(EVENT).payload
        landed = deployment.objects()
        deployment.simulator.clear_log()
        again = function.invoke(EVENT).payload

    assert (again["status"], again["run"], again["manifest"]) == ("done", first["run"], first["manifest"])
    assert deployment.simulator.log == ()
    assert deployment.objects() == landed


def test_another_container_finds_the_run_done_as_well(deployment: Deployment) -> None:
    with deployment.function() as function:
        first = function.invoke(EVENT).payload
    deployment.simulator.clear_log()
    with deployment.function() as function:
        again = function.invoke(EVENT).payload

    assert (again["status"], again["run"]) == ("done", first["run"])
    assert deployment.simulator.log == ()


def test_a_limit_lands_a_few_records_and_the_full_run_follows(deployment: Deployment) -> None:
    with deployment.function() as function:
        few = function.invoke({**EVENT, "limit": 5}).payload
        landed = deployment.objects()
        whole = function.invoke(EVENT).payload

    assert few["counts"]["records"] == 5
    assert len([key for key in landed if key.startswith("Raw/")]) == 5
    assert whole["status"] == "done"
    assert {key: body for key, body in deployment.objects().items() if key.startswith("Raw/")} == deployment.expected()


def test_a_warm_invocation_is_served_by_the_same_process(deployment: Deployment) -> None:
    deployment.task.joinpath("probe.py").write_text(PID)
    with deployment.function("probe.handler") as function:
        found = [function.invoke({**EVENT, "limit": 5}).payload for _ in range(2)]

        assert [pid for pid, _ in found] == [function.pid, function.pid]
    # The handler keeps one workspace a process: its plugins, its clients and its connections.
    assert found[0][1] == found[1][1]


def test_the_libraries_come_from_the_layer_and_boto3_from_the_runtime(deployment: Deployment) -> None:
    ours = ["ingest_core", "ingest_source_tmdb", "requests", "urllib3", "yaml", "jsonschema", "msgspec", "tzdata"]
    deployment.task.joinpath("probe.py").write_text(PROBE)
    with deployment.function("probe.handler") as function:
        found = function.invoke([*ours, "boto3", "botocore"]).payload
        absent = function.invoke(["click"]).error

    assert {name: Path(found[name]).is_relative_to(deployment.layer) for name in ours} == dict.fromkeys(ours, True)
    assert Path(found["boto3"]).is_relative_to(deployment.runtime)
    assert absent["errorMessage"] == "No module named 'click'"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"source": "../x"}, "'source' must be the name of a config"),
        ({"source": "tmdb", "bucket": "x"}, "unknown 'bucket'; allowed: source, date, limit"),
        ({"source": "imdb"}, "unknown source 'imdb'"),
        ({"source": "tmdb", "date": "yesterday"}, "yesterday"),
        ({"source": "tmdb", "limit": 0}, "'limit' must be a whole number from 1"),
        ({}, "'source' must be the name of a config"),
        (["tmdb"], "it is a list, not an object"),
    ],
)
def test_a_wrong_event_is_an_error_that_says_what_is_wrong(deployment: Deployment, event: Any, told: str) -> None:
    with deployment.function() as function:
        outcome = function.invoke(event)

    assert outcome.payload is None
    assert outcome.error["errorType"] == "UsageError"
    assert told in outcome.error["errorMessage"]
    assert deployment.simulator.log == ()
    assert deployment.objects() == {}


def test_a_container_that_saw_a_wrong_event_serves_the_next_one(deployment: Deployment) -> None:
    with deployment.function() as function:
        wrong = function.invoke({"source": "tmdb", "bucket": "x"})
        right = function.invoke(EVENT)

    assert wrong.error["errorType"] == "UsageError"
    assert right.payload["status"] == "done"


def test_without_its_layer_the_function_says_which_module_is_missing(deployment: Deployment, tmp_path: Path) -> None:
    runtime = deployment.runtime
    with DeployedFunction(deployment.task, tmp_path / "nothing", runtime, tmp_path / "log", {}) as function:
        error = function.invoke(EVENT).error

    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'ingest_core'" in error["errorMessage"]


def test_the_log_is_one_json_object_a_line_with_the_metrics_and_never_the_token(deployment: Deployment) -> None:
    with deployment.function() as function:
        function.invoke(EVENT)
        log = function.log

    lines = [json.loads(line) for line in log.splitlines()]
    metrics = [line for line in lines if "_aws" in line]
    assert [(line["source"], line["status"], line["records"]) for line in metrics] == [("tmdb", "done", 20)]
    assert deployment.simulator.options.token not in log
