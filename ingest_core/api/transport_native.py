"""The transport of the fast engine: libcurl, by pycurl. A quarter of the CPU of requests' pools, and the same promises.

libcurl parses, waits and keeps connections without Python's lock. It is given sockets that are connected already, so
that where requests go is decided where it is for the other transport, and its resolver is never asked.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from select import POLLIN, poll
from socket import IPPROTO_TCP, TCP_NODELAY, socket
from urllib.parse import quote, urlsplit, urlunsplit

import certifi
import pycurl

from ingest_core.api.addresses import Resolve, resolve
from ingest_core.api.content import decoded
from ingest_core.api.network import Network, connect, ends_at
from ingest_core.api.transport import (
    CONNECT_SECONDS,
    CUT_SHORT,
    MOST_HEADER_BYTES,
    NOT_CONNECTED,
    NOT_IN_TIME,
    NOT_TRUSTED,
    READ_SECONDS,
    HttpRequest,
    HttpResponse,
    TransportError,
    body_too_large,
    headers_of,
    headers_too_large,
    not_sendable,
)
from ingest_core.curl import header_line, headers_in
from ingest_core.trust import Trust

HOSTS_OF_A_HANDLE = 4
BUFFER_BYTES = 256 * 1024
# What libcurl is told a name resolves to, so that it looks none up (RFC 5737: nothing is at this address).
_NOWHERE = "192.0.2.1"
_PORTS = {"https": 443, "http": 80}
_PRINTABLE = "".join(map(chr, range(33, 127)))
_TOO_LARGE = 100  # CURLE_TOO_LARGE: a header that libcurl itself finds too long; pycurl has no name for it
_NO_SOCKET: int = pycurl.SOCKET_BAD
_CONNECTED: int = pycurl.SOCKOPT_ALREADY_CONNECTED
_GO_ON: int = pycurl.PREREQFUNC_OK
_STOP: int = pycurl.PREREQFUNC_ABORT
_WORDS = {
    pycurl.E_OPERATION_TIMEDOUT: NOT_IN_TIME,
    pycurl.E_PARTIAL_FILE: CUT_SHORT,
    pycurl.E_PEER_FAILED_VERIFICATION: NOT_TRUSTED,
    pycurl.E_SSL_CACERT_BADFILE: NOT_TRUSTED,
}


class NativeTransport:
    """Sends by as many handles of libcurl as there are threads at a time, each with connections of its own.

    `connections` is how many handles are kept for later.
    """

    def __init__(self, connections: int, network: Network | None = None, resolve: Resolve = resolve) -> None:
        self._network = network or Network()
        self._trust = Trust(self._network.ca_bundle or certifi.where())
        self._resolve = resolve
        # The last one used is the next one taken: few connections, and warm ones.
        self._idle: deque[_Handle] = deque(maxlen=connections)

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        if seconds <= 0:
            raise TransportError("no time is left")
        try:
            handle = self._idle.pop()
        except IndexError:
            handle = _Handle(self._network, self._trust, self._resolve)
        try:
            return handle.send(request, seconds, max_bytes)
        finally:
            self._idle.append(handle)

    def close(self) -> None:
        """Ends the connections that are kept. What is under way comes to its end."""
        while self._idle:
            self._idle.pop().close()


class _Handle:
    """One request at a time, and up to HOSTS_OF_A_HANDLE open connections, which libcurl looks after."""

    def __init__(self, network: Network, trust: Trust, resolve: Resolve) -> None:
        self._network = network
        self._trust = trust
        self._trusts_few = False
        self._is_secure = False
        self._resolve = resolve
        self._origin = ""
        self._host = ""
        self._port = 0
        self._made: socket | None = None
        self._failed: Exception | None = None
        self._has_asked = False
        self._sent: dict[str, str] | None = None
        self._until = 0.0
        self._lines: list[bytes] = []
        self._pieces: list[bytes] = []
        self._size = 0
        self._most = 0
        self._curl = pycurl.Curl()
        self._set_up(self._curl)

    def _set_up(self, curl: pycurl.Curl) -> None:
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.FOLLOWLOCATION, 0)
        curl.setopt(pycurl.PATH_AS_IS, 1)
        curl.setopt(pycurl.MAXCONNECTS, HOSTS_OF_A_HANDLE)
        curl.setopt(pycurl.BUFFERSIZE, BUFFER_BYTES)
        curl.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        curl.unsetopt(pycurl.CAPATH)  # libcurl has folders of its own, which its builder chose
        curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)
        curl.setopt(pycurl.LOW_SPEED_TIME, int(READ_SECONDS))
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, round(CONNECT_SECONDS * 1000))
        curl.setopt(pycurl.PREREQFUNCTION, self._ask_once)
        # libcurl itself takes no more than 300 KB, with all that goes before an answer.
        curl.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        curl.setopt(pycurl.WRITEFUNCTION, self._take_piece)

    def close(self) -> None:
        self._curl.close()

    def send(self, request: HttpRequest, seconds: float, max_bytes: int) -> HttpResponse:
        self._lines.clear()
        self._pieces, self._size, self._most = [], 0, max_bytes
        self._made = self._failed = None
        self._has_asked = False
        self._until = time.monotonic() + seconds
        try:
            self._address(request.url)
            self._sign(request.headers)
        except ValueError:
            raise not_sendable() from None
        self._curl.setopt(pycurl.TIMEOUT_MS, math.ceil(seconds * 1000))
        self._curl.setopt(pycurl.FRESH_CONNECT, self._was_given_up())
        try:
            self._curl.perform()
        except pycurl.error as error:
            if not self._trusts_few or not self._trust.widen(self._host, error.args[0]):
                raise self._in_own_words(error.args[0]) from None
        else:
            if self._is_secure:
                self._trust.learn(self._curl, self._host)
            return self._answer()
        finally:
            self._let_go()
        left = self._until - time.monotonic()
        if left <= 0:
            raise TransportError(NOT_IN_TIME)
        self._origin = ""
        return self.send(request, left, max_bytes)

    def _address(self, url: str) -> None:
        """Tells libcurl where to, and by what way. Raises ValueError where it cannot be told."""
        url = _ascii(url)
        self._curl.setopt(pycurl.URL, url)
        if self._origin and url.startswith(self._origin):
            return
        self._origin = ""  # none, until libcurl has been told all of it
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        proxy = self._network.proxies(self._host).get(parts.scheme, "")
        self._curl.setopt(pycurl.PROXY, proxy)  # an empty one is none, whatever the environment says
        if proxy:
            self._curl.unsetopt(pycurl.OPENSOCKETFUNCTION)
            self._curl.unsetopt(pycurl.SOCKOPTFUNCTION)
        else:
            self._curl.setopt(pycurl.OPENSOCKETFUNCTION, self._connect)
            self._curl.setopt(pycurl.SOCKOPTFUNCTION, self._is_connected)
            self._curl.setopt(pycurl.RESOLVE, [] if ":" in self._host else [f"{self._host}:{self._port}:{_NOWHERE}"])
        self._trusts_few = self._trust.give(self._curl, self._host)
        self._is_secure = parts.scheme == "https"
        self._origin = f"{parts.scheme}://{parts.netloc}/"

    def _sign(self, headers: Mapping[str, str]) -> None:
        """Tells libcurl the headers. Raises ValueError where it cannot be told."""
        if headers != self._sent:
            self._sent = None
            self._curl.setopt(pycurl.HTTPHEADER, [header_line(name, value) for name, value in headers.items()])
            self._sent = dict(headers)

    def _connect(self, purpose: int, address: object) -> socket | int:
        """A connected socket for libcurl, which duplicates it; _NO_SOCKET where there is none."""
        if self._failed is not None:
            return _NO_SOCKET
        try:
            with ends_at(self._until):
                made = connect(
                    self._host,
                    self._port,
                    CONNECT_SECONDS,
                    private=self._network.private,
                    resolve=self._resolve,
                    options=[(IPPROTO_TCP, TCP_NODELAY, 1)],
                )
        except Exception as error:  # noqa: BLE001 -- raised where libcurl comes back
            self._failed = error
            return _NO_SOCKET
        made.setblocking(False)
        self._made = made
        return made

    def _is_connected(self, _: int, purpose: int) -> int:
        self._let_go()
        return _CONNECTED

    def _was_given_up(self) -> bool:
        """Whether the server has ended the connection that would be taken: libcurl looks once a second only."""
        kept: int = self._curl.getinfo(pycurl.ACTIVESOCKET)
        if kept < 0:
            return False
        looking = poll()
        looking.register(kept, POLLIN)
        return bool(looking.poll(0))

    def _ask_once(self, *_: object) -> int:
        """libcurl asks again by itself where a kept connection breaks: a request that nobody has paced or counted."""
        if self._has_asked:
            return _STOP
        self._has_asked = True
        return _GO_ON

    def _let_go(self) -> None:
        if self._made is not None:
            self._made.close()
            self._made = None

    def _take_piece(self, piece: bytes) -> int | None:
        self._size += len(piece)
        if self._size > self._most:
            return 0  # which is what ends a transfer
        self._pieces.append(piece)
        return None

    def _answer(self) -> HttpResponse:
        told = headers_in(self._lines)
        if told is None:
            raise TransportError(NOT_CONNECTED)
        headers = headers_of(told)
        body = decoded(b"".join(self._pieces), headers.get("content-encoding", ""), self._most)
        return HttpResponse(self._curl.getinfo(pycurl.RESPONSE_CODE), headers, body)

    def _in_own_words(self, code: int) -> Exception:
        if self._failed is not None:
            return TransportError(NOT_CONNECTED) if isinstance(self._failed, OSError) else self._failed
        if code == _TOO_LARGE or sum(map(len, self._lines)) > 2 * MOST_HEADER_BYTES:
            return headers_too_large()
        if code == pycurl.E_WRITE_ERROR:
            return body_too_large(self._most)
        return TransportError(_WORDS.get(code, NOT_CONNECTED))


def _ascii(url: str) -> str:
    """`url` as it travels; links that an API gives may be written as people read them (RFC 3987, 3.1)."""
    if url.isascii():
        return url
    parts = urlsplit(url)
    host = parts.netloc.encode("idna").decode()
    return quote(urlunsplit(parts._replace(netloc=host)), safe=_PRINTABLE)
