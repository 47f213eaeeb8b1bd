"""The direct put: signed as S3 wants it, what it leaves to boto3, and mocks that answer in the network's place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ingest_core.errors import CredentialsError, TransientError
from ingest_core.lake import Lake, S3Options
from ingest_core.lake.s3 import S3Lake, open_bucket

KEY = "Raw/Things/JSON/2026/11/23/7.json"


class Told(BaseHTTPRequestHandler):
    """Answers each PUT with the next of the statuses it was told, then with 200; keeps who asked, and with what."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(dict(self.headers))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        body = b"" if status == 200 else f"<Error><Code>{self.server.codes[status]}</Code></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    codes: Mapping[int, str] = {403: "AccessDenied", 409: "ConditionalRequestConflict", 503: "SlowDown", 412: "Pre"}

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Told)
        self.asked: list[dict[str, str]] = []
        self.statuses: list[int] = []

    def by_whom(self) -> list[str]:
        """Of each request, whether boto3 sent it or the direct way did."""
        return ["boto3" if "Boto3" in headers.get("User-Agent", "") else "direct" for headers in self.asked]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


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
    aws.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_address[1]}")
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
    (sent,) = server.asked
    assert server.by_whom() == ["direct"]
    assert sent["x-amz-server-side-encryption"] == "aws:kms"
    assert sent["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/raw"
    assert sent["x-amz-expected-bucket-owner"] == "123456789012"
    assert sent["x-amz-checksum-sha256"] == "a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="
    assert (sent["If-None-Match"], sent["Content-Type"], sent["x-amz-meta-ingest-run"]) == (
        "*",
        "application/json",
        "things/1",
    )
    assert "Expect" not in sent


@pytest.mark.parametrize("status", [409, 503])
def test_what_is_neither_written_nor_refused_is_left_to_boto3(lake: S3Lake, server: Server, status: int) -> None:
    server.statuses = [status]
    assert lake.put_if_absent(KEY, b"1", {}) is True
    assert lake.put_if_absent(KEY, b"1", {}) is True
    assert server.by_whom() == ["direct", "boto3", "direct"]


def test_a_connection_that_breaks_is_left_to_boto3(lake: S3Lake, server: Server) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(TransientError):
        lake.put_if_absent(KEY, b"1", {})


def test_a_refusal_of_the_right_is_told_by_boto3_and_the_direct_way_not_tried_again(
    lake: S3Lake, server: Server
) -> None:
    server.statuses = [403] * 4
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
