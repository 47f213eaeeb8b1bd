"""The default transport: requests.Session with its urllib3 pools."""

from __future__ import annotations

import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.response import HTTPResponse as Raw
from urllib3.util import Timeout

from ingest_core.api.adapter import Adapter
from ingest_core.api.content import decoded
from ingest_core.api.network import Network, ends_at
from ingest_core.api.transport import (
    CONNECT_SECONDS,
    CUT_SHORT,
    NOT_AS_ENCODED,
    NOT_CONNECTED,
    NOT_IN_TIME,
    NOT_TRUSTED,
    READ_SECONDS,
    HttpRequest,
    HttpResponse,
    TransportError,
    body_too_large,
    headers_of,
    not_sendable,
)

CHUNK = 64 * 1024


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
                    headers = headers_of(raw.headers.items())
                    body = _read(raw, until, max_bytes)
                finally:
                    raw.close()
            return HttpResponse(raw.status, headers, decoded(body, headers.get("content-encoding", ""), max_bytes))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise TransportError(_in_own_words(error), permanent=isinstance(error, ValueError)) from None
        except ValueError:
            raise not_sendable() from None

    def close(self) -> None:
        """Ends the connections that are kept."""
        self._session.close()

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


def _read(raw: Raw, until: float, max_bytes: int) -> bytes:
    """The body as it is sent, piece by piece: waiting for full chunks would let a slow drip outlast any limit."""
    chunks: list[bytes] = []
    size = 0
    while time.monotonic() <= until:
        chunk = raw.read1(CHUNK, decode_content=False)
        if not chunk:
            return b"".join(chunks)
        size += len(chunk)
        if size > max_bytes:
            raise body_too_large(max_bytes)
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
    ((requests.exceptions.SSLError, urllib3.exceptions.SSLError), NOT_TRUSTED),
    ((urllib3.exceptions.NewConnectionError,), NOT_CONNECTED),
    ((requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError), NOT_IN_TIME),
    (
        (requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError),
        NOT_AS_ENCODED,
    ),
    (
        (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.IncompleteRead),
        CUT_SHORT,
    ),
    ((requests.ConnectionError, urllib3.exceptions.ProtocolError), NOT_CONNECTED),
    ((requests.RequestException, urllib3.exceptions.HTTPError), ""),  # its name will do
    ((OSError,), NOT_CONNECTED),
)
