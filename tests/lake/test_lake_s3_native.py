"""What the lake through obstore does beside the contract: what it sends, and what it makes of S3's answers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from ingest_core.errors import CredentialsError, IngestError, LakeError, TransientError
from ingest_core.lake import S3Options
from ingest_core.lake.s3_native import NativeS3Lake, open_native

KEY = "Raw/Things/JSON/2026/11/23/7.json"


class Told(BaseHTTPRequestHandler):
    """Answers with the next of what it was told, then with 200; keeps what it was asked."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
        status, code = self.server.answers.pop(0) if self.server.answers else (200, "")
        told = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode() if code else b""
        self.send_response(status)
        self.send_header("ETag", '"0"')
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_PUT  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Told)
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, str]] = []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_address[1]}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "made-up")
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        yield server
        server.shutdown()


def opened(options: S3Options | None = None) -> NativeS3Lake:
    return open_native("things", "zone", options or S3Options())


def test_a_put_carries_condition_digest_metadata_and_key(server: Server) -> None:
    assert opened(S3Options(kms_key="alias/raw")).put_if_absent(KEY, b"1", {"ingest-run": "things/1"}) is True
    ((sent, body),) = server.asked
    assert body == b"1"
    assert (sent["if-none-match"], sent["x-amz-meta-ingest-run"]) == ("*", "things/1")
    assert sent["x-amz-checksum-sha256"] == "a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="
    assert (sent["x-amz-server-side-encryption"], sent["content-type"]) == ("aws:kms", "application/json")
    assert sent["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/raw"


def test_a_conflict_with_another_writer_is_tried_again(server: Server) -> None:
    server.answers = [(409, "ConditionalRequestConflict")] * 2
    assert opened().put_if_absent(KEY, b"1", {}) is True
    assert len(server.asked) == 3


def test_a_conflict_without_end_is_an_error_that_names_the_key(server: Server) -> None:
    server.answers = [(409, "ConditionalRequestConflict")] * 1000
    with pytest.raises(TransientError, match=r"7\.json.*409"):
        opened().put_if_absent(KEY, b"1", {})
    assert 1 < len(server.asked) < 40


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", CredentialsError),
        (403, "RequestTimeTooSkewed", LakeError),
        (404, "NoSuchBucket", LakeError),
        (400, "ExpiredToken", CredentialsError),
        (503, "SlowDown", TransientError),
    ],
)
def test_each_refusal_is_told_as_boto3_s_are(server: Server, status: int, code: str, kind: type[IngestError]) -> None:
    server.answers = [(status, code)] * 50
    for call in (lambda: opened().put(KEY, b"1"), lambda: opened().get(KEY)):
        with pytest.raises(kind) as error:
            call()
        assert "made-up" not in str(error.value)
        assert "s3://things/zone" in error.value.what


def test_a_server_that_is_not_there_is_worth_another_try(server: Server) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(TransientError, match="cannot be reached"):
        opened().put(KEY, b"1")


def test_a_server_that_ignores_conditions_is_found_out(server: Server) -> None:
    with pytest.raises(LakeError, match="ignores conditional writes"):
        opened().check_writable()


def test_a_file_is_streamed_by_lines(native_lake: NativeS3Lake) -> None:
    text = "".join(f"line {number}\n" for number in range(100_000)).encode()
    native_lake.put("Raw/a.csv", text)
    assert io.TextIOWrapper(native_lake.stream("Raw/a.csv")).readlines()[99_999] == "line 99999\n"


def test_without_keys_anywhere_it_says_what_to_set(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(CredentialsError, match="no AWS credentials found"):
        opened()
