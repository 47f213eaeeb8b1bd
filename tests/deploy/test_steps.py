"""The workflow in steps: moto's distributed map, and behind it containers of the real function, several at once."""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from account import PARAMETER, Account
from deployed import DeployedFunction
from ingest_source_tmdb.simulator import Options, Simulator
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from translated import REGION, Deployed

FILMS, WORKERS, RATE = 600, 3, 120.0
EVENT = {"source": "tmdb", "date": "2026-11-23T06:00:00Z", "step": "plan"}
CONFIG = """\
source: tmdb
lake: s3://set-by-the-template
rate: {rate}
connections: 6
workers: {workers}
margin: 1s
settings:
  base_url: {base_url}
  token: aws-ssm:{token}
  select:
    - ids: [{ids}]
      as: movie
"""
# The handler as it is, but for segments of a few seconds' work instead of five minutes'.
SHORT = """
from ingest_core.run import handing
handing.SEGMENT_SECONDS = {seconds}
from ingest_core.lambda_handler import handler
"""
Answer = tuple[Any, bool]


@dataclass
class Machine:
    """The state machine as the template has it. `answer` is the function; `maps` what it was asked to land."""

    definition: dict[str, Any]
    answer: Callable[[Any], Answer] = lambda event: ({}, False)
    events: list[Any] = field(default_factory=list)
    payloads: list[int] = field(default_factory=list)
    at_once: int = 0
    _under_way: int = 0
    _executions: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, event: Any) -> dict[str, Any]:
        """One execution, to its end."""
        states = boto3.client("stepfunctions", region_name=REGION)
        role = "arn:aws:iam::123456789012:role/ingest-WorkflowRole"
        machine = states.create_state_machine(name="ingest", definition=json.dumps(self.definition), roleArn=role)
        self._executions += 1
        name = f"execution-{self._executions}"
        arn = machine["stateMachineArn"]
        started = states.start_execution(stateMachineArn=arn, name=name, input=json.dumps(event))
        pause = threading.Event()
        while True:
            ended: dict[str, Any] = states.describe_execution(executionArn=started["executionArn"])
            if ended["status"] != "RUNNING":
                return ended
            pause.wait(0.05)

    def invoke(self, name: str, qualifier: str | None, body: Any, headers: Any, answered: dict[str, str]) -> bytes:
        """What moto asks in place of a function."""
        event = json.loads(body)
        with self._lock:
            self.events.append(event)
            self._under_way += event.get("step") == "land"
            self.at_once = max(self.at_once, self._under_way)
        payload, raised = self.answer(event)
        with self._lock:
            self._under_way -= event.get("step") == "land"
            self.payloads.append(len(json.dumps(payload)))
        if raised:
            answered["x-amz-function-error"] = "Unhandled"
        return json.dumps(payload).encode()

    def steps(self) -> Counter[str]:
        return Counter(event["step"] for event in self.events)


@pytest.fixture
def machine(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    made = Machine(deployed.definition())
    monkeypatch.setattr(LambdaSimpleBackend, "invoke", lambda self, *arguments: made.invoke(*arguments))
    monkeypatch.setattr(WaitFunction, "_wait_interval", lambda self, env, wait_seconds: None)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}):
        yield made


@pytest.fixture
def api() -> Iterator[Simulator]:
    """It refuses whoever asks for more than `RATE` in a second."""
    with Simulator(Options(movies=FILMS, shows=1, people=1, rate=RATE)) as running:
        yield running


