"""One HTTP exchange: the port, and requests.Session with its urllib3 pools behind it.

A transport sends one GET and reads one body. It follows no redirect, retries nothing, knows no secret but those it is
given with the request, and its errors are words of our own: the texts of HTTP libraries quote URLs and headers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.response import HTTPResponse as Raw
from urllib3.util import Timeout

from ingest_core.api.network import Adapter, Network, ends_at

CHUNK = 64 * 1024
MOST_HEADER_BYTES = 64 * 1024  # http.client itself takes no more than 100 headers of 64 KiB
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A GET as it leaves, signature included. Never logged, never shown."""

    url: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return "HttpRequest(…)"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """Status, headers by lower-case name, and the body after HTTP decompression."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class TransportError(Exception):
    """No complete answer came. The text is safe to show; `permanent` says that a retry cannot help."""

    def __init__(self, what: str, *, permanent: bool = False) -> None:
        super().__init__(what)
        self.permanent = permanent


class Transport(Protocol):
    """Something that sends one GET."""

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        """The answer, whatever its status. Raises TransportError after `seconds`, or past `max_bytes` of body."""
        ...


def new_session(connections: int, network: Network | None = None) -> requests.Session:
    """A session that keeps `connections` open to a host and takes nothing from the environment.

    Proxies, netrc and certificate files are explicit choices of the person who runs this, not of the shell: `network`.
    """
    network = network or Network()
    session = requests.Session()
    session.trust_env = False
    session.verify = network.ca_bundle or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # an answer depends on its request alone
    adapter = Adapter(network, connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class RequestsTransport:
    """The default transport: a requests.Session, shared by the threads of the API pool.

    The session says how connections are made. Requests go to the pools of its adapter directly, which costs a third of
    what the session does for cookies, hooks and redirects that are not wanted here; an adapter that somebody has
    replaced, as mocks do, is asked itself.
    """

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self._pools: dict[str, HTTPConnectionPool] = {}

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        if seconds <= 0:
            raise TransportError("no time is left")
        until = time.monotonic() + seconds
        try:
            with ends_at(until):
                raw = self._open(request, Timeout(min(CONNECT_SECONDS, seconds), min(READ_SECONDS, seconds)))
                try:
                    headers = _headers(raw.headers)
                    return HttpResponse(raw.status, headers, _read(raw, until, max_bytes))
                finally:
                    raw.close()
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise TransportError(_in_own_words(error), permanent=isinstance(error, ValueError)) from None
        except ValueError:  # a key or a URL with characters that HTTP does not carry; its text would quote them
            raise TransportError("the request has characters that HTTP does not carry", permanent=True) from None

    def _open(self, request: HttpRequest, timeout: Timeout) -> Raw:
        """The answer as far as its headers."""
        adapter = self._session.get_adapter(request.url)
        if not _is_as_requests_made_it(adapter):
            prepared, verify = _prepared(request), self._session.verify or True
            return cast(Raw, adapter.send(prepared, stream=True, timeout=cast(Any, timeout), verify=verify).raw)
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = self._pool(cast(HTTPAdapter, adapter), request)
        return cast(
            Raw,
            pool.urlopen(
                "GET",
                request.url[len(origin) :] or "/",
                headers=request.headers,
                timeout=timeout,
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
            ),
        )

    def _pool(self, adapter: HTTPAdapter, request: HttpRequest) -> HTTPConnectionPool:
        """The adapter's pool for the host of `request`, as it would set it up itself."""
        prepared, verify = _prepared(request), self._session.verify or True
        pool = cast(HTTPConnectionPool, adapter.get_connection_with_tls_context(prepared, verify))
        adapter.cert_verify(pool, prepared.url, verify, self._session.cert)  # type: ignore[no-untyped-call]
        return pool


def _is_as_requests_made_it(adapter: object) -> bool:
    """False for a mock: `responses` replaces the adapter's `send`, others the adapter."""
    return (
        isinstance(adapter, HTTPAdapter)
        and type(adapter) in {HTTPAdapter, Adapter}
        and adapter.send.__module__ == HTTPAdapter.__module__
    )


def _prepared(request: HttpRequest) -> requests.PreparedRequest:
    prepared = requests.PreparedRequest()
    prepared.prepare(method="GET", url=request.url, headers=dict(request.headers))
    return prepared


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    """By lower-case name. An answer whose headers pass their cap is none, and asking again would not help."""
    headers = {name.lower(): value for name, value in given.items()}
    if sum(len(name) + len(value) for name, value in headers.items()) > MOST_HEADER_BYTES:
        raise TransportError(f"the headers are larger than {MOST_HEADER_BYTES:,} bytes", permanent=True)
    return headers


def _read(raw: Raw, until: float, max_bytes: int) -> bytes:
    """The body, piece by piece as it comes: waiting for full chunks would let a slow drip outlast any limit."""
    chunks: list[bytes] = []
    size = 0
    while time.monotonic() <= until:
        chunk = raw.read1(CHUNK, decode_content=True)
        if not chunk:
            return b"".join(chunks)
        size += len(chunk)
        if size > max_bytes:
            raise TransportError(f"the body is larger than {max_bytes:,} bytes", permanent=True)
        chunks.append(chunk)
    raise TransportError("the body came too slowly")


def _in_own_words(error: Exception) -> str:
    """What happened, without the library's own text, which may quote the URL and with it a key."""
    for kinds, words in _WORDS:
        if isinstance(error, kinds):
            return words or f"the request failed ({type(error).__name__})"
    raise AssertionError("the last one fits whatever is caught")


# The first that fits. urllib3's errors come from the pools, requests' from an adapter that somebody has replaced.
_WORDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((requests.exceptions.SSLError, urllib3.exceptions.SSLError), "the server's TLS certificate is not trusted"),
    ((urllib3.exceptions.NewConnectionError,), "the connection failed or was reset"),
    ((requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError), "no answer in time"),
    (
        (requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError),
        "the body is not what its Content-Encoding says",
    ),
    (
        (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.IncompleteRead),
        "the body was cut short",
    ),
    ((requests.ConnectionError, urllib3.exceptions.ProtocolError), "the connection failed or was reset"),
    ((requests.RequestException, urllib3.exceptions.HTTPError), ""),  # its name will do
    ((OSError,), "the connection failed or was reset"),
)
