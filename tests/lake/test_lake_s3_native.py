"""What the lake through obstore does beside the contract: what it sends, and what it makes of S3's answers."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent))

from scripted_s3 import Said, ScriptedS3, scripted

from ingest_core.errors import CredentialsError, IngestError, LakeError, TransientError
from ingest_core.lake import S3Options
from ingest_core.lake.s3_native import NativeS3Lake, open_native

KEY = "Raw/Things/JSON/2026/11/23/7.json"


class Server:
    """A scripted S3, and the answers that it is still to give."""

    def __init__(self, running: ScriptedS3) -> None:
        self.running = running
        self.answers: list[Said] = []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with scripted(lambda asked, before: server.answers.pop(0) if server.answers else None) as running:
        server = Server(running)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", running.url)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "made-up")
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        yield server


def opened(options: S3Options | None = None) -> NativeS3Lake:
    return open_native("things", "zone", options or S3Options())


def test_a_put_carries_condition_digest_metadata_and_key(server: Server) -> None:
    lake = opened(S3Options(kms_key="alias/raw"))
    assert lake.put_if_absent(KEY, b"1", {"ingest-run": "things/1"}) is True
    (sent,) = (asked.headers for asked in server.running.asked)
    stored = lake.get(KEY)
    assert stored is not None
    assert stored.body == b"1"
    assert (sent["if-none-match"], sent["x-amz-meta-ingest-run"]) == ("*", "things/1")
    assert sent["x-amz-checksum-sha256"] == "a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="
    assert (sent["x-amz-server-side-encryption"], sent["content-type"]) == ("aws:kms", "application/json")
    assert sent["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/raw"


def test_a_conflict_with_another_writer_is_tried_again(server: Server) -> None:
    server.answers = [Said(409, "ConditionalRequestConflict")] * 2
    assert opened().put_if_absent(KEY, b"1", {}) is True
    assert len(server.running.asked) == 3


def test_a_conflict_without_end_is_an_error_that_names_the_key(server: Server) -> None:
    server.answers = [Said(409, "ConditionalRequestConflict")] * 1000
    with pytest.raises(TransientError, match=r"7\.json.*409"):
        opened().put_if_absent(KEY, b"1", {})
    assert 1 < len(server.running.asked) < 40


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
    server.answers = [Said(status, code)] * 50
    for call in (lambda: opened().put(KEY, b"1"), lambda: opened().get(KEY)):
        with pytest.raises(kind) as error:
            call()
        assert "made-up" not in str(error.value)
        assert "s3://things/zone" in error.value.what


def test_a_server_that_is_not_there_is_worth_another_try(server: Server) -> None:
    server.running.shutdown()
    server.running.server_close()
    with pytest.raises(TransientError, match="cannot be reached"):
        opened().put(KEY, b"1")


def test_a_server_that_ignores_conditions_is_found_out(server: Server) -> None:
    server.answers = [Said(200, "written", headers=('ETag: "0"',))]
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
