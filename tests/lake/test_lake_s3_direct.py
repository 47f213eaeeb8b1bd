"""The direct put: signed as S3 wants it, what it leaves to boto3, and mocks that answer in the network's place."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

sys.path.append(str(Path(__file__).resolve().parent))

from scripted_s3 import Asked, Said, ScriptedS3, scripted

from ingest_core.errors import CredentialsError, TransientError
from ingest_core.lake import Lake, S3Options
from ingest_core.lake.s3 import S3Lake, open_bucket
from ingest_core.lake.s3_direct import DirectPut

KEY, OTHER = "Raw/Things/JSON/2026/11/23/7.json", "Raw/Things/JSON/2026/11/23/8.json"


@pytest.fixture
def server() -> Iterator[Server]:
    """An S3 that answers each PUT with the next of `answers`, then as S3 does."""
    with scripted(lambda asked, before: server.answers.pop(0) if server.answers else None) as running:
        server = Server(running)
        yield server


class Server:
    """A scripted S3, and the answers that it is still to give."""

    def __init__(self, running: ScriptedS3) -> None:
        self.running = running
        self.answers: list[Said] = []

    @property
    def asked(self) -> list[Asked]:
        return self.running.asked

    def by_whom(self) -> list[str]:
        """Of each request, whether boto3 sent it or the direct way did."""
        return ["boto3" if "Boto3" in asked.headers.get("user-agent", "") else "direct" for asked in self.asked]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return monkeypatch


@pytest.fixture
def lake(server: Server, aws: pytest.MonkeyPatch) -> Iterator[S3Lake]:
    aws.setenv("AWS_ENDPOINT_URL_S3", server.running.url)
    lake = open_bucket("things", "", S3Options(kms_key="alias/raw", bucket_owner="123456789012"), 4)
    yield lake
    lake.close()


@pytest.mark.parametrize("name", ["7", "a b+c", "é~(x)'*!", "%2F%00", "日本", "a=b&c,d;e:f@g$"])
def test_any_key_and_body_is_signed_as_s3_computes_it(s3_lake: Lake, name: str) -> None:
    # The server checks signatures; boto3 reads back what the direct way wrote.
    key = f"Raw/Things/JSON/2026/11/23/{name}.json"
    assert s3_lake.put_if_absent(key, b'{"a": 1}', {"ingest-config": "things", "ingest-slice": "a%2Fb"}) is True
    assert s3_lake.put_if_absent(key, b"2", {}) is False
    stored = s3_lake.get(key)
    assert stored is not None
    assert (stored.body, stored.metadata["ingest-slice"]) == (b'{"a": 1}', "a%2Fb")
    assert [entry.key for entry in s3_lake.entries("Raw/")] == [key]


def test_what_the_options_say_travels_with_it_and_nothing_waits_for_a_go_ahead(lake: S3Lake, server: Server) -> None:
    assert lake.put_if_absent(KEY, b"1", {"ingest-run": "things/1"})
    (sent,) = (asked.headers for asked in server.asked)
    assert server.by_whom() == ["direct"]
    assert sent["x-amz-server-side-encryption"] == "aws:kms"
    assert sent["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/raw"
    assert sent["x-amz-expected-bucket-owner"] == "123456789012"
    assert sent["x-amz-checksum-sha256"] == "a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="
    assert (sent["if-none-match"], sent["content-type"], sent["x-amz-meta-ingest-run"]) == (
        "*",
        "application/json",
        "things/1",
    )
    assert "expect" not in sent


@pytest.mark.parametrize("said", [Said(409, "ConditionalRequestConflict"), Said(503, "SlowDown")], ids=["409", "503"])
def test_what_is_neither_written_nor_refused_is_left_to_boto3(lake: S3Lake, server: Server, said: Said) -> None:
    server.answers = [said]
    assert lake.put_if_absent(KEY, b"1", {}) is True
    assert lake.put_if_absent(OTHER, b"1", {}) is True
    assert server.by_whom() == ["direct", "boto3", "direct"]


def test_a_connection_that_breaks_is_left_to_boto3(lake: S3Lake, server: Server) -> None:
    server.running.shutdown()
    server.running.server_close()
    with pytest.raises(TransientError):
        lake.put_if_absent(KEY, b"1", {})


def test_a_refusal_of_the_right_is_told_by_boto3_and_the_direct_way_not_tried_again(
    lake: S3Lake, server: Server
) -> None:
    server.answers = [Said(403, "AccessDenied")] * 4
    for _ in range(3):
        with pytest.raises(CredentialsError, match="s3:PutObject"):
            lake.put_if_absent(KEY, b"1", {})
    assert server.by_whom() == ["direct", "boto3", "boto3", "boto3"]


def test_moto_in_the_same_process_answers_it_and_no_request_leaves(aws: pytest.MonkeyPatch) -> None:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="in-process")
        lake = open_bucket("in-process", "zone", S3Options(), 4)
        assert lake.put_if_absent(KEY, json.dumps({"a": 1}).encode(), {"ingest-config": "things"}) is True
        assert lake.put_if_absent(KEY, b"2", {}) is False
        stored = lake.get(KEY)
        assert stored is not None
        assert lake.swap(KEY, b"3", stored, {}) is True
        assert lake.swap(KEY, b"4", stored, {}) is False
        lake.close()


def test_without_credentials_boto3_says_so(
    lake: S3Lake, server: Server, aws: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    aws.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    aws.setenv("AWS_EC2_METADATA_DISABLED", "true")
    bare = open_bucket("things", "", S3Options(), 4)
    with pytest.raises(CredentialsError, match="no AWS credentials found"):
        bare.put_if_absent(KEY, b"1", {})
    assert server.asked == []
    bare.close()


def test_threads_that_begin_at_once_find_the_way_once(
    lake: S3Lake, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, find = [], DirectPut._find_way

    def finding(self: DirectPut) -> Any:
        found.append(self)
        time.sleep(0.05)
        return find(self)

    monkeypatch.setattr(DirectPut, "_find_way", finding)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda number: lake.put_if_absent(f"{KEY}{number}", b"1", {}), range(8)))
    assert len(found) == 1
    assert server.by_whom() == ["direct"] * 8


def test_certificates_are_those_that_boto3_would_trust(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    aws.setenv("AWS_ENDPOINT_URL_S3", "https://127.0.0.1:1")
    aws.delenv("AWS_CA_BUNDLE", raising=False)
    aws.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "company.pem"))
    lake = open_bucket("things", "", S3Options(), 4)
    assert lake._direct is not None
    way = lake._direct._find_way()
    assert way is not None
    assert way.pool.ca_certs == str(tmp_path / "company.pem")
    way.pool.close()
    lake.close()
