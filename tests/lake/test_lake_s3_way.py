"""How to reach a bucket: what the environment alone says is what boto3 would find, and what is odd is left to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ingest_core.aws import Aws
from ingest_core.lake import S3Options
from ingest_core.lake.s3 import client_of
from ingest_core.lake.s3_way import Way, way_by_boto3, way_by_environment

PLAIN = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_DEFAULT_REGION": "sa-east-1"}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Makes the environment that of a Lambda function, with these variables changed."""

    def make(**changes: str) -> dict[str, str]:
        for name in list(os.environ):
            if name.startswith("AWS_") or name in {*PROXIES, "REQUESTS_CA_BUNDLE"}:
                monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(tmp_path))
        for name, value in {**PLAIN, **changes}.items():
            monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
        return dict(os.environ)

    return make


def both(bucket: str, options: S3Options) -> tuple[Way | None, Way | None]:
    aws = Aws()
    client = client_of(aws, options, 4)
    try:
        return (
            way_by_environment(bucket, options, os.environ),
            way_by_boto3(bucket, aws.core(options.profile, options.region), client),
        )
    finally:
        client.close()


@pytest.mark.parametrize(
    "region", ["us-east-1", "us-west-2", "eu-central-1", "sa-east-1", "mx-central-1", "il-central-1"]
)
@pytest.mark.parametrize("bucket", ["things", "a-long-name-of-a-bucket-1", "abc"])
def test_of_a_plain_bucket_in_any_region_boto3_finds_the_same(environment: Any, region: str, bucket: str) -> None:
    environment(AWS_DEFAULT_REGION=region, AWS_SESSION_TOKEN="a-token")
    ours, boto3s = both(bucket, S3Options())
    assert ours is not None
    assert boto3s is not None
    assert (ours.origin, ours.path, ours.region, ours.certificates) == (
        boto3s.origin, boto3s.path, boto3s.region, boto3s.certificates
    )  # fmt: skip
    for name in ("access_key", "secret_key", "token"):
        assert getattr(ours.keys(), name) == getattr(boto3s.keys(), name)


@pytest.mark.parametrize(
    "changes",
    [
        {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"},
        {"AWS_ENDPOINT_URL": "https://s3.example.org/"},
        {"AWS_ENDPOINT_URL_S3": "http://localhost:1", "AWS_ENDPOINT_URL": "http://localhost:2"},
        {"AWS_CA_BUNDLE": "/etc/ssl/a.pem", "REQUESTS_CA_BUNDLE": "/etc/ssl/b.pem"},
        {"REQUESTS_CA_BUNDLE": "/etc/ssl/b.pem"},
        {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull},
    ],
    ids=",".join,
)
def test_what_else_the_environment_may_say_boto3_takes_as_we_do(environment: Any, changes: dict[str, str]) -> None:
    environment(**changes)
    for options in (S3Options(), S3Options(region="us-west-2")):
        ours, boto3s = both("things", options)
        assert ours is not None
        assert boto3s is not None
        assert (ours.origin, ours.path, ours.region, ours.certificates) == (
            boto3s.origin, boto3s.path, boto3s.region, boto3s.certificates
        )  # fmt: skip


@pytest.mark.parametrize(
    ("bucket", "options", "changes"),
    [
        ("a.b", S3Options(), {}),
        ("things--x-s3", S3Options(), {}),
        ("things", S3Options(profile="other"), {}),
        ("things", S3Options(), {"AWS_PROFILE": "other"}),
        ("things", S3Options(), {"AWS_ACCESS_KEY_ID": ""}),
        ("things", S3Options(), {"AWS_DEFAULT_REGION": ""}),
        ("things", S3Options(region="cn-north-1"), {}),
        ("things", S3Options(region="us-gov-west-1"), {}),
        ("things", S3Options(region="nowhere"), {}),
        ("things", S3Options(), {"HTTPS_PROXY": "http://proxy.example.org:3128"}),
        ("things", S3Options(), {"https_proxy": "http://proxy.example.org:3128"}),
        ("things", S3Options(), {"AWS_USE_FIPS_ENDPOINT": "true"}),
        ("things", S3Options(), {"AWS_USE_DUALSTACK_ENDPOINT": "true"}),
        ("things", S3Options(), {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}),
        ("things", S3Options(), {"AWS_CREDENTIAL_EXPIRATION": "2026-11-23T06:00:00Z"}),
        ("things", S3Options(), {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000/base"}),
        ("things", S3Options(), {"AWS_ENDPOINT_URL_S3": "127.0.0.1:9000"}),
    ],
    ids=str,
)
def test_what_is_odd_is_left_to_boto3(
    environment: Any, bucket: str, options: S3Options, changes: dict[str, str]
) -> None:
    assert way_by_environment(bucket, options, environment(**changes)) is None


@pytest.mark.parametrize("name", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", ""])
def test_a_file_of_configuration_is_boto3s_to_read(environment: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / ".aws").mkdir()
    path = tmp_path / "said.ini" if name else tmp_path / ".aws/config"
    path.write_text("[default]\nregion = eu-west-1\n")
    assert way_by_environment("things", S3Options(), environment(**({name: str(path)} if name else {}))) is None
    path.write_text("")
    assert way_by_environment("things", S3Options(), environment(**({name: str(path)} if name else {}))) is not None


def test_through_a_proxy_and_to_directory_buckets_boto3_goes_itself(environment: Any) -> None:
    environment(HTTPS_PROXY="http://proxy.example.org:3128")
    assert both("things", S3Options())[1] is None
    environment()
    assert both("things--use1-az4--x-s3", S3Options())[1] is None
