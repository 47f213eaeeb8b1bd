"""An S3 server that checks signatures and rights, in a process of its own: moto's state is one a process.

INGEST_TEST_S3 names another server to hold to the contract: {"endpoint": …, "bucket": …, "access_key": …,
"secret_key": …}, and "reader": [access key, secret key] of a user that may get and list.
"""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from ingest_core.aws import Aws
from ingest_core.lake import DiskLake, Lake, S3Options
from ingest_core.lake.s3 import S3Lake, client_of
from ingest_core.lake.s3_direct import DirectS3Lake, open_bucket

BUCKET = "contract-lake"
NOBODY = ("AKIAWRONGWRONGWRONGX", "not-the-secret-of-anybody")


@dataclass(frozen=True)
class S3Server:
    """Where it is, and the keys of users: "writer" may put, get and list, "reader" may not put."""

    endpoint: str
    bucket: str
    keys: dict[str, tuple[str, str]]

    def environment(self, user: str) -> dict[str, str]:
        """What the AWS libraries read."""
        key, secret = self.keys[user]
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_SESSION_TOKEN": "",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, user: str) -> Any:
        """The client that a lake would make for that user."""
        with self._as(user):
            return client_of(Aws(), S3Options(), 16)

    def lake(self, user: str, *, is_fast: bool = False) -> DirectS3Lake:
        """The lake as it is opened for that user."""
        with self._as(user):
            lake = open_bucket(self.bucket, f"test/{uuid.uuid4().hex}", S3Options(), 16, is_fast=is_fast)
            lake._boto3()  # made while the environment is that user's
            return lake

    @contextmanager
    def _as(self, user: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("AWS_PROFILE", raising=False)
            for name, value in self.environment(user).items():
                patch.setenv(name, value)
            yield


@pytest.fixture(scope="session")
def s3_server(moto_server: Callable[[], AbstractContextManager[str]]) -> Iterator[S3Server]:
    named = os.environ.get("INGEST_TEST_S3")
    if named:
        yield _as_told(json.loads(named))
        return
    with moto_server() as endpoint:
        yield _with_checks_on(endpoint)


def _as_told(told: dict[str, Any]) -> S3Server:
    writer = told["access_key"], told["secret_key"]
    keys = {"writer": writer, "wrong": NOBODY, "forged": (writer[0], "not-the-secret-of-the-writer")}
    if "reader" in told:
        keys["reader"] = (told["reader"][0], told["reader"][1])
    return S3Server(told["endpoint"], told["bucket"], keys)


def _with_checks_on(endpoint: str) -> S3Server:
    anyone = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "setup",
        "aws_secret_access_key": "setup",
    }
    s3, iam = boto3.client("s3", **anyone), boto3.client("iam", **anyone)
    s3.create_bucket(Bucket=BUCKET)
    look = ["s3:GetObject", "s3:ListBucket"]
    keys = {"wrong": NOBODY}
    for user, actions in {"writer": [*look, "s3:PutObject", "s3:DeleteObject"], "reader": look}.items():
        iam.create_user(UserName=user)
        statement = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_user_policy(UserName=user, PolicyName="lake", PolicyDocument=document)
        made = iam.create_access_key(UserName=user)["AccessKey"]
        keys[user] = (made["AccessKeyId"], made["SecretAccessKey"])
    keys["forged"] = (keys["writer"][0], "not-the-secret-of-the-writer")
    s3.close()
    iam.close()
    # As text: a form, which urllib sends by default, would have no body left for moto to read.
    checks_on = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
    urllib.request.urlopen(checks_on).close()
    return S3Server(endpoint, BUCKET, keys)


@pytest.fixture(scope="session")
def s3_client(s3_server: S3Server) -> Iterator[Any]:
    client = s3_server.client("writer")
    yield client
    client.close()


@pytest.fixture
def boto3_lake(s3_server: S3Server, s3_client: Any) -> Lake:
    """A prefix of its own in the bucket, every request by boto3."""
    return S3Lake(s3_client, s3_server.bucket, f"test/{uuid.uuid4().hex}")


@pytest.fixture
def s3_lake(s3_server: S3Server) -> Iterator[Lake]:
    """A prefix of its own in the bucket."""
    lake = s3_server.lake("writer")
    yield lake
    lake.close()


@pytest.fixture
def fast_lake(s3_server: S3Server) -> Iterator[Lake]:
    """A prefix of its own in the bucket, through libcurl."""
    lake = s3_server.lake("writer", is_fast=True)
    yield lake
    lake.close()


@pytest.fixture(params=["default", "fast"])
def lake_of(request: pytest.FixtureRequest, s3_server: S3Server) -> Iterator[Callable[[str], Lake]]:
    """A lake with the keys of a certain user, by either engine."""
    lakes: list[DirectS3Lake] = []

    def make(user: str) -> Lake:
        lakes.append(s3_server.lake(user, is_fast=request.param == "fast"))
        return lakes[-1]

    yield make
    for lake in lakes:
        lake.close()


@pytest.fixture(params=["disk", "s3", "boto3", "fast"])
def any_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """Each lake in turn, empty."""
    if request.param == "disk":
        return DiskLake(tmp_path / "lake")
    lake: Lake = request.getfixturevalue(f"{request.param}_lake")
    return lake
