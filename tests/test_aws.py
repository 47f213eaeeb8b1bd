"""boto3 from one place: recent enough, sessions and clients made once, and a missing right by its name."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from ingest_core.aws import Aws, missing_right, require_recent
from ingest_core.errors import StopError


@pytest.mark.parametrize("version", ["1.36.0", "1.36", "1.44.8", "2.0.0rc1"])
def test_a_recent_boto3_does(version: str) -> None:
    require_recent(version)


@pytest.mark.parametrize("version", ["1.35.99", "1.9.253", "0.1"])
def test_a_boto3_that_cannot_write_on_a_condition_is_named_with_what_to_do(version: str) -> None:
    with pytest.raises(StopError) as raised:
        require_recent(version)
    assert raised.value.what == f"boto3 {version} is too old: 1.36 is the first that can write on a condition"
    assert "in Lambda choose a newer runtime" in raised.value.hint


def test_the_version_is_looked_at_before_there_is_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.__version__", "1.34.145")
    with pytest.raises(StopError, match=r"boto3 1\.34\.145 is too old"):
        Aws().client("ssm")
    with pytest.raises(StopError):
        Aws().session()


def test_a_session_and_a_client_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    aws = Aws()
    assert aws.session() is aws.session(None, None)
    assert aws.session(region="sa-east-1") is not aws.session()
    assert aws.session(region="sa-east-1").region_name == "sa-east-1"
    assert aws.client("ssm") is aws.client("ssm")
    assert aws.client("ssm").meta.service_model.service_name == "ssm"


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("User: arn:aws:sts::1:x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:x", "kms:Decrypt"),
        ("User: arn:… is not authorized to perform: ssm:GetParameter", "ssm:GetParameter"),
        ("Access Denied", "s3:PutObject"),
        (None, "s3:PutObject"),
    ],
)
def test_the_right_that_aws_names_is_the_one_that_is_told(message: str | None, named: str) -> None:
    response = {"Error": {"Code": "AccessDenied", "Message": message}}
    assert missing_right(ClientError(response, "PutObject"), "s3:PutObject") == named  # type: ignore[arg-type]


def test_an_error_of_another_kind_names_no_right() -> None:
    assert missing_right(ValueError("not authorized to perform: kms:Decrypt"), "s3:PutObject") == "s3:PutObject"
