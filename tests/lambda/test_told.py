"""What a function tells: its log, one JSON object a line, its metrics, and errors as Lambda shapes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from deployment import EVENT, Deployment

AS_JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}  # what Lambda sets for `LogFormat: JSON`, as the template has it


def test_the_whole_log_of_a_run_is_json_with_one_metrics_line_and_never_the_token(deployment: Deployment) -> None:
    with deployment.function() as function:
        function.invoke(EVENT)
        log = function.log

    lines = [json.loads(line) for line in log.splitlines()]
    (metrics,) = [line for line in lines if "_aws" in line]
    assert (metrics["source"], metrics["status"], metrics["records"]) == ("tmdb", "done", 20)
    (told,) = metrics["_aws"]["CloudWatchMetrics"]
    assert told["Dimensions"] == [["source"]]
    # CloudWatch takes a metric from the line itself: each name that is announced must be a number there.
    assert all(isinstance(metrics[metric["Name"]], int | float) for metric in told["Metrics"])
    assert deployment.simulator.options.token not in log


def test_a_run_that_fails_tells_why_in_its_log_and_in_its_answer(deployment: Deployment) -> None:
    with deployment.function(environment={"TMDB_TOKEN": "not-the-token"}) as function:
        answer = function.invoke(EVENT).payload
        lines = [json.loads(line) for line in function.log.splitlines()]

    assert (answer["status"], answer["error"]["kind"]) == ("failed", "CredentialsError")
    assert "env:TMDB_TOKEN" in answer["error"]["hint"]
    assert [line["failed"] for line in lines if "_aws" in line] == [1]
    assert "not-the-token" not in json.dumps([answer, lines])


@pytest.mark.parametrize("environment", [{}, AS_JSON], ids=["text", "json"])
def test_an_error_has_the_shape_that_lambda_gives_it(deployment: Deployment, environment: dict[str, str]) -> None:
    with deployment.function(environment=environment) as function:
        error = function.invoke({"source": "tmdb", "bucket": "x"}).error
        log = function.log

    assert set(error) == {"errorType", "errorMessage", "requestId", "stackTrace"}
    assert error["errorType"] == "UsageError"
    assert error["errorMessage"].startswith("wrong event: unknown 'bucket'; allowed: source")
    assert any("parse_event" in line for line in error["stackTrace"])
    if environment:
        (line,) = [json.loads(line) for line in log.splitlines()]
        assert (line["level"], line["errorType"], line["requestId"]) == ("ERROR", "UsageError", error["requestId"])
    else:
        assert log.startswith("[ERROR] UsageError: wrong event: unknown 'bucket'")


CHATTY = """
import logging
from ingest_core.lambda_handler import handler as real
def handler(event, context):
    answer = real(event, context)
    logging.getLogger("ingest_core.x").warning("one\\ntwo %s", "tok" + "en-of-somebody")
    logging.getLogger("somebody.else").error("theirs")
    return answer
"""


def test_each_line_says_when_how_grave_and_who(deployment: Deployment) -> None:
    with deployment.probed(CHATTY, AS_JSON) as function:
        function.invoke({**EVENT, "limit": 1})
        lines: list[dict[str, Any]] = [json.loads(line) for line in function.log.splitlines()]

    (ours,) = [line for line in lines if line.get("logger") == "ingest_core.x"]
    assert (ours["level"], ours["message"]) == ("WARNING", "one\ntwo token-of-somebody")
    assert ours["timestamp"][:3] == "202"
    assert ours["timestamp"].endswith("Z")
    assert [line["message"] for line in lines if line.get("logger") == "somebody.else"] == ["theirs"]
