"""The transports against a real server on loopback: what stubs cannot show."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from transports import MakeTransport

from ingest_core.api import HttpRequest, HttpResponse, Transport, TransportError

BODY = b'{"price": 7.10, "t": "\xc3\xa9"}'


class Behaviour(BaseHTTPRequestHandler):
    """Behaves as the path says and writes down what was asked."""

    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.append(self.connection)

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        getattr(self, self.path.strip("/").split("?")[0].split("/")[0])()

    def plain(self) -> None:
        self.answer(200, BODY, {"X-Mixed-Case": "kept"})

    def gzipped(self) -> None:
        self.answer(200, gzip.compress(BODY), {"Content-Encoding": "gzip"})

    def bomb(self) -> None:
        self.answer(200, gzip.compress(bytes(5_000_000)), {"Content-Encoding": "gzip"})

    def two_members(self) -> None:
        self.answer(200, gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]), {"Content-Encoding": "gzip"})

    def twice(self) -> None:
        self.answer(200, gzip.compress(zlib.compress(BODY)), {"Content-Encoding": "deflate, gzip"})

    def bare_deflate(self) -> None:
        self.answer(200, zlib.compress(BODY)[2:-4], {"Content-Encoding": "deflate"})

    def unknown_coding(self) -> None:
        self.answer(200, BODY, {"Content-Encoding": "rot13"})

    def gzip_cut(self) -> None:
        self.answer(200, gzip.compress(BODY)[:-9], {"Content-Encoding": "gzip"})

    def repeated(self) -> None:
        self.send_response(204)
        self.send_header("Link", "<a>")
        self.send_header("Link", "<b>")
        self.end_headers()

    def not_gzip(self) -> None:
        self.answer(200, BODY, {"Content-Encoding": "gzip"})

    def redirect(self) -> None:
        self.answer(302, b"", {"Location": "/plain"})

    def truncated(self) -> None:
        self.answer(200, BODY, {"Content-Length": str(len(BODY) + 10)})
        self.close_connection = True

    def cut_chunk(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"10\r\n" + BODY[:5])
        self.close_connection = True

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def silent(self) -> None:
        self.server.release.wait(10)
        self.close_connection = True

    def cookie(self) -> None:
        self.answer(200, BODY, {"Set-Cookie": "session=abc; Path=/"})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class Server(ThreadingHTTPServer):
    """Remembers what was asked; `release` ends the silent ones."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Behaviour)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections: list[socket.socket] = []
        self.release = threading.Event()

    def hang_up(self) -> None:
        """Ends every connection, so that no thread waits for a client that keeps its own."""
        self.release.set()
        self.shutdown()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.hang_up()
        thread.join()


@pytest.fixture
def transport(server: Server, make_transport: MakeTransport) -> Transport:
    return make_transport()


def sent(server: Server, transport: Transport, path: str, **headers: str) -> HttpResponse:
    request = HttpRequest(f"http://127.0.0.1:{server.server_port}{path}", headers)
    return transport.send(request, seconds=5, max_bytes=100_000)


def test_body_bytes_and_lower_case_headers_arrive(server: Server, transport: Transport) -> None:
    response = sent(server, transport, "/plain")
    assert (response.status, response.body) == (200, BODY)
    assert response.headers["x-mixed-case"] == "kept"


@pytest.mark.parametrize("path", ["/gzipped", "/two_members", "/twice", "/bare_deflate", "/unknown_coding"])
def test_a_body_is_decompressed_as_far_as_its_codings_are_known(
    server: Server, transport: Transport, path: str
) -> None:
    assert sent(server, transport, path).body == BODY


def test_headers_of_one_name_are_one(server: Server, transport: Transport) -> None:
    response = sent(server, transport, "/repeated")
    assert (response.status, response.body, response.headers["link"]) == (204, b"", "<a>, <b>")


def test_a_compressed_body_is_limited_by_what_it_becomes(server: Server, transport: Transport) -> None:
    with pytest.raises(TransportError, match="larger than 100,000 bytes") as raised:
        sent(server, transport, "/bomb")
    assert raised.value.permanent


@pytest.mark.parametrize("path", ["/truncated", "/cut_chunk", "/reset", "/not_gzip", "/gzip_cut"])
def test_what_is_not_complete_is_no_answer(server: Server, transport: Transport, path: str) -> None:
    with pytest.raises(TransportError) as raised:
        sent(server, transport, path + "?api_key=s3cr3t")
    assert not raised.value.permanent
    assert "s3cr3t" not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)


def test_a_redirect_is_handed_out_and_not_followed(server: Server, transport: Transport) -> None:
    response = sent(server, transport, "/redirect")
    assert (response.status, response.headers["location"]) == (302, "/plain")
    assert len(server.asked) == 1


def test_the_connection_is_kept_and_used_again_after_a_fault(server: Server, transport: Transport) -> None:
    with pytest.raises(TransportError):
        sent(server, transport, "/truncated")
    assert [sent(server, transport, "/plain").body for _ in range(3)] == [BODY] * 3


def test_a_server_that_says_nothing_is_left_in_time(server: Server, transport: Transport) -> None:
    request = HttpRequest(f"http://127.0.0.1:{server.server_port}/silent", {})
    with pytest.raises(TransportError, match="no answer in time"):
        transport.send(request, seconds=0.05, max_bytes=100)


def test_a_server_that_is_not_there_is_a_failed_connection(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(TransportError, match="the connection failed"):
        transport.send(HttpRequest(f"http://127.0.0.1:{port}/", {}), seconds=5, max_bytes=100)


def test_headers_leave_as_given(server: Server, transport: Transport) -> None:
    sent(server, transport, "/plain", Authorization="Bearer abc", Accept="application/json")
    assert server.asked[0][1]["Authorization"] == "Bearer abc"
    assert server.asked[0][1]["Accept"] == "application/json"


@pytest.mark.parametrize("value", ["Bearer ключ", "a\r\nX-Other: b", "a\nX-Other: b"])
def test_a_key_that_fits_no_header_is_a_named_error(server: Server, transport: Transport, value: str) -> None:
    with pytest.raises(TransportError) as raised:
        sent(server, transport, "/plain", Authorization=value)
    assert raised.value.permanent
    assert server.asked == []


def test_a_link_as_people_read_it_travels_encoded(server: Server, transport: Transport) -> None:
    assert sent(server, transport, "/plain/\u00e9%2F?q=\u00fc&r=a%20b").status == 200
    assert server.asked[0][0] == "/plain/%C3%A9%2F?q=%C3%BC&r=a%20b"


def test_a_header_may_be_empty(server: Server, transport: Transport) -> None:
    sent(server, transport, "/plain", Accept="", Latin="\u00fc")
    assert (server.asked[0][1]["Accept"], server.asked[0][1]["Latin"]) == ("", "\u00fc")


def test_connections_are_no_more_than_requests_at_a_time_and_are_used_again(
    server: Server, make_transport: MakeTransport
) -> None:
    transport = make_transport(4)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: sent(server, transport, "/plain"), range(100)))
    assert len(server.connections) <= 4


def test_no_time_left_is_a_named_error(server: Server, transport: Transport) -> None:
    with pytest.raises(TransportError):
        transport.send(HttpRequest(f"http://127.0.0.1:{server.server_port}/plain", {}), seconds=-1, max_bytes=100)


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request(server: Server, transport: Transport) -> None:
    sent(server, transport, "/cookie")
    sent(server, transport, "/plain")
    assert "Cookie" not in server.asked[1][1]
