"""The direct way: signed as S3 wants it, what it leaves to boto3, and mocks that answer in the network's place."""

from __future__ import annotations

import datetime as dt
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from moto import mock_aws
from urllib3.exceptions import ProtocolError

sys.path.append(str(Path(__file__).resolve().parent))

from scripted_s3 import Asked, Said, ScriptedS3, scripted

from ingest_core.errors import CredentialsError, TransientError
from ingest_core.lake import Lake, S3Options
from ingest_core.lake.s3_carrier import NoAnswerError
from ingest_core.lake.s3_direct import DirectS3Lake, open_bucket
from ingest_core.lake.s3_pool import _Body
from ingest_core.lake.s3_reading import as_file

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
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    return monkeypatch


@pytest.fixture(params=["default", "fast"])
def is_fast(request: pytest.FixtureRequest) -> bool:
    """Whether libcurl carries."""
    return bool(request.param == "fast")


@pytest.fixture
def lake(server: Server, aws: pytest.MonkeyPatch, is_fast: bool) -> Iterator[DirectS3Lake]:
    aws.setenv("AWS_ENDPOINT_URL_S3", server.running.url)
    options = S3Options(kms_key="alias/raw", bucket_owner="123456789012")
    lake = open_bucket("things", "", options, 4, is_fast=is_fast)
    yield lake
    lake.close()


@pytest.mark.parametrize("name", ["7", "a b+c", "é~(x)'*!", "%2F%00", "日本", "a=b&c,d;e:f@g$"])
def test_any_key_and_body_is_signed_as_s3_computes_it(lake_of: Callable[[str], Lake], name: str) -> None:
    s3_lake = lake_of("writer")
    # The server checks signatures; boto3 reads back what the direct way wrote.
    key = f"Raw/Things/JSON/2026/11/23/{name}.json"
    assert s3_lake.put_if_absent(key, b'{"a": 1}', {"ingest-config": "things", "ingest-slice": "a%2Fb"}) is True
    assert s3_lake.put_if_absent(key, b"2", {}) is False
    stored = s3_lake.get(key)
    assert stored is not None
    assert (stored.body, stored.metadata["ingest-slice"]) == (b'{"a": 1}', "a%2Fb")
    assert [entry.key for entry in s3_lake.entries("Raw/")] == [key]


def test_what_the_options_say_travels_with_it_and_nothing_waits_for_a_go_ahead(
    lake: DirectS3Lake, server: Server
) -> None:
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
def test_what_is_neither_written_nor_refused_is_left_to_boto3(lake: DirectS3Lake, server: Server, said: Said) -> None:
    server.answers = [said]
    assert lake.put_if_absent(KEY, b"1", {}) is True
    assert lake.put_if_absent(OTHER, b"1", {}) is True
    assert server.by_whom() == ["direct", "boto3", "direct"]


def test_a_connection_that_breaks_is_left_to_boto3(lake: DirectS3Lake, server: Server) -> None:
    server.running.shutdown()
    server.running.server_close()
    with pytest.raises(TransientError):
        lake.put_if_absent(KEY, b"1", {})


def test_a_refusal_of_the_right_is_told_by_boto3_and_the_direct_way_not_tried_again(
    lake: DirectS3Lake, server: Server
) -> None:
    server.answers = [Said(403, "AccessDenied")] * 4
    for _ in range(3):
        with pytest.raises(CredentialsError, match="s3:PutObject"):
            lake.put_if_absent(KEY, b"1", {})
    assert server.by_whom() == ["direct", "boto3", "boto3", "boto3"]


def test_moto_in_the_same_process_answers_it_and_no_request_leaves(aws: pytest.MonkeyPatch, is_fast: bool) -> None:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="in-process")
        lake = open_bucket("in-process", "zone", S3Options(), 4, is_fast=is_fast)
        assert lake.put_if_absent(KEY, json.dumps({"a": 1}).encode(), {"ingest-config": "things"}) is True
        assert lake.put_if_absent(KEY, b"2", {}) is False
        stored = lake.get(KEY)
        assert stored is not None
        assert lake.swap(KEY, b"3", stored, {}) is True
        assert lake.swap(KEY, b"4", stored, {}) is False
        lake.close()


def test_without_credentials_boto3_says_so(
    lake: DirectS3Lake, server: Server, aws: pytest.MonkeyPatch, tmp_path: Any
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
    lake: DirectS3Lake, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, find = [], lake._exchange._find

    def finding() -> Any:
        found.append(1)
        time.sleep(0.05)
        return find()

    monkeypatch.setattr(lake._exchange, "_find", finding)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda number: lake.put_if_absent(f"{KEY}{number}", b"1", {}), range(8)))
    assert len(found) == 1
    assert server.by_whom() == ["direct"] * 8


def test_in_lambda_boto3_is_not_even_imported(server: Server, aws: pytest.MonkeyPatch, is_fast: bool) -> None:
    aws.setenv("AWS_ENDPOINT_URL_S3", server.running.url)
    code = (
        "import sys; from ingest_core.engine import Engine; from ingest_core.lake import S3Options, open_lake\n"
        f"lake = open_lake('s3://things/zone', S3Options(), Engine.{'FAST' if is_fast else 'DEFAULT'})\n"
        "print(lake.put_if_absent('Raw/1.json', b'1', {}), lake.put_if_absent('Raw/1.json', b'2', {}))\n"
        "print(lake.swap('Raw/1.json', b'3', lake.get('Raw/1.json'), {}), lake.get('Raw/1.json').body)\n"
        "print(lake.get('Raw/2.json'), [entry.key for entry in lake.entries('Raw/')], lake.folders(''))\n"
        "lake.put('Raw/3.json', b'3'); print(lake.stream('Raw/3.json').read(), lake.settle(), lake.close())\n"
        "print(sorted({'boto3', 'botocore', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "True False",
        "True b'3'",
        "None ['Raw/1.json'] ['Raw']",
        "b'3' None None",
        "[]",
    ]
    assert server.by_whom() == ["direct"] * 10


