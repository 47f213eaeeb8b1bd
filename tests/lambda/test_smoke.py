"""The deployed function, end to end: AWS's own bootstrap, the layer's zip, a config, TMDB's stand-in and an S3."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from deployed import DeployedFunction
from deployment import DATE, EVENT, Deployment

PID = """
import os
from ingest_core import lambda_handler
def handler(event, context):
    lambda_handler.handler(event, context)
    return os.getpid(), id(lambda_handler._workspace())
"""


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
    with deployment.probed(PID) as function:
        found = [function.invoke({**EVENT, "limit": 5}).payload for _ in range(2)]

        assert [pid for pid, _ in found] == [function.pid, function.pid]
    # The handler keeps one workspace a process: its plugins, its clients and its connections.
    assert found[0][1] == found[1][1]


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
