"""One HTTP exchange: the port, and requests.Session behind it.

A transport sends one GET and reads one body. It follows no redirect, retries nothing, knows no secret but those it is
given with the request, and its errors are words of our own: the texts of HTTP libraries quote URLs and headers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Protocol

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

CHUNK = 64 * 1024
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
    headers: Mapping[str, str]
    body: bytes


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


def new_session(connections: int) -> requests.Session:
    """A session that keeps `connections` open to a host and takes nothing from the environment.

    Proxies, netrc and certificate files are explicit choices of the person who runs this, not of the shell.
    """
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # an answer depends on its request alone
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=connections, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class RequestsTransport:
    """The default transport: a requests.Session, shared by the threads of the API pool."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        if seconds <= 0:
            raise TransportError("no time is left")
        until = time.monotonic() + seconds
        try:
            # The session's adapter, not the session: no cookies, hooks, redirects or environment are wanted, and
            # looking them up for each request costs a quarter of its CPU.
            prepared = requests.PreparedRequest()
            prepared.prepare(method="GET", url=request.url, headers=dict(request.headers))
            with self._session.get_adapter(request.url).send(
                prepared,
                stream=True,
                timeout=(min(CONNECT_SECONDS, seconds), min(READ_SECONDS, seconds)),
                verify=self._session.verify or True,
            ) as response:
                body = _read(response, until, max_bytes)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return HttpResponse(response.status_code, headers, body)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise TransportError(_in_own_words(error), permanent=isinstance(error, ValueError)) from None
        except ValueError:  # a key or a URL with characters that HTTP does not carry; its text would quote them
            raise TransportError("the request has characters that HTTP does not carry", permanent=True) from None


def _read(response: requests.Response, until: float, max_bytes: int) -> bytes:
    """The body, piece by piece as it comes: waiting for full chunks would let a slow drip outlast any limit."""
    chunks: list[bytes] = []
    size = 0
    while time.monotonic() <= until:
        chunk = response.raw.read1(CHUNK, decode_content=True)
        if not chunk:
            return b"".join(chunks)
        size += len(chunk)
        if size > max_bytes:
            raise TransportError(f"the body is larger than {max_bytes:,} bytes", permanent=True)
        chunks.append(chunk)
    raise TransportError("the body came too slowly")


def _in_own_words(error: Exception) -> str:
    """What happened, without the library's own text, which may quote the URL and with it a key."""
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's TLS certificate is not trusted"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ContentDecodingError | urllib3.exceptions.DecodeError):
        return "the body is not what its Content-Encoding says"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | urllib3.exceptions.IncompleteRead):
        return "the body was cut short"
    reset = (requests.ConnectionError, urllib3.exceptions.ProtocolError, ConnectionError)
    if isinstance(error, reset) or not isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError):
        return "the connection failed or was reset"
    return f"the request failed ({type(error).__name__})"
