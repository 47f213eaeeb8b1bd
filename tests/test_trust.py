"""Of a file of certificates, the few that a host takes: it is reached by those, else by the file."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import certifi
import pycurl
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ingest_core.api.network import Network
from ingest_core.api.transport import HttpRequest, TransportError
from ingest_core.api.transport_native import NativeTransport
from ingest_core.lake.s3_carrier import NoAnswerError
from ingest_core.lake.s3_curl import CurlCarrier
from ingest_core.lake.s3_way import StaticKeys, Way
from ingest_core.trust import Trust, _certificates

HOST = "127.0.0.1"
Authority = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def signed(name: str, by: Authority | None = None, *, is_authority: bool = False) -> Authority:
    """A certificate for HOST, signed by another's or, as an authority's, by its own key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing = (subject, key) if by is None else (by[0].subject, by[1])
    made = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None or is_authority, path_length=None), critical=True)
    )
    if by is not None:
        made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
    return made.sign(signing, hashes.SHA256()), key


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


class Server(ThreadingHTTPServer):
    """Answers any request; the certificate that it shows may be changed."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self._folder = folder
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing."""

        super().__init__((HOST, 0), Handler)
        self.socket = self._context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.server_address[1]}/"

    def show(self, shown: Authority, *chain: x509.Certificate) -> None:
        file = self._folder / "shown.pem"
        key = shown[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(key + pem(shown[0], *chain))
        self._context.load_cert_chain(file)

    def handle_error(self, request: object, client_address: object) -> None:
        """A handshake that a client gave up is what is tested here."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with ExitStack() as stack:
        running = stack.enter_context(Server(tmp_path))
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(running.shutdown)
        yield running


@pytest.fixture
def authorities(tmp_path: Path) -> tuple[Path, Authority, Authority]:
    """A file with everybody's certificates and those of two authorities more, and these."""
    one, other = signed("one"), signed("other")
    file = tmp_path / "all.pem"
    file.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + pem(one[0], other[0]))
    return file, one, other


def ask(trust: Trust, url: str) -> tuple[bool, bool]:
    """Whether a new handle was given less than the file, and whether it got an answer by that."""
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.WRITEFUNCTION, lambda piece: None)
    is_less = trust.give(curl, HOST)
    try:
        curl.perform()
        trust.learn(curl, HOST)
    except pycurl.error as error:
        if error.args[0] != pycurl.E_PEER_FAILED_VERIFICATION:
            raise
        return is_less, False
    finally:
        curl.close()
    return is_less, True


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # one of certifi's, old and still in use
def test_the_names_in_everybody_s_certificates_are_read_as_a_library_reads_them() -> None:
    text = Path(certifi.where()).read_bytes()
    told = {(issuer, subject) for _, issuer, subject in _certificates(text)}
    read = x509.load_pem_x509_certificates(text)
    assert told == {(one.issuer.public_bytes(), one.subject.public_bytes()) for one in read}
    assert len(list(_certificates(text))) == len(read) > 50


def test_the_second_handle_trusts_the_authority_of_the_host_and_no_other(
    server: Server, authorities: tuple[Path, Authority, Authority]
) -> None:
    file, one, other = authorities
    trust = Trust(str(file))
    server.show(signed("server", by=one))
    assert [ask(trust, server.url) for _ in range(3)] == [(False, True), (True, True), (True, True)]
    assert [subject for _, _, subject in _certificates(trust._needed[HOST])] == [one[0].subject.public_bytes()]
    server.show(signed("server", by=other))
    assert ask(trust, server.url) == (True, False)
    assert not trust.widen(HOST, pycurl.E_COULDNT_CONNECT)
    assert ask(trust, server.url) == (True, False)
    assert trust.widen(HOST, pycurl.E_PEER_FAILED_VERIFICATION)
    assert [ask(trust, server.url) for _ in range(2)] == [(False, True), (False, True)]
    server.show(signed("server", by=signed("a stranger")))
    assert ask(trust, server.url) == (False, False)


def test_a_certificate_that_stands_in_the_file_itself_is_trusted_by_it(server: Server, tmp_path: Path) -> None:
    shown, file = signed("server", by=signed("nobody")), tmp_path / "own.pem"
    file.write_bytes(pem(shown[0]))
    server.show(shown)
    trust = Trust(str(file))
    assert [ask(trust, server.url) for _ in range(2)] == [(False, True), (True, True)]


