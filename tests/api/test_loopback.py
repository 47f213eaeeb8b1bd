"""RequestsTransport against a real server on loopback: what stubs cannot show."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ingest_core.api import HttpRequest, HttpResponse, RequestsTransport, TransportError, new_session

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
def transport(server: Server) -> Iterator[RequestsTransport]:
    with new_session(2) as session:
        yield RequestsTransport(session)


def sent(server: Server, transport: RequestsTransport, path: str, **headers: str) -> HttpResponse:
    request = HttpRequest(f"http://127.0.0.1:{server.server_port}{path}", headers)
    return transport.send(request, seconds=5, max_bytes=100_000)


def test_body_bytes_and_lower_case_headers_arrive(server: Server, transport: RequestsTransport) -> None:
    response = sent(server, transport, "/plain")
    assert (response.status, response.body) == (200, BODY)
    assert response.headers["x-mixed-case"] == "kept"


def test_a_compressed_body_is_decompressed(server: Server, transport: RequestsTransport) -> None:
    assert sent(server, transport, "/gzipped").body == BODY


def test_a_compressed_body_is_limited_by_what_it_becomes(server: Server, transport: RequestsTransport) -> None:
    with pytest.raises(TransportError, match="larger than 100,000 bytes") as raised:
        sent(server, transport, "/bomb")
    assert raised.value.permanent


@pytest.mark.parametrize("path", ["/truncated", "/cut_chunk", "/reset", "/not_gzip"])
def test_what_is_not_complete_is_no_answer(server: Server, transport: RequestsTransport, path: str) -> None:
    with pytest.raises(TransportError) as raised:
        sent(server, transport, path + "?api_key=s3cr3t")
    assert not raised.value.permanent
    assert "s3cr3t" not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)


def test_a_redirect_is_handed_out_and_not_followed(server: Server, transport: RequestsTransport) -> None:
    response = sent(server, transport, "/redirect")
    assert (response.status, response.headers["location"]) == (302, "/plain")
    assert len(server.asked) == 1


def test_the_connection_is_kept_and_used_again_after_a_fault(server: Server, transport: RequestsTransport) -> None:
    with pytest.raises(TransportError):
        sent(server, transport, "/truncated")
    assert [sent(server, transport, "/plain").body for _ in range(3)] == [BODY] * 3


def test_a_server_that_says_nothing_is_left_in_time(server: Server, transport: RequestsTransport) -> None:
    request = HttpRequest(f"http://127.0.0.1:{server.server_port}/silent", {})
    with pytest.raises(TransportError, match="no answer in time"):
        transport.send(request, seconds=0.05, max_bytes=100)


def test_a_server_that_is_not_there_is_a_failed_connection(transport: RequestsTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(TransportError, match="the connection failed"):
        transport.send(HttpRequest(f"http://127.0.0.1:{port}/", {}), seconds=5, max_bytes=100)


def test_headers_leave_as_given(server: Server, transport: RequestsTransport) -> None:
    sent(server, transport, "/plain", Authorization="Bearer abc", Accept="application/json")
    assert server.asked[0][1]["Authorization"] == "Bearer abc"
    assert server.asked[0][1]["Accept"] == "application/json"


# -- what does not hold yet


def test_a_key_that_fits_no_header_is_a_named_error(server: Server, transport: RequestsTransport) -> None:
    with pytest.raises(TransportError):
        sent(server, transport, "/plain", Authorization="Bearer ключ")


def test_no_time_left_is_a_named_error(server: Server, transport: RequestsTransport) -> None:
    with pytest.raises(TransportError):
        transport.send(HttpRequest(f"http://127.0.0.1:{server.server_port}/plain", {}), seconds=-1, max_bytes=100)


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request(server: Server, transport: RequestsTransport) -> None:
    sent(server, transport, "/cookie")
    sent(server, transport, "/plain")
    assert "Cookie" not in server.asked[1][1]
