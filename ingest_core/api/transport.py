"""One HTTP exchange: the port, and what its transports have in common.

A transport sends one GET and reads one body. It follows no redirect, retries nothing, knows no secret but those it is
given with the request, and its errors are words of our own: the texts of HTTP libraries quote URLs and headers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

MOST_HEADER_BYTES = 64 * 1024
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0

NOT_CONNECTED = "the connection failed or was reset"
NOT_TRUSTED = "the server's TLS certificate is not trusted"
NOT_IN_TIME = "no answer in time"
NOT_AS_ENCODED = "the body is not what its Content-Encoding says"
CUT_SHORT = "the body was cut short"


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


def headers_of(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By lower-case name, those of one name joined (RFC 9110, 5.3).

    An answer whose headers pass their cap is none, and asking again would not help.
    """
    headers: dict[str, str] = {}
    size = 0
    for name, value in lines:
        size += len(name) + len(value)
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    if size > MOST_HEADER_BYTES:
        raise headers_too_large()
    return headers


def headers_too_large() -> TransportError:
    return TransportError(f"the headers are larger than {MOST_HEADER_BYTES:,} bytes", permanent=True)


def body_too_large(max_bytes: int) -> TransportError:
    return TransportError(f"the body is larger than {max_bytes:,} bytes", permanent=True)


def not_sendable() -> TransportError:
    """For a key or a URL with characters that HTTP does not carry; the library's own text would quote them."""
    return TransportError("the request has characters that HTTP does not carry", permanent=True)
