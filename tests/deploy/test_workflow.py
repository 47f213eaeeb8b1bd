"""The workflow, run by moto's interpreter: with the real handler behind it, and with answers that a test makes up."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from account import PARAMETER, Account
from deployed import DeployedFunction
from ingest_source_tmdb.simulator import Simulator
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from translated import REGION, Deployed

from ingest_core.lambda_handler import parse_event

PLANNED = "2026-11-23T06:00:00Z"
EVENT = {"source": "tmdb", "date": PLANNED}
CONFIG = """\
source: tmdb
lake: s3://set-by-the-template
rate: 10
margin: 1s
settings:
  base_url: {base_url}
  token: {token}
  select:
    - ids: [{ids}]
      as: movie
"""
RESERVE_S = 10.0  # what the handler keeps of its time to give the claim back and answer

Lambda = Callable[[Any], tuple[Any, bool]]


@dataclass
class Workflow:
    """The state machine as the template has it. `events` are what the function was called with, `pauses` in seconds."""

    definition: dict[str, Any]
    answer: Lambda = lambda event: ({}, False)
    events: list[Any] = field(default_factory=list)
    pauses: list[int] = field(default_factory=list)
    _moment: threading.Event = field(default_factory=threading.Event)

    def run(self, event: Any) -> dict[str, Any]:
        """One execution, to its end."""
        states = boto3.client("stepfunctions", region_name=REGION)
        role = "arn:aws:iam::123456789012:role/ingest-WorkflowRole"
        machine = states.create_state_machine(name="ingest", definition=json.dumps(self.definition), roleArn=role)
        started = states.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(event))
        while True:
            ended: dict[str, Any] = states.describe_execution(executionArn=started["executionArn"])
            if ended["status"] != "RUNNING":
                return ended
            self._moment.wait(0.02)

    def invoke(
        self, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: dict[str, str]
    ) -> bytes:
        """What moto asks in place of a function."""
        assert function_name.endswith("function:ingest")
        self.events.append(json.loads(body))
        payload, raised = self.answer(self.events[-1])
        if raised:
            response_headers["x-amz-function-error"] = "Unhandled"
        return json.dumps(payload).encode()


@pytest.fixture
def workflow(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workflow]:
    made = Workflow(deployed.definition())
    monkeypatch.setattr(LambdaSimpleBackend, "invoke", lambda self, *arguments: made.invoke(*arguments))
    # Nobody waits in a test: the interpreter has no clock that could be passed in.
    monkeypatch.setattr(
        WaitFunction, "_wait_interval", lambda self, env, wait_seconds: made.pauses.append(wait_seconds)
    )
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}):
        yield made


def by_function(function: DeployedFunction, *seconds: float) -> Lambda:
    """The real function; its n-th invocation has the n-th number of seconds."""
    left = iter(seconds)

    def answer(event: Any) -> tuple[Any, bool]:
        outcome = function.invoke(event, next(left))
        return (outcome.payload, False) if outcome.error is None else (outcome.error, True)

    return answer


def by_script(*answers: tuple[Any, bool]) -> Lambda:
    """Answers that are told one after the other; the last is told for ever."""
    left = list(answers)
    return lambda event: left.pop(0) if len(left) > 1 else left[0]


def said(status: str, **more: Any) -> tuple[Any, bool]:
    return {"status": status, "source": "tmdb", "date": "2026-11-23", "counts": {}, "manifest": None, **more}, False


def raised(kind: str, message: str = "") -> tuple[Any, bool]:
    return {"errorType": kind, "errorMessage": message}, True


@pytest.fixture
def ready(account: Account) -> Account:
    """An account in which the role has what the template gives it."""
    account.set_up(account.stack.statements("FunctionRole"))
    return account


def test_a_run_that_ends_partial_is_finished_by_the_next_invocation(
    ready: Account, workflow: Workflow, simulator: Simulator, deployed: Deployed
) -> None:
    ids = range(1, 61)
    config = CONFIG.format(base_url=simulator.base_url, token=f"aws-ssm:{PARAMETER}", ids=", ".join(map(str, ids)))
    simulator.clear_log()
    scheduled = json.loads(deployed["Schedule"]["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", PLANNED))
    with ready.function(config) as function:
        function.invoke({})  # a cold start is over before time counts
        # 60 records at 10 a second: the first invocation has 3 seconds.
        workflow.answer = by_function(function, RESERVE_S + 3, RESERVE_S + 60)
        ended = workflow.run(scheduled)
        log = function.log

    assert ended["status"] == "SUCCEEDED", ended
    answer = json.loads(ended["output"])
    assert (answer["status"], answer["date"], answer["counts"]["records"]) == ("done", "2026-11-23", 60)
    assert workflow.events == [EVENT, EVENT]
    assert [json.loads(line)["status"] for line in log.splitlines() if '"_aws"' in line] == ["partial", "done"]
    assert workflow.pauses == [60]
    landed = {key: body for key, body in ready.look().items() if key.startswith("Raw/")}
    assert landed == {f"Raw/TMDB/JSON/2026/11/23/movie-{id}.json": simulator.answer(f"/movie/{id}")[1] for id in ids}


def test_a_run_that_fails_ends_the_execution_failed_with_its_error_in_the_cause(
    ready: Account, workflow: Workflow, simulator: Simulator
) -> None:
    config = CONFIG.format(base_url=simulator.base_url, token="aws-ssm:/ingest/tmdb/another", ids=1)
    with ready.function(config) as function:
        workflow.answer = by_function(function, 60)
        ended = workflow.run(EVENT)

    assert (ended["status"], ended["error"]) == ("FAILED", "RunFailed")
    cause = json.loads(ended["cause"])
    assert (cause["status"], cause["date"], cause["error"]["kind"]) == ("failed", "2026-11-23", "CredentialsError")
    assert "aws-ssm:/ingest/tmdb/another: access denied" in cause["error"]["what"]
    assert len(workflow.events) == 1


def test_a_wrong_event_is_not_tried_again(ready: Account, workflow: Workflow, simulator: Simulator) -> None:
    config = CONFIG.format(base_url=simulator.base_url, token=f"aws-ssm:{PARAMETER}", ids=1)
    with ready.function(config) as function:
        workflow.answer = by_function(function, 60)
        ended = workflow.run({**EVENT, "bucket": "another"})

    assert (ended["status"], ended["error"]) == ("FAILED", "UsageError")
    assert "unknown 'bucket'; allowed: source, date" in json.loads(ended["cause"])["errorMessage"]
    assert len(workflow.events) == 1


def test_a_date_that_another_run_has_is_waited_for_longer_than_a_lease_lasts(workflow: Workflow) -> None:
    workflow.answer = by_script(said("locked"), said("locked"), said("done"))

    ended = workflow.run(EVENT)

    assert json.loads(ended["output"])["status"] == "done"
    assert workflow.events == [EVENT] * 3
    assert workflow.pauses == [120, 120]


@pytest.mark.parametrize("kind", ["Sandbox.Timedout", "Runtime.ExitError", "Runtime.OutOfMemory", "Lambda.Unknown"])
def test_a_function_that_was_killed_is_called_again(workflow: Workflow, kind: str) -> None:
    workflow.answer = by_script(raised(kind, "Task timed out after 900.00 seconds"), said("done"))

    ended = workflow.run(EVENT)

    assert ended["status"] == "SUCCEEDED", ended
    assert workflow.events == [EVENT, EVENT]
    assert workflow.pauses == [120]


@pytest.mark.parametrize("again", [said("partial"), raised("Sandbox.Timedout")])
def test_after_a_hundred_rounds_the_execution_fails_and_says_how_the_last_one_ended(
    workflow: Workflow, again: tuple[Any, bool]
) -> None:
    workflow.answer = by_script(again)

    ended = workflow.run(EVENT)

    assert (ended["status"], ended["error"]) == ("FAILED", "NeverFinished")
    assert str(again[0].get("status", again[0].get("errorType"))) in ended["cause"]
    assert workflow.events == [EVENT] * 100
    assert len(workflow.pauses) == 99


@pytest.mark.parametrize("event", [{"source": "tmdb"}, {"source": "tmdb", "date": None}])
def test_a_start_by_hand_has_the_date_of_its_start_in_every_round(workflow: Workflow, event: dict[str, Any]) -> None:
    workflow.answer = by_script(said("partial"), said("locked"), said("done"))

    ended = workflow.run(event)

    first, *others = workflow.events
    assert others == [first, first]
    assert first["source"] == "tmdb"
    assert first["date"][:16] == f"{ended['startDate'].astimezone(dt.UTC):%Y-%m-%dT%H:%M}"
    assert parse_event(first).date == first["date"]


def test_what_else_the_event_says_is_passed_on(workflow: Workflow) -> None:
    workflow.answer = by_script(said("partial"), said("done"))

    workflow.run({**EVENT, "refresh": True})

    assert workflow.events == [{**EVENT, "refresh": True}] * 2


@pytest.mark.parametrize("status", ["failed", "unheard-of"])
def test_any_other_answer_is_a_failure(workflow: Workflow, status: str) -> None:
    workflow.answer = by_script(said(status))

    ended = workflow.run(EVENT)

    assert (ended["status"], ended["error"]) == ("FAILED", "RunFailed")
    assert json.loads(ended["cause"])["status"] == status
