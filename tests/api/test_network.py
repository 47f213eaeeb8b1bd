"""TLS, proxies and drips against real sockets on loopback."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from transports import MakeTransport

from ingest_core.api import HttpRequest, Network, TransportError
from ingest_core.api.transport_requests import RequestsTransport, new_session

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
Serve = Callable[..., int]
Get = Callable[..., bytes]


def certificate(folder: Path, host: str) -> Path:
    """A self-signed certificate and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    alternatives: list[x509.GeneralName] = [x509.DNSName(host)]
    with contextlib.suppress(ValueError):
        alternatives = [x509.IPAddress(ipaddress.ip_address(host))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves each connection by `answer(connection, stop)`, over TLS where a certificate is given; returns the port."""
    stop = threading.Event()
    threads: list[threading.Thread] = []
    servers: list[socket.socket] = []

    def start(answer: Callable[[socket.socket, threading.Event], None], tls: Path | None = None) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        context = None
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)

        def loop() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), connection:
                    if context is None:
                        answer(connection, stop)
                    else:
                        with context.wrap_socket(connection, server_side=True) as secure:
                            answer(secure, stop)

        threads.append(threading.Thread(target=loop))
        threads[-1].start()
        return int(server.getsockname()[1])

    yield start
    stop.set()
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
    for thread in threads:
        thread.join()


def plain(connection: socket.socket, stop: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(OK)


@pytest.fixture
def get(serve: Serve, make_transport: MakeTransport) -> Get:
    """The body that the transport under test gets from a URL."""

    def sent(url: str, network: Network | None = None, *, seconds: float = 5) -> bytes:
        return make_transport(1, network).send(HttpRequest(url, {}), seconds=seconds, max_bytes=10_000).body

    return sent


def test_a_certificate_that_nobody_vouches_for_is_refused(get: Get, serve: Serve, tmp_path: Path) -> None:
    port = serve(plain, certificate(tmp_path, "127.0.0.1"))
    with pytest.raises(TransportError, match="certificate is not trusted"):
        get(f"https://127.0.0.1:{port}/")


def test_a_bundle_of_one_s_own_is_trusted(get: Get, serve: Serve, tmp_path: Path) -> None:
    made = certificate(tmp_path, "127.0.0.1")
    assert get(f"https://127.0.0.1:{serve(plain, made)}/", Network(ca_bundle=str(made))) == b"{}"


def test_a_trusted_certificate_of_another_host_is_refused(get: Get, serve: Serve, tmp_path: Path) -> None:
    made = certificate(tmp_path, "other.example.org")
    with pytest.raises(TransportError, match="certificate is not trusted"):
        get(f"https://127.0.0.1:{serve(plain, made)}/", Network(ca_bundle=str(made)))


def test_a_session_that_does_not_verify_verifies_all_the_same(serve: Serve, tmp_path: Path) -> None:
    port = serve(plain, certificate(tmp_path, "127.0.0.1"))
    session = new_session(1)
    session.verify = False
    with pytest.raises(TransportError, match="certificate is not trusted"):
        RequestsTransport(session).send(HttpRequest(f"https://127.0.0.1:{port}/", {}), seconds=5, max_bytes=10)


def test_the_environment_says_nothing_about_certificates(
    get: Get, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate(tmp_path, "127.0.0.1")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(made))
    with pytest.raises(TransportError, match="certificate is not trusted"):
        get(f"https://127.0.0.1:{serve(plain, made)}/")


@pytest.fixture
def proxy(serve: Serve) -> tuple[int, list[bytes]]:
    """A proxy that writes down what it is asked and connects to nothing."""
    asked: list[bytes] = []

    def refuse(connection: socket.socket, stop: threading.Event) -> None:
        asked.append(connection.recv(65536).split(b" HTTP")[0])
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    return serve(refuse), asked


def test_a_proxy_of_the_environment_counts_only_where_the_config_says_so(
    get: Get, proxy: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, asked = proxy
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://user:s3cr3t@127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "away.example.org")
    monkeypatch.setenv("no_proxy", "away.example.org")
    monkeypatch.setattr("socket.getaddrinfo", _only_numbers)
    for network, host, expected in [
        (None, "api.example.org", []),
        (Network(proxy="environment"), "away.example.org", []),
        (Network(proxy="environment"), "api.example.org", [b"CONNECT api.example.org:443"]),
    ]:
        asked.clear()
        with pytest.raises(TransportError) as raised:
            get(f"https://{host}/x", network)
        assert asked == expected
        assert "s3cr3t" not in str(raised.value)


def test_a_proxy_that_the_config_names_is_used_for_all_hosts_but_loopback(
    get: Get, serve: Serve, proxy: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, asked = proxy
    network = Network(proxy=f"http://127.0.0.1:{port}")
    assert get(f"http://127.0.0.1:{serve(plain)}/", network) == b"{}"
    assert asked == []
    with pytest.raises(TransportError):
        get("https://api.example.org/x", network)
    assert asked == [b"CONNECT api.example.org:443"]


def test_a_proxy_gets_the_name_and_the_word_that_its_url_holds(get: Get, serve: Serve) -> None:
    asked: list[bytes] = []

    def refuse(connection: socket.socket, stop: threading.Event) -> None:
        asked.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with pytest.raises(TransportError) as raised:
        get("https://api.example.org/x?key=s3cr3t", Network(proxy=f"http://user:pa%24s@127.0.0.1:{serve(refuse)}"))
    assert b"Proxy-Authorization: Basic dXNlcjpwYSRz" in asked[0]
    assert b"s3cr3t" not in asked[0]
    assert "user" not in str(raised.value)


def _only_numbers(host: str | bytes, *more: object, **others: object) -> list[object]:
    try:
        ipaddress.ip_address(str(host, "ascii") if isinstance(host, bytes) else host)
    except ValueError:
        raise socket.gaierror(-2, "Name or service not known") from None
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, more[0]))]


def drip(begin: bytes, piece: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(begin)
        while not stop.wait(0.02):
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"HTTP/1.1 200 ", b"O"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
    ],
    ids=["status line", "header", "continue for ever", "body"],
)
def test_whatever_drips_ends_with_the_time_of_its_request(get: Get, serve: Serve, begin: bytes, piece: bytes) -> None:
    with pytest.raises(TransportError, match=r"no answer in time|too slowly"):
        get(f"http://127.0.0.1:{serve(drip(begin, piece))}/", seconds=0.4)


@pytest.mark.parametrize(
    "headers",
    [b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(90)), b"X: " + b"a" * 65_520 + b"\r\nY: 123456\r\n"],
    ids=["many", "long"],
)
def test_headers_past_their_cap_are_no_answer_and_are_not_asked_for_again(
    get: Get, serve: Serve, headers: bytes
) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + headers + b"\r\n{}")

    with pytest.raises(TransportError, match="headers are larger than 65,536 bytes") as raised:
        get(f"http://127.0.0.1:{serve(answer)}/")
    assert raised.value.permanent


@pytest.mark.parametrize(
    "sent", [b"HTTP/1.1 200 OK\r\nCon", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nX: 1\r\n", b"HTTP"]
)
def test_headers_that_break_off_are_no_answer_with_an_empty_body(get: Get, serve: Serve, sent: bytes) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(sent)

    with pytest.raises(TransportError, match="the connection failed or was reset") as raised:
        get(f"http://127.0.0.1:{serve(answer)}/")
    assert not raised.value.permanent


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\nX: 1\n\n"])
def test_an_empty_body_that_ends_with_its_connection_is_an_answer(get: Get, serve: Serve, sent: bytes) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(sent)

    assert get(f"http://127.0.0.1:{serve(answer)}/") == b""


def test_what_goes_before_an_answer_is_no_part_of_it(get: Get, serve: Serve) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n" + OK)

    assert get(f"http://127.0.0.1:{serve(answer)}/") == b"{}"


def test_a_hundred_continues_do_not_fill_the_memory(get: Get, serve: Serve) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        interim = b"HTTP/1.1 100 Continue\r\nX: " + b"a" * 30_000 + b"\r\n\r\n"
        while not stop.is_set():
            connection.sendall(interim)

    with pytest.raises(TransportError):
        get(f"http://127.0.0.1:{serve(answer)}/", seconds=1)


def test_a_connection_that_the_server_gave_up_meanwhile_is_replaced(
    make_transport: MakeTransport, serve: Serve
) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(OK.replace(b"Connection: close\r\n", b""))

    transport = make_transport(1)
    request = HttpRequest(f"http://127.0.0.1:{serve(answer)}/", {})
    for _ in range(4):
        assert transport.send(request, seconds=5, max_bytes=10).body == b"{}"
        time.sleep(0.2)  # until it was told: what is given up during a request is for whoever paces to ask again
