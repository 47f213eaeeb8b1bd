"""What carries by libcurl: what is sent, how often, what is kept, and files that are read as they come."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent))

from scripted_s3 import ScriptedS3, scripted

from ingest_core.lake import Lake
from ingest_core.lake.s3_carrier import NoAnswerError
from ingest_core.lake.s3_curl import CurlCarrier
from ingest_core.lake.s3_way import StaticKeys, Way

HEADERS = {"content-type": "application/json", "x-amz-meta-empty": "", "host": "told.example"}


@pytest.fixture
def server() -> Iterator[ScriptedS3]:
    with scripted(lambda asked, before: None) as running:
        yield running


@pytest.fixture
def carrier(server: ScriptedS3) -> Iterator[CurlCarrier]:
    made = CurlCarrier(Way(server.url, "/things/", "us-east-1", lambda: StaticKeys("a", "b", None)), 4)
    yield made
    made.close()


def test_what_is_signed_travels_and_nothing_of_libcurl_s_own(carrier: CurlCarrier, server: ScriptedS3) -> None:
    for method, body in (("PUT", b"1" * 2_000_000), ("PUT", b""), ("GET", b"")):
        carrier.send(method, "/things/a%2Fb/../c", HEADERS, body)
    assert [asked.method for asked in server.asked] == ["PUT", "PUT", "GET"]
    for asked in server.asked:
        assert {name: asked.headers[name] for name in HEADERS} == HEADERS
        assert set(asked.headers) <= {*HEADERS, "content-length", "user-agent"}


def test_no_proxy_of_the_environment_is_asked(
    carrier: CurlCarrier, server: ScriptedS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert carrier.send("PUT", "/things/1", HEADERS, b"1").status == 200


@pytest.mark.parametrize("headers", [{"x-amz-meta-a": "b\r\nc: d"}, {"x-amz-meta-日": "b"}, {"x-amz-meta-a": "日"}])
def test_what_http_does_not_carry_is_not_sent(
    carrier: CurlCarrier, server: ScriptedS3, headers: dict[str, str]
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- the kind is the contract
        carrier.send("PUT", "/things/1", headers, b"1")
    assert server.asked == []


def test_where_nobody_answers_the_kind_of_failure_is_all_that_is_told(carrier: CurlCarrier, server: ScriptedS3) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(NoAnswerError) as error:
        carrier.send("PUT", "/things/1", HEADERS, b"1")
    assert str(error.value) == "no connection"
    assert error.value.__cause__ is None


def test_no_more_handles_are_kept_than_connections(carrier: CurlCarrier, server: ScriptedS3) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: carrier.send("PUT", f"/things/{n}", HEADERS, b"1"), range(60)))
    assert {answer.status for answer in answers} == {200}
    assert len(server.asked) == 60
    assert 1 <= len(carrier._idle) <= 4


def test_a_file_is_streamed_by_lines(fast_lake: Lake) -> None:
    text = "".join(f"line {number}\n" for number in range(100_000)).encode()
    fast_lake.put("Raw/a.csv", text)
    assert io.TextIOWrapper(fast_lake.stream("Raw/a.csv")).readlines()[99_999] == "line 99999\n"
