"""References to secrets: resolved late, kept for five minutes, never quoted."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest

from ingest_core.config import SecretResolver
from ingest_core.config.secrets import KEPT_SECONDS, REFERENCE
from ingest_core.errors import CredentialsError, TransientError

VALUE = "s3cr3t-value"


class FakeClock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.time = 50.0

    def monotonic(self) -> float:
        return self.time

    def now(self) -> dt.datetime:
        return dt.datetime(2026, 11, 23, tzinfo=dt.UTC)

    def pause(self, seconds: float, stop: threading.Event) -> None:
        self.time += seconds


class AwsError(Exception):
    """As botocore's ClientError: a code and a message inside, and a text that could quote anything."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {VALUE}")
        self.response = {"Error": {"Code": code, "Message": f"{message} {VALUE}"}}


class FakeAws:
    """Both services over one mapping; remembers what was asked."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.held = held
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, service: str) -> FakeAws:
        assert service in {"ssm", "secretsmanager"}
        return self

    def get_parameter(self, **asked: Any) -> dict[str, Any]:
        return {"Parameter": {"Value": self._get(asked["Name"], asked["WithDecryption"])}}

    def get_secret_value(self, **asked: Any) -> dict[str, Any]:
        value = self._get(asked["SecretId"], True)
        return {"SecretBinary": value} if isinstance(value, bytes) else {"SecretString": value}

    def _get(self, name: str, decrypted: bool) -> Any:
        self.asked.append((name, decrypted))
        value = self.held[name]
        if isinstance(value, Exception):
            raise value
        return value


def resolver(
    environment: dict[str, str] | None = None,
    aws: FakeAws | None = None,
    clock: FakeClock | None = None,
    told: list[str] | None = None,
) -> SecretResolver:
    told = [] if told is None else told
    return SecretResolver(environment or {}, clock or FakeClock(), told.append, aws or FakeAws({}))


def test_a_variable_of_the_environment_is_read_without_the_space_around_it() -> None:
    assert resolver({"THING_KEY": f" {VALUE}\n"}).resolve("env:THING_KEY") == VALUE


def test_a_file_is_read_without_the_space_around_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{VALUE}\n")
    assert resolver().resolve(f"file:{tmp_path / 'key'}") == VALUE


def test_a_parameter_of_ssm_is_asked_for_decrypted() -> None:
    aws = FakeAws({"/things/key": VALUE})
    assert resolver(aws=aws).resolve("aws-ssm:/things/key") == VALUE
    assert aws.asked == [("/things/key", True)]


def test_a_secret_of_secrets_manager_is_read_whole_or_by_field() -> None:
    aws = FakeAws({"things": VALUE, "many": json.dumps({"key": VALUE, "port": 5})})
    assert resolver(aws=aws).resolve("aws-sm:things") == VALUE
    assert resolver(aws=aws).resolve("aws-sm:many#key") == VALUE


def test_a_value_is_kept_for_five_minutes_and_then_read_again() -> None:
    aws, clock, told = FakeAws({"/k": "first-value"}), FakeClock(), list[str]()
    resolve = resolver(aws=aws, clock=clock, told=told).resolve
    assert resolve("aws-ssm:/k") == "first-value"
    aws.held["/k"] = "second-value"
    clock.time += KEPT_SECONDS - 1
    assert resolve("aws-ssm:/k") == "first-value"
    clock.time += 1
    assert resolve("aws-ssm:/k") == "second-value"
    assert len(aws.asked) == 2
    assert told == ["first-value", "second-value"]
    assert KEPT_SECONDS == 300


def test_a_value_that_was_refused_is_read_again_before_its_time() -> None:
    aws = FakeAws({"/k": "first-value"})
    secrets = resolver(aws=aws)
    assert secrets.resolve("aws-ssm:/k") == "first-value"
    aws.held["/k"] = "second-value"
    assert secrets.renew("aws-ssm:/k", "first-value") == "second-value"
    assert secrets.resolve("aws-ssm:/k") == "second-value"
    assert len(aws.asked) == 2


def test_whoever_comes_with_a_value_that_is_kept_no_more_gets_the_one_that_is() -> None:
    aws = FakeAws({"/k": "first-value"})
    secrets = resolver(aws=aws)
    assert secrets.resolve("aws-ssm:/k") == "first-value"
    assert secrets.renew("aws-ssm:/k", "an older value") == "first-value"
    assert len(aws.asked) == 1


def test_while_aws_is_busy_a_refused_value_is_all_there_is() -> None:
    aws = FakeAws({"/k": "first-value"})
    secrets = resolver(aws=aws)
    secrets.resolve("aws-ssm:/k")
    aws.held["/k"] = AwsError("ThrottlingException")
    assert secrets.renew("aws-ssm:/k", "first-value") == "first-value"


REFUSED = "User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: "


@pytest.mark.parametrize(
    ("reference", "message", "right"),
    [
        ("aws-ssm:/k", "", "ssm:GetParameter"),
        ("aws-ssm:/k", f"{REFUSED}ssm:GetParameter on resource: arn:…", "ssm:GetParameter"),
        ("aws-ssm:/k", f"{REFUSED}kms:Decrypt on resource: arn:…", "kms:Decrypt"),
        ("aws-sm:/k", f"{REFUSED}secretsmanager:GetSecretValue on resource: arn:…", "secretsmanager:GetSecretValue"),
        ("aws-sm:/k", "Access to KMS is not allowed", "kms:Decrypt"),
    ],
)
def test_a_right_that_is_missing_is_named(reference: str, message: str, right: str) -> None:
    aws = FakeAws({"/k": AwsError("AccessDeniedException", message)})
    with pytest.raises(CredentialsError) as raised:
        resolver(aws=aws).resolve(reference)
    assert raised.value.what == f"{reference}: access denied: {right} is missing"
    assert f"give the role or user {right} on" in raised.value.hint
    assert VALUE not in str(raised.value)


def test_a_failure_is_not_kept() -> None:
    environment: dict[str, str] = {}
    resolve = SecretResolver(environment, FakeClock(), list[str]().append).resolve
    with pytest.raises(CredentialsError):
        resolve("env:THING_KEY")
    environment["THING_KEY"] = VALUE
    assert resolve("env:THING_KEY") == VALUE


HELD: dict[str, Any] = {
    "/denied": AwsError("AccessDeniedException"),
    "/gone": AwsError("ParameterNotFound"),
    "lost": AwsError("ResourceNotFoundException"),
    "/slow": AwsError("ThrottlingException"),
    "/odd": RuntimeError(VALUE),
    "/empty": "",
    "/lines": f"{VALUE}\nmore",
    "binary": b"\0\1",
    "text": VALUE,
    "list": json.dumps([VALUE]),
    "number": json.dumps({"key": 5, "other": VALUE}),
}


def test_a_busy_aws_is_asked_again_later_and_what_was_read_before_does_meanwhile() -> None:
    clock = FakeClock()
    aws = FakeAws({**HELD, "/key": VALUE})
    resolve = SecretResolver({}, clock, list[str]().append, aws).resolve
    with pytest.raises(TransientError, match="ThrottlingException"):
        resolve("aws-ssm:/slow")
    assert resolve("aws-ssm:/key") == VALUE
    aws.held["/key"] = AwsError("ThrottlingException")
    clock.time += 1000
    assert resolve("aws-ssm:/key") == VALUE


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("env:ABSENT", "the variable ABSENT is not set"),
        ("env:EMPTY", "is empty"),
        ("env:LINES", "not one line of text"),
        ("aws-ssm:/denied", "access denied"),
        ("aws-ssm:/gone", "there is no such secret"),
        ("aws-sm:lost", "there is no such secret"),
        ("aws-ssm:/odd", "RuntimeError"),
        ("aws-ssm:/empty", "is empty"),
        ("aws-ssm:/lines", "not one line of text"),
        ("aws-sm:binary", "is empty"),
        ("aws-sm:text#key", "no text field 'key'"),
        ("aws-sm:list#key", "no text field 'key'"),
        ("aws-sm:number#key", "no text field 'key'"),
        ("aws-sm:number#absent", "no text field 'absent'"),
    ],
)
def test_a_secret_that_cannot_be_had_names_its_reference_and_no_value(reference: str, told: str) -> None:
    learnt: list[str] = []
    environment = {"EMPTY": "  ", "LINES": f"{VALUE}\n{VALUE}"}
    with pytest.raises(CredentialsError) as raised:
        resolver(environment, FakeAws(HELD), told=learnt).resolve(reference)
    assert reference in str(raised.value)
    assert told in str(raised.value)
    assert VALUE not in str(raised.value) + repr(raised.value)
    assert VALUE not in "".join(traceback.format_exception(raised.value))
    assert learnt == []


@pytest.mark.parametrize(("body", "told"), [(None, "No such file"), (b"\xff\xfe", "not text"), (b" \n", "is empty")])
def test_a_file_that_holds_no_key_is_told(tmp_path: Path, body: bytes | None, told: str) -> None:
    path = tmp_path / "key"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(CredentialsError, match=told):
        resolver().resolve(f"file:{path}")


@pytest.mark.parametrize("reference", ["file:~no-such-user-here/key", "file:a\0b"])
def test_a_path_that_is_none_is_told(reference: str) -> None:
    with pytest.raises(CredentialsError):
        resolver().resolve(reference)


@pytest.mark.parametrize(
    "reference",
    ["env:THING_KEY", "file:/run/secrets/key", "file:~/key", "aws-ssm:/a/b", "aws-sm:name", "aws-sm:a/b#field"],
)
def test_a_reference_has_a_known_form(reference: str) -> None:
    assert re.search(REFERENCE, reference)


@pytest.mark.parametrize("text", [VALUE, "", "env:", "env:1A", "file:", "aws-ssm:", "aws-sm:#x", "http://x", "ENV:A"])
def test_anything_else_is_no_reference(text: str) -> None:
    assert not re.search(REFERENCE, text)