def test_a_chain_is_trusted_by_its_root_or_by_whatever_of_it_stands_in_the_file(server: Server, tmp_path: Path) -> None:
    root = signed("root")
    between = signed("between", by=root, is_authority=True)
    shown, file = signed("server", by=between), tmp_path / "some.pem"
    server.show(shown, between[0])
    for trusted in (root, between):
        file.write_bytes(Path(certifi.where()).read_bytes() + pem(trusted[0]))
        trust = Trust(str(file))
        assert [ask(trust, server.url) for _ in range(2)] == [(False, True), (True, True)]
        assert len(_certificates(trust._needed[HOST])) == 1


@pytest.mark.parametrize("out", ["# ", "  "])
def test_what_was_taken_out_of_a_file_is_not_put_back(
    out: str, server: Server, authorities: tuple[Path, Authority, Authority]
) -> None:
    file, one, _ = authorities
    old = signed("one")  # of the same name, by another key
    file.write_bytes(file.read_bytes() + out.encode() + pem(old[0]))
    trust = Trust(str(file))
    server.show(signed("server", by=one))
    assert [ask(trust, server.url) for _ in range(2)] == [(False, True), (False, True)]
    server.show(signed("server", by=old))
    assert ask(trust, server.url) == (False, False)


@pytest.mark.parametrize("kind", ["TRUSTED CERTIFICATE", "X509 CRL"])
def test_a_file_with_anything_else_in_it_is_given_whole(
    kind: str, server: Server, authorities: tuple[Path, Authority, Authority]
) -> None:
    file, one, other = authorities
    text = pem(one[0], other[0]) + pem(other[0]).replace(b"CERTIFICATE", kind.encode())
    with pytest.raises(ValueError):  # noqa: PT011 -- the kind is the contract
        _certificates(text)
    file.write_bytes(text)
    trust = Trust(str(file))
    trust._needed[HOST] = trust._of(pem(one[0]))
    server.show(signed("server", by=one))
    assert not trust.give(pycurl.Curl(), HOST)


def test_certificates_that_libcurl_cannot_read_are_given_up_for_the_file(
    server: Server, authorities: tuple[Path, Authority, Authority]
) -> None:
    file, one, _ = authorities
    server.show(signed("server", by=one))
    transport = NativeTransport(4, Network(private=True, ca_bundle=str(file)))
    carrier = CurlCarrier(Way(server.url[:-1], "/", "r", lambda: StaticKeys("a", "b", None), str(file)), 4)
    for trust in (transport._trust, carrier._trust):
        trust._needed[HOST] = b"-----BEGIN CERTIFICATE-----\n# nothing\n-----END CERTIFICATE-----\n"
    transport.send(HttpRequest(server.url, {}), seconds=5, max_bytes=100)
    carrier.send("GET", "/", {}, b"")
    assert len(server.asked) == 2
    assert transport._trust._needed == carrier._trust._needed == {HOST: b""}
    transport.close()
    carrier.close()


def test_an_exchange_without_certificates_teaches_nothing(authorities: tuple[Path, Authority, Authority]) -> None:
    trust = Trust(str(authorities[0]))
    trust.learn(pycurl.Curl(), HOST)
    assert trust._needed == {}


def test_a_host_that_changes_its_authority_is_asked_once_all_the_same(
    server: Server, authorities: tuple[Path, Authority, Authority]
) -> None:
    file, one, other = authorities
    server.show(signed("server", by=one))
    transport = NativeTransport(4, Network(private=True, ca_bundle=str(file)))
    carrier = CurlCarrier(Way(server.url[:-1], "/", "r", lambda: StaticKeys("a", "b", None), str(file)), 4)

    def both(name: str) -> None:
        """By new handles, of which nothing is kept."""
        transport.send(HttpRequest(server.url + name, {}), seconds=5, max_bytes=100)
        carrier.send("GET", f"/{name}", {}, b"")
        transport.close()
        carrier.close()

    both("1")
    both("2")
    server.show(signed("server", by=other))
    both("3")
    assert server.asked == ["/1", "/1", "/2", "/2", "/3", "/3"]
    server.show(signed("server", by=signed("a stranger")))
    with pytest.raises(TransportError, match="not trusted"):
        transport.send(HttpRequest(server.url, {}), seconds=5, max_bytes=100)
    with pytest.raises(NoAnswerError, match="not trusted"):
        carrier.send("GET", "/", {}, b"")
    assert len(server.asked) == 6
