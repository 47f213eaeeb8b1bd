"""`ingest check --deployed`: asks the function itself, and judges what only the asker can see."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ingest_core.aws import Aws, missing_right
from ingest_core.checkup import Finding, bad
from ingest_core.codes import Code
from ingest_core.errors import CredentialsError, IngestError, StopError, TransientError, UsageError
from ingest_core.version import __version__

HANDLER = "ingest_core.lambda_handler.handler"
LEAST_MEMORY_MB = 256
LEAST_SECONDS = 120.0  # the first 40 of them go to the margin and the answer: with less a run hardly begins
CLOCK_SECONDS = 60.0
READ_SECONDS = 180  # a cold start, and an API and a bucket that are asked again before they are given up
_REBUILD = "build the layer of this version and deploy it: docs/deploy.md, After a change"
# What Lambda says of a function that did not come to answer, and what to do.
_CRASHED = {
    "Runtime.ImportModuleError": "give the function its layer, for its own Python version and architecture",
    "Runtime.HandlerNotFound": f"set the function's handler to {HANDLER}",
    "Sandbox.Timedout": "set the function's timeout to 15 min",
    "Runtime.OutOfMemory": "give the function more memory: 1024 MB",
    "Runtime.ExitError": "give the function more memory: 1024 MB; its log says more",
}
# "Signature expired: 20261123T…", "Signature not yet current: …"
_WRONG_TIME = re.compile("expired|not yet current")
_BAD_KEYS = {"UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"}
_NO_KEYS = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError"}
_SETUP = {"NoRegionError", "ProfileNotFound", "ParamValidationError", "ValidationException"}
_PASSES = {"ServiceException", "ResourceConflictException", "ResourceNotReadyException"}


def check_deployed(aws: Aws, function: str, source: str) -> Iterator[Finding]:
    """The function first, then what it says of its config, secrets, API and lake, then clock and versions.

    What stops the question itself is the first finding and the last.
    """
    began = time.monotonic()
    asked_at = dt.datetime.now(dt.UTC)
    try:
        told = _answer_of(aws, function, source)
    except IngestError as error:
        yield bad("function", error)
        return
    yield _function(function, told["function"], time.monotonic() - began)
    yield from _its_own(told["findings"])
    yield _clock(told["clock"], asked_at, dt.datetime.now(dt.UTC))
    yield _versions(told["versions"])


def _answer_of(aws: Aws, function: str, source: str) -> Mapping[str, Any]:
    """What the handler returned. Raises the error that says what is in the way."""
    event = json.dumps({"source": source, "step": "check"})
    region = ""
    try:
        client = aws.client("lambda", READ_SECONDS)
        region = client.meta.region_name
        answer = client.invoke(FunctionName=function, Payload=event.encode())
        told = json.loads(answer["Payload"].read())
    except IngestError:
        raise
    except Exception as error:  # noqa: BLE001 -- boto3's errors are told apart by name; boto3 is not imported here
        raise _unreached(function, region, error) from None
    if answer.get("FunctionError"):
        raise _crashed(function, told)
    if not isinstance(told, dict) or told.get("step") != "check":
        raise StopError(
            f"{function} answered, but not as this handler does",
            Code.FUNCTION_ANSWER,
            hint=f"its handler must be {HANDLER}",
        )
    return told


def _crashed(function: str, told: Mapping[str, Any]) -> IngestError:
    kind, what = str(told.get("errorType", "")), str(told.get("errorMessage", ""))
    if kind == UsageError.__name__ and "'step'" in what:
        return StopError(
            f"{function} runs an older version, which cannot check itself", Code.FUNCTION_ANSWER, hint=_REBUILD
        )
    first = what.splitlines()[0] if what else "no message"
    return StopError(
        f"{function} failed: {kind}: {first}",
        Code.FUNCTION_FAILED,
        hint=_CRASHED.get(kind, "its log says more: CloudWatch"),
    )


def _unreached(function: str, region: str, error: Exception) -> IngestError:
    response = getattr(error, "response", {})
    code = str(response.get("Error", {}).get("Code", "")) or type(error).__name__
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = str(response.get("Error", {}).get("Message", "")) or str(error)
    if code == "AccessDeniedException":
        right = missing_right(error, "lambda:InvokeFunction")
        return CredentialsError(
            f"{function}: access denied: {right} is missing", Code.AWS_RIGHT, hint=f"give yourself {right} on it"
        )
    if code == "InvalidSignatureException" and _WRONG_TIME.search(said):
        return StopError("this machine's clock is wrong: AWS refuses its signature", Code.CLOCK, hint="set the clock")
    if code in _BAD_KEYS:
        return CredentialsError(
            f"{function}: the AWS credentials are refused ({code})", Code.AWS_KEYS, hint="renew them"
        )
    if code in _NO_KEYS:
        return CredentialsError(
            f"{function}: no AWS credentials found", Code.AWS_NO_KEYS, hint="set AWS_PROFILE, or aws configure"
        )
    if code == "ResourceNotFoundException":
        return UsageError(
            f"there is no function {function} in {region}",
            Code.FUNCTION_UNKNOWN,
            hint="aws lambda list-functions shows them; AWS_REGION names another region",
        )
    if code in _SETUP:
        return UsageError(
            f"{function}: {said}", Code.FUNCTION_UNKNOWN, hint="correct the name, AWS_REGION or AWS_PROFILE"
        )
    if code == "TooManyRequestsException":
        return TransientError(
            f"{function} is busy: as many run as its concurrency allows", Code.FUNCTION_AWAY, hint="ask again later"
        )
    if code in _PASSES or status >= 500 or not status:
        return TransientError(f"{function} cannot be reached ({code})", Code.FUNCTION_AWAY, hint="try again later")
    return StopError(f"{function}: Lambda answered {status} {code}: {said}", Code.FUNCTION_FAILED)


def _function(name: str, facts: Mapping[str, Any], seconds: float) -> Finding:
    memory, left = facts.get("memory_mb"), facts.get("seconds")
    about = f"{name} ({facts.get('version')}, {memory} MB, {left or 0:.0f} s) answered in {seconds:.1f} s"
    short = []
    if memory is not None and memory < LEAST_MEMORY_MB:
        short.append("memory to 1024 MB")
    if left is not None and left < LEAST_SECONDS:
        short.append("timeout to 15 min")
    if not short:
        return Finding("function", True, about)
    hint = f"set its {' and its '.join(short)} (Configuration → General configuration)"
    return Finding("function", False, about, hint, StopError.exit_code, Code.FUNCTION_SMALL.value)


def _its_own(findings: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    for found in findings:
        yield Finding(
            str(found["what"]),
            bool(found["ok"]),
            str(found["about"]),
            str(found["hint"]),
            int(found["exit_code"]),
            str(found.get("code", "")),  # a function of an earlier version gives none
        )


def _clock(told: str, asked_at: dt.datetime, answered_at: dt.datetime) -> Finding:
    """The function's clock must have shown a moment between question and answer."""
    there = dt.datetime.fromisoformat(told)
    off = max((asked_at - there).total_seconds(), (there - answered_at).total_seconds(), 0.0)
    if off <= CLOCK_SECONDS:
        return Finding("clock", True, f"{there:%Y-%m-%dT%H:%M:%SZ} there, and here too")
    what = f"{there:%Y-%m-%dT%H:%M:%SZ} there, {off:.0f} s away from here"
    hint = "set this machine's clock: the function has AWS's"
    return Finding("clock", False, what, hint, StopError.exit_code, Code.CLOCK.value)


def _versions(there: Mapping[str, str]) -> Finding:
    about = ", ".join(f"{name} {version}" for name, version in there.items())
    here = __version__
    differs = there.get("ingest_core") != here
    return Finding("versions", True, about, f"here is ingest_core {here}: {_REBUILD}" if differs else "")