@pytest.fixture
def ready(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account in which the role has what the template gives it, and the function makes short segments."""
    account.set_up(account.stack.statements("FunctionRole"))
    task = account.folder / "task"
    task.mkdir()
    (task / "short.py").write_text(SHORT.format(seconds=100 * WORKERS / RATE))
    monkeypatch.setitem(account.stack["Function"], "Handler", "short.handler")
    return account


@dataclass
class Containers:
    """Several containers of one function: each invocation has one to itself."""

    account: Account
    functions: list[DeployedFunction]
    before: Callable[[Any, DeployedFunction], None] = lambda event, function: None
    _free: queue.Queue[DeployedFunction] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        for function in self.functions:
            self._free.put(function)

    def answer(self, event: Any) -> Answer:
        function = self._free.get()
        try:
            self.before(event, function)
            outcome = function.invoke(event, 900)
        finally:
            self._free.put(function)
        if outcome.error is None and "map" in outcome.payload:
            self._show(outcome.payload["map"])
        return (outcome.payload, False) if outcome.error is None else (outcome.error, True)

    def _show(self, handed: dict[str, Any]) -> None:
        """The interpreter's own S3 is another than the function's: the array is copied."""
        s3 = boto3.client("s3", region_name=REGION)
        if handed["bucket"] not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
            s3.create_bucket(Bucket=handed["bucket"])
        s3.put_object(Bucket=handed["bucket"], Key=handed["key"], Body=self.account.look()[handed["key"]])


@pytest.fixture
def containers(ready: Account, api: Simulator) -> Iterator[Callable[..., Containers]]:
    with ExitStack() as stack:

        def make(count: int = WORKERS, workers: int = WORKERS) -> Containers:
            ids = ", ".join(map(str, range(1, FILMS + 1)))
            config = CONFIG.format(rate=RATE, workers=workers, base_url=api.base_url, token=PARAMETER, ids=ids)
            functions = [stack.enter_context(ready.function(config)) for _ in range(count)]
            return Containers(ready, functions)

        yield make


def landed(account: Account) -> dict[str, bytes]:
    return {key: body for key, body in account.look().items() if key.startswith("Raw/")}


def assert_each_landed_once(account: Account, api: Simulator) -> None:
    found = account.look()
    assert {key: body for key, body in found.items() if key.startswith("Raw/")} == {
        f"Raw/TMDB/JSON/2026/11/23/movie-{id}.json": api.answer(f"/movie/{id}")[1] for id in range(1, FILMS + 1)
    }
    parts = [json.loads(body) for key, body in found.items() if "/parts/" in key]
    named = Counter(one["id"] for part in parts for one in part["records"])
    assert named == Counter(map(str, range(1, FILMS + 1)))
    assert sum(line.status == 429 for line in api.log) == 0


def test_plan_map_commit_lands_each_record_once_by_several_containers(
    machine: Machine, containers: Callable[..., Containers], ready: Account, api: Simulator
) -> None:
    machine.answer = containers().answer

    ended = machine.run(EVENT)

    assert ended["status"] == "SUCCEEDED", ended
    answer = json.loads(ended["output"])
    assert (answer["status"], answer["counts"]["records"], answer["date"]) == ("done", FILMS, "2026-11-23")
    assert machine.steps() == {"plan": 1, "land": 6, "commit": 1}
    assert machine.at_once == WORKERS
    assert set(Counter(line.path for line in api.log if "/movie/" in line.path).values()) == {1}
    assert max(machine.payloads) < 256_000
    assert_each_landed_once(ready, api)


def test_a_container_that_is_killed_is_followed_by_one_that_lands_the_rest_of_its_segment(
    machine: Machine, containers: Callable[..., Containers], ready: Account, api: Simulator
) -> None:
    made = containers()
    killed: list[int] = []

    def before(event: Any, function: DeployedFunction) -> None:
        if event.get("segment") == 2 and not killed:
            killed.append(function.pid)
            threading.Timer(1.0, os.kill, (function.pid, signal.SIGKILL)).start()

    made.before = before
    machine.answer = made.answer

    ended = machine.run(EVENT)

    assert (ended["status"], len(killed)) == ("SUCCEEDED", 1), ended
    assert machine.steps() == {"plan": 1, "land": 7, "commit": 1}
    assert_each_landed_once(ready, api)
    asked = Counter(line.path for line in api.log if "/movie/" in line.path)
    assert sum(asked.values()) <= FILMS + 100


def test_an_execution_that_failed_goes_on_where_it_stopped(
    machine: Machine, containers: Callable[..., Containers], ready: Account, api: Simulator
) -> None:
    made = containers()
    is_broken = True

    def answer(event: Any) -> Answer:
        if is_broken and (event["step"] == "commit" or event.get("segment") in {3, 4, 5}):
            return {"status": "failed", "error": {"kind": "StopError", "what": "somebody broke it"}}, False
        return made.answer(event)

    machine.answer = answer
    first = machine.run(EVENT)
    assert (first["status"], first["error"]) == ("FAILED", "RunFailed")
    is_broken = False
    before = len(machine.events)
    second = machine.run({**EVENT, "step": "commit"})

    assert second["status"] == "SUCCEEDED", second
    again = [event for event in machine.events[before:] if event["step"] == "land"]
    assert sorted(event["segment"] for event in again) == [3, 4, 5]
    assert_each_landed_once(ready, api)
    assert set(Counter(line.path for line in api.log if "/movie/" in line.path).values()) == {1}


def test_where_the_config_has_one_worker_the_plan_lands_it_all(
    machine: Machine, containers: Callable[..., Containers], ready: Account, api: Simulator
) -> None:
    machine.answer = containers(1, workers=1).answer

    ended = machine.run(EVENT)

    assert json.loads(ended["output"])["status"] == "done"
    assert machine.steps() == {"plan": 1}
    assert_each_landed_once(ready, api)


def test_the_map_takes_its_bounds_from_the_answer_and_its_items_from_the_lake(deployed: Deployed) -> None:
    """moto does not count what a map tolerates: that it is told to is all that can be seen here."""
    land = deployed.definition()["States"]["Land"]
    assert land["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert land["MaxConcurrencyPath"] == "$.last.answer.map.workers"
    assert land["ToleratedFailurePercentagePath"] == "$.last.answer.map.tolerated"
    assert land["ItemReader"]["Parameters"] == {
        "Bucket.$": "$.last.answer.map.bucket",
        "Key.$": "$.last.answer.map.key",
    }
    assert land["ResultPath"] is None


def test_a_worker_that_says_partial_is_called_again(machine: Machine) -> None:
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="lake")
    items = [{"source": "tmdb", "date": "2026-11-23", "step": "land", "round": 0, "segment": n} for n in range(2)]
    s3.put_object(Bucket="lake", Key="map-0.json", Body=json.dumps(items))
    handed = {"round": 0, "segments": 2, "workers": 2, "bucket": "lake", "key": "map-0.json", "tolerated": 0.0}
    called: Counter[int] = Counter()

    def answer(event: Any) -> Answer:
        if event["step"] != "land":
            return ({"status": "partial", "map": handed} if event["step"] == "plan" else {"status": "done"}), False
        called[event["segment"]] += 1
        return {"status": "partial" if called[event["segment"]] < 4 else "done"}, False

    machine.answer = answer

    assert machine.run(EVENT)["status"] == "SUCCEEDED"
    assert called == {0: 4, 1: 4}


@pytest.mark.parametrize("tolerated", [0.0, 25.0])
def test_a_map_of_moto_goes_on_to_the_commit_whatever_is_tolerated(machine: Machine, tolerated: float) -> None:
    """It warns that ToleratedFailurePercentagePath has no effect: AWS would fail the execution of the first."""
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="lake")
    items = [{"source": "tmdb", "date": "2026-11-23", "step": "land", "round": 0, "segment": n} for n in range(4)]
    s3.put_object(Bucket="lake", Key="map-0.json", Body=json.dumps(items))
    handed = {"round": 0, "segments": 4, "workers": 2, "bucket": "lake", "key": "map-0.json", "tolerated": tolerated}
    called: Counter[int] = Counter()

    def answer(event: Any) -> Answer:
        if event["step"] == "plan":
            return {"status": "partial", "map": handed}, False
        if event["step"] == "commit":
            return {"status": "failed", "error": {"kind": "StopError", "what": "3 of 400 are missing"}}, False
        called[event["segment"]] += 1
        return {"status": "partial" if event["segment"] == 1 else "done"}, False

    machine.answer = answer
    ended = machine.run(EVENT)

    assert called == {0: 1, 1: 10, 2: 1, 3: 1}  # one that is partial is called ten times, then its segment has failed
    assert machine.steps() == {"plan": 1, "land": 13, "commit": 1}
    assert (ended["status"], ended["error"]) == ("FAILED", "RunFailed")
    assert "3 of 400 are missing" in ended["cause"]


def test_moto_knows_no_redrive(machine: Machine) -> None:
    """Once it does, what is done here by another execution can be done by a redrive."""
    machine.answer = lambda event: ({"status": "failed"}, False)
    arn = machine.run(EVENT)["executionArn"]
    with pytest.raises(NotImplementedError):
        boto3.client("stepfunctions", region_name=REGION).redrive_execution(executionArn=arn)
