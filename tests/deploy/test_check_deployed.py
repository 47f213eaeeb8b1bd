"""`ingest check --deployed`: what it says of the function under the template's role, and of all that can be wrong."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from account import PARAMETER, Account, without
from ingest_source_tmdb.simulator import Simulator
from invoke_api import Function, RefusalError, invoke_api
from runtime_api import Outcome

import ingest_core
from ingest_core.cli.app import run_command

CONFIG = """\
source: tmdb
lake: s3://set-by-the-template
settings:
  base_url: {base_url}
  token: {token}
  select:
    - ids: [1]
      as: movie
"""
LINES = ["function", "config", "secrets", "api", "lake", "clock", "versions"]


@dataclass
class Ended:
    """What the command said. `lines`: what was looked at → is it well, what is said of it, the hint."""

    code: int
    lines: dict[str, tuple[bool, str, str]]
    out: str


Check = Callable[..., Ended]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """`ingest check tmdb --deployed ingest`, asked of `function` at a Lambda on loopback."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": "mine",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "NO_COLOR": "1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "INGEST_LAKE"):
        monkeypatch.delenv(name, raising=False)

    def asked(function: Function, *options: str, name: str = "ingest") -> Ended:
        with invoke_api("ingest", function) as address:
            monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", address)
            code = run_command(["check", "tmdb", "--deployed", name, "--json", *options])
        out = capsys.readouterr().out
        lines = {line["what"]: (line["ok"], line["about"], line["hint"]) for line in json.loads(out)}
        return Ended(code, lines, out)

    return asked


@contextmanager
def running(account: Account, base_url: str, token: str = f"aws-ssm:{PARAMETER}") -> Iterator[Function]:
    with account.function(CONFIG.format(base_url=base_url, token=token)) as function:
        yield lambda event: function.invoke(event, timeout_s=900)


def test_all_is_well_under_the_templates_role_and_nothing_is_written(
    account: Account, simulator: Simulator, check: Check
) -> None:
    account.set_up(account.stack.statements("FunctionRole"))
    with running(account, simulator.base_url) as function:
        ended = check(function)

    assert [what for what, (ok, _, _) in ended.lines.items() if ok] == LINES, ended.out
    assert ended.code == 0
    assert ended.lines["function"][1].startswith("ingest ($LATEST, 1024 MB, 900 s) answered in ")
    assert ended.lines["config"][1] == "tmdb: source tmdb, label TMDB"
    assert ended.lines["secrets"][1] == f"aws-ssm:{PARAMETER} can be read"
    assert ended.lines["api"][1].endswith("answered 200")
    assert ended.lines["lake"][1] == "s3://my-data-lake can be written to and read"
    assert f"ingest_core {ingest_core.__version__}, python 3." in ended.lines["versions"][1]
    assert ended.lines["versions"][2] == ""
    assert simulator.options.token not in ended.out
    assert account.look() == {}


