"""What carries by libcurl: what is sent, how often, what is kept, and files that are read as they come."""

from __future__ import annotations

import io
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pycurl
import pytest

sys.path.append(str(Path(__file__).resolve().parent))

from scripted_s3 import ScriptedS3, scripted

from ingest_core.lake import Lake
from ingest_core.lake.s3_carrier import NoAnswerError
from ingest_core.lake.s3_curl import MOST_BYTES, CurlCarrier
from ingest_core.lake.s3_pool import PoolCarrier
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
        assert asked.headers["user-agent"] == "ingest-core"


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


def test_a_body_is_not_kept_once_it_is_through(
    carrier: CurlCarrier, server: ScriptedS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier.send("PUT", "/things/1", HEADERS, b"1")
    handle, told = carrier._idle[-1], []

    class Spy:
        def __init__(self, curl: pycurl.Curl) -> None:
            self._curl = curl

        def __getattr__(self, name: str) -> Any:
            return getattr(self._curl, name)

        def setopt(self, option: int, value: Any) -> None:
            if option == pycurl.POSTFIELDS:
                told.append(value)
            self._curl.setopt(option, value)

    monkeypatch.setattr(handle, "_curl", Spy(handle._curl))
    assert carrier.send("PUT", "/things/2", HEADERS, b"22").status == 200
    assert told == [b"22", b""]
    assert carrier.send("GET", "/things/2", HEADERS, b"").status == 200
    assert handle._pieces == []


def test_large_bodies_and_files_go_by_one_pool_of_urllib3(
    carrier: CurlCarrier, server: ScriptedS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, begin = [], PoolCarrier.__init__

    def counted(self: PoolCarrier, *arguments: Any) -> None:
        made.append(self)
        time.sleep(0.05)
        begin(self, *arguments)

    monkeypatch.setattr(PoolCarrier, "__init__", counted)
    with ThreadPoolExecutor(8) as pool:
        for status, file in pool.map(lambda _: carrier.open("/things/none", HEADERS), range(8)):
            file.close()
            assert status == 404
    assert carrier.send("PUT", "/things/1", HEADERS, b"1" * (MOST_BYTES + 1)).status == 200
    assert len(made) == 1
    assert not carrier._idle


@pytest.mark.parametrize("drips", [False, True], ids=["silent", "dripping"])
def test_a_server_that_takes_its_time_is_left(drips: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest_core.lake.s3_curl.READ_SECONDS", 1)
    monkeypatch.setattr("ingest_core.lake.s3_curl.WHOLE_SECONDS", 2 if drips else 30)
    ended = threading.Event()

    def serve(listening: socket.socket) -> None:
        with listening.accept()[0] as client:
            client.recv(10_000)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" if drips else b"")
            while not ended.wait(0.1):
                with suppress(OSError):
                    client.sendall(b"1" if drips else b"")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        slow = CurlCarrier(Way(url, "/things/", "us-east-1", lambda: StaticKeys("a", "b", None)), 4)
        try:
            with pytest.raises(NoAnswerError, match="no answer in time"):
                slow.send("PUT", "/things/1", HEADERS, b"1")
        finally:
            ended.set()
            thread.join()
            slow.close()


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