@pytest.mark.parametrize("broken", [Said(503, "SlowDown"), Said(500, "InternalError"), Said()], ids=str)
def test_whatever_does_not_settle_a_read_is_boto3s(
    lake: DirectS3Lake, server: Server, broken: Said, is_fast: bool
) -> None:
    for number in range(3):
        assert lake.put_if_absent(f"Raw/a/{number}.json", b"1", {"ingest-config": "things"}) is True
    use: list[tuple[Callable[[], Any], Any]] = [
        (lambda: [entry.key for entry in lake.entries("Raw/")], [f"Raw/a/{number}.json" for number in range(3)]),
        (lambda: lake.folders("Raw/"), ["a"]),
        (lambda: getattr(lake.get("Raw/a/1.json"), "body", None), b"1"),
        (lambda: lake.get("Raw/a/9.json"), None),
        (lambda: lake.stream("Raw/a/1.json").read(), b"1"),
    ]
    server.running.asked.clear()
    for call, found in use:
        # Where a kept connection breaks, libcurl asks anew itself, once.
        server.answers = [broken] * (2 if is_fast and not broken.code else 1)
        assert call() == found
    by_whom = [who for who, _ in groupby(server.by_whom())] if is_fast else server.by_whom()
    assert by_whom == ["direct", "boto3"] * len(use)


def test_a_listing_that_breaks_off_between_pages_is_gone_on_with_by_boto3_where_it_was(
    s3_server: Any, s3_lake: DirectS3Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"Raw/{folder}/{number} +é.json" for folder in "abc" for number in range(3)]
    for key in keys:
        s3_lake.put(key, b"1")
    send = s3_lake._exchange.send
    sent: list[list[tuple[str, str]]] = []

    def by_two(*arguments: Any) -> Any:
        *others, query = arguments
        sent.append(list(query))
        if len(sent) == 3:
            raise NoAnswerError
        return send(*others, [*query, ("max-keys", "2")])

    monkeypatch.setattr(s3_lake._exchange, "send", by_two)
    assert [entry.key for entry in s3_lake.entries("Raw/")] == keys
    assert len(sent) == 3
    sent[:] = [[]] * 5
    assert [entry.key for entry in s3_lake.entries("Raw/")] == keys
    assert len(sent) == 10
    sent[:] = [[]] * 1
    assert s3_lake.folders("Raw/") == ["a", "b", "c"]


def test_a_body_that_breaks_off_in_a_stream_is_told_in_our_words() -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise ProtocolError("with words of the library's own")

        def close(self) -> None:
            """Nothing."""

    with pytest.raises(TransientError, match="ours: ProtocolError"):
        as_file(_Body(Broken()), (NoAnswerError,), lambda error: TransientError(f"ours: {error}")).read()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody but its bearer has signed."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made up")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "made-up.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(made.public_bytes(Encoding.PEM) + plain)
    return pem


def test_under_tls_a_certificate_is_trusted_by_the_file_that_says_so_and_not_without(
    aws: pytest.MonkeyPatch, certificate: Path, is_fast: bool
) -> None:
    with scripted(lambda asked, before: None) as server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        aws.setenv("AWS_ENDPOINT_URL_S3", server.url.replace("http:", "https:"))
        aws.setenv("AWS_CA_BUNDLE", str(certificate))
        trusting = open_bucket("things", "", S3Options(), 4, is_fast=is_fast)
        assert trusting.put_if_absent(KEY, b"1", {}) is True
        assert [asked.headers["host"] for asked in server.asked] == [server.url.removeprefix("http://")]
        assert "Boto3" not in server.asked[0].headers.get("user-agent", "")
        trusting.close()
        aws.delenv("AWS_CA_BUNDLE")
        doubting = open_bucket("things", "", S3Options(), 4, is_fast=is_fast)
        with pytest.raises(TransientError, match="cannot be reached"):
            doubting.put_if_absent(OTHER, b"1", {})
        assert len(server.asked) == 1
        doubting.close()


def test_a_file_of_certificates_that_is_not_there_is_left_to_boto3(
    aws: pytest.MonkeyPatch, tmp_path: Path, is_fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.setenv("AWS_ENDPOINT_URL_S3", "https://127.0.0.1:1")
    aws.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))
    lake, asked = open_bucket("things", "", S3Options(), 4, is_fast=is_fast), []
    monkeypatch.setattr(
        lake, "_boto3", lambda: SimpleNamespace(put=lambda *_: asked.append("put"), stream=asked.append)
    )
    lake.put(KEY, b"1")
    lake.stream(KEY)
    assert asked == ["put", KEY]


def test_certificates_are_those_that_boto3_would_trust(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    company = tmp_path / "company.pem"
    company.write_bytes(Path(certifi.where()).read_bytes())
    aws.setenv("AWS_ENDPOINT_URL_S3", "https://127.0.0.1:1")
    aws.delenv("AWS_CA_BUNDLE", raising=False)
    for name, expected in (("REQUESTS_CA_BUNDLE", company), ("AWS_CA_BUNDLE", company)):
        aws.setenv(name, str(company))
        lake = open_bucket("things", "", S3Options(), 4)
        way = lake._exchange._find()
        assert way is not None
        assert way.certificates == str(expected)
        lake.close()
        aws.delenv(name)