def test_a_person_reads_a_line_each_with_what_to_do(
    account: Account, simulator: Simulator, check: Check, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    account.set_up(without(account.stack.statements("FunctionRole"), "ssm:GetParameter"))
    with running(account, simulator.base_url) as function, invoke_api("ingest", function) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", address)
        code = run_command(["check", "tmdb", "--deployed", "ingest"])
    lines = capsys.readouterr().out.splitlines()

    assert code == 4
    said = f"not ok secrets  aws-ssm:{PARAMETER}: access denied: ssm:GetParameter is missing"
    assert f"{said} [INGEST-K004]" in lines
    assert f"{'':<15} → give the role or user ssm:GetParameter on this secret" in lines
    assert "ok     lake     s3://my-data-lake can be written to and read" in lines


@pytest.mark.parametrize(
    ("action", "what", "told"),
    [
        ("s3:PutObject", "lake", "PutObject s3://my-data-lake/_ingest/check: access denied"),
        ("s3:GetObject", "lake", "GetObject s3://my-data-lake/_ingest/check: access denied"),
        ("s3:ListBucket", "lake", "ListObjectsV2 s3://my-data-lake/_ingest/check: access denied"),
        ("kms:Decrypt", "secrets", f"aws-ssm:{PARAMETER}: access denied: kms:Decrypt is missing"),
    ],
)
def test_a_right_that_the_role_lacks_is_named(
    account: Account, simulator: Simulator, check: Check, action: str, what: str, told: str
) -> None:
    account.set_up(without(account.stack.statements("FunctionRole"), action))
    with running(account, simulator.base_url) as function:
        ended = check(function)

    assert (ended.lines[what][0], ended.lines[what][1]) == (False, told)
    assert action in ended.lines[what][1] + ended.lines[what][2]
    assert ended.code == 4


def test_a_right_for_one_folder_alone_is_not_enough(account: Account, simulator: Simulator, check: Check) -> None:
    statements = account.stack.statements("FunctionRole")
    lake = next(one for one in statements if one["Sid"] == "ReadAndWrite")
    control_files = [resource for resource in lake["Resource"] if "_ingest" in resource]
    account.set_up([{**one, "Resource": control_files} if one is lake else one for one in statements])
    with running(account, simulator.base_url) as function:
        ended = check(function)

    assert ended.lines["lake"][:2] == (False, "PutObject s3://my-data-lake/Raw/check: access denied")


def test_a_config_that_is_not_in_the_function_is_told_with_where_it_was_looked_for(
    account: Account, simulator: Simulator, check: Check
) -> None:
    account.set_up(account.stack.statements("FunctionRole"))
    with running(account, simulator.base_url) as function:
        ended = check(lambda event: function({**event, "source": "imdb"}))

    assert ended.code == 2
    assert not ended.lines["config"][0]
    assert "unknown source 'imdb': there is no " in ended.lines["config"][1]
    assert "task/config/imdb.yaml" in ended.lines["config"][1]


def answer(**changed: Any) -> dict[str, Any]:
    """What a sound function says, but for what has changed."""
    found = [{"what": "config", "ok": True, "about": "tmdb", "hint": "", "exit_code": 0}]
    whole = {"memory_mb": 1024, "seconds": 899.0, "version": "3"}
    return {
        "status": "done",
        "source": "tmdb",
        "step": "check",
        "findings": found,
        "function": {**whole, **changed.get("function", {})},
        "clock": changed.get("clock") or dt.datetime.now(dt.UTC).isoformat(),
        "versions": {"ingest_core": changed.get("version", ingest_core.__version__)},
    }


@pytest.mark.parametrize(
    ("facts", "hint"),
    [
        ({"memory_mb": 128}, "set its memory to 1024 MB "),
        ({"seconds": 3.0}, "set its timeout to 15 min "),
        ({"memory_mb": 128, "seconds": 3.0}, "set its memory to 1024 MB and its timeout to 15 min "),
    ],
)
def test_a_function_left_at_lambdas_defaults_is_not_ok(check: Check, facts: dict[str, Any], hint: str) -> None:
    ended = check(lambda event: Outcome(answer(function=facts)))

    assert not ended.lines["function"][0]
    assert ended.lines["function"][2].startswith(hint)
    assert ended.code == 1


def test_a_clock_that_is_off_is_told(check: Check) -> None:
    ended = check(lambda event: Outcome(answer(clock="2026-01-01T00:00:00+00:00")))

    assert not ended.lines["clock"][0]
    assert "2026-01-01T00:00:00Z there, " in ended.lines["clock"][1]
    assert ended.code == 1


def test_another_version_there_is_well_and_comes_with_how_to_bring_this_one(check: Check) -> None:
    ended = check(lambda event: Outcome(answer(version="0.0.9")))

    ok, about, hint = ended.lines["versions"]
    assert (ok, about) == (True, "ingest_core 0.0.9")
    assert f"here is ingest_core {ingest_core.__version__}" in hint
    assert ended.code == 0


@pytest.mark.parametrize(
    ("outcome", "told", "hint"),
    [
        (
            Outcome(error={"errorType": "Runtime.ImportModuleError", "errorMessage": "No module named 'ingest_core'"}),
            "ingest failed: Runtime.ImportModuleError: No module named 'ingest_core'",
            "give the function its layer",
        ),
        (
            Outcome(error={"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 3.00 seconds"}),
            "ingest failed: Sandbox.Timedout: Task timed out after 3.00 seconds",
            "timeout to 15 min",
        ),
        (
            Outcome(error={"errorType": "UsageError", "errorMessage": "wrong event: 'step' is reserved"}),
            "ingest runs an older version, which cannot check itself",
            "build the layer of this version",
        ),
        (
            Outcome({"statusCode": 200, "body": '"Hello from Lambda!"'}),
            "ingest answered, but not as",
            "its handler must",
        ),
        (Outcome("hello"), "ingest answered, but not as", "its handler must be ingest_core.lambda_handler.handler"),
    ],
)
def test_a_function_that_does_not_answer_as_it_should_says_why(
    check: Check, outcome: Outcome, told: str, hint: str
) -> None:
    ended = check(lambda event: outcome)

    assert list(ended.lines) == ["function"]
    assert ended.lines["function"][1].startswith(told)
    assert hint in ended.lines["function"][2]
    assert ended.code == 1


DENIED = "User: arn:aws:iam::1:user/me is not authorized to perform: lambda:InvokeFunction on resource: x"


@pytest.mark.parametrize(
    ("refusal", "code", "told"),
    [
        (
            RefusalError(403, "AccessDeniedException", DENIED),
            4,
            "ingest: access denied: lambda:InvokeFunction is missing",
        ),
        (RefusalError(403, "UnrecognizedClientException"), 4, "ingest: the AWS credentials are refused"),
        (RefusalError(403, "InvalidSignatureException", "Signature expired: 2026"), 1, "this machine's clock is wrong"),
        (RefusalError(429, "TooManyRequestsException"), 3, "ingest is busy"),
        (RefusalError(500, "ServiceException"), 3, "ingest cannot be reached (ServiceException)"),
        (RefusalError(409, "ResourceConflictException"), 3, "ingest cannot be reached"),
        (
            RefusalError(502, "KMSDisabledException", "the key is off"),
            3,
            "ingest cannot be reached (KMSDisabledException)",
        ),
        (
            RefusalError(400, "InvalidRuntimeException", "no such"),
            1,
            "ingest: Lambda answered 400 InvalidRuntimeException",
        ),
    ],
)
def test_a_lambda_that_refuses_the_question_is_told_by_what_to_do(
    check: Check, refusal: RefusalError, code: int, told: str
) -> None:
    def function(event: Any) -> Outcome:
        raise refusal

    ended = check(function)

    assert list(ended.lines) == ["function"]
    assert ended.lines["function"][1].startswith(told)
    assert ended.code == code


def test_a_function_that_is_not_there_is_told_with_the_region(check: Check) -> None:
    ended = check(lambda event: Outcome(answer()), name="inget")

    assert ended.lines["function"][1] == "there is no function inget in us-east-1"
    assert ended.code == 2


def test_without_credentials_there_is_nothing_to_ask_with(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ended = check(lambda event: Outcome(answer()))

    assert ended.lines["function"][1] == "ingest: no AWS credentials found"
    assert ended.code == 4


def test_without_a_region_it_is_told(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ended = check(lambda event: Outcome(answer()))

    assert "region" in ended.lines["function"][1]
    assert ended.code == 2


def test_what_cannot_be_sent_is_refused(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--lake", "s3://another"], ["--date", "2026-11-23"], ["--set", "rate=5"], ["--offline"]):
        assert run_command(["check", "tmdb", "--deployed", "ingest", *option]) == 2
        assert f"{option[0]} cannot be sent to a function" in capsys.readouterr().err
    assert run_command(["check", "../tmdb", "--deployed", "ingest"]) == 2
    assert "'source' must be the name of a config" in capsys.readouterr().err
