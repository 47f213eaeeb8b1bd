"""Every way in which an answer goes wrong, as bytes on a connection, and what is to become of it.

`LANDED`: the record lies in the lake, byte for byte. `REJECTED`: in the quarantine, for the reason that is named here.
`MISSING`: counted as such. Transient faults are asked for again, and none of them decides what becomes of an id.
"""

from __future__ import annotations

import datetime as dt
import gzip
import random
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cache

LANDED, REJECTED, MISSING = "landed", "rejected", "missing"
TRAP = "http://127.0.0.1:{trap}/"
DRIP_SECONDS = 20.0


class ClosedError(Exception):
    """The connection is not to be used any more."""


@dataclass(frozen=True)
class Wire:
    """One connection, and where the trap for followed redirects listens."""

    connection: socket.socket
    trap: int

    def answer(self, body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> None:
        """A whole answer, of a length that may be a lie."""
        self.connection.sendall(
            head(status, *headers, f"Content-Length: {len(body) if length is None else length}") + body
        )

    def reset(self) -> None:
        """Ends the connection by RST, as a crashed balancer does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ClosedError

    def drip(self, begin: bytes, piece: bytes) -> None:
        """A byte now and then, until the client has had enough."""
        self.connection.sendall(begin)
        until = time.monotonic() + DRIP_SECONDS
        while time.monotonic() < until:
            time.sleep(0.05)
            self.connection.sendall(piece)
        raise ClosedError


def head(status: str, *headers: str) -> bytes:
    """A status line and headers."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if not any(header.lower().startswith("content-type:") for header in headers):
        lines.append("Content-Type: application/json")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Send = Callable[[Wire, bytes], bytes | None]


@dataclass(frozen=True)
class Fault:
    """A named fault. `send` gets the healthy document; what it returns is what should land, where it is not that.

    `reason` is found in what the quarantine says; `weight` is how often it is drawn, beside the others' 1.
    """

    name: str
    send: Send
    becomes: str = ""
    reason: str = ""
    weight: float = 1.0


def _status(status: str, *headers: str) -> Send:
    def send(wire: Wire, document: bytes) -> None:
        wire.answer(b'{"error": "no"}', *headers, status=status)

    return send


def _date(days: int) -> str:
    return format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(days=days), usegmt=True)


def _throttle(retry_after: Callable[[], str]) -> Send:
    return lambda wire, document: wire.answer(b"", f"Retry-After: {retry_after()}", status="429 Too Many Requests")


def _reset_before(wire: Wire, document: bytes) -> None:
    wire.reset()


def _hang_up(wire: Wire, document: bytes) -> None:
    raise ClosedError


def _reset_inside_headers(wire: Wire, document: bytes) -> None:
    wire.connection.sendall(head("200 OK")[:20])
    wire.reset()


def _reset_after_headers(wire: Wire, document: bytes) -> None:
    wire.connection.sendall(head("200 OK", f"Content-Length: {len(document)}"))
    wire.reset()


def _cut_with_length(wire: Wire, document: bytes) -> None:
    wire.answer(document[: len(document) // 2], length=len(document))
    raise ClosedError


def _cut_chunk(wire: Wire, document: bytes) -> None:
    wire.connection.sendall(head("200 OK", "Transfer-Encoding: chunked") + b"%x\r\n" % len(document) + document[:9])
    raise ClosedError


def _not_http(wire: Wire, document: bytes) -> None:
    wire.connection.sendall(b"220 mail.example.org ESMTP\r\n")
    raise ClosedError


def _drips_headers(wire: Wire, document: bytes) -> None:
    wire.drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x")


def _drips_body(wire: Wire, document: bytes) -> None:
    wire.drip(head("200 OK", "Content-Length: 100000"), b" ")


def _continues_for_ever(wire: Wire, document: bytes) -> None:
    wire.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n")


TRANSIENT: tuple[Fault, ...] = (
    Fault("500", _status("500 Internal Server Error")),
    Fault("502", _status("502 Bad Gateway")),
    Fault("503", _status("503 Service Unavailable")),
    Fault("504", _status("504 Gateway Timeout")),
    Fault("429 without Retry-After", _status("429 Too Many Requests")),
    Fault("429, Retry-After 0", _throttle(lambda: "0")),
    Fault("429, Retry-After of years", _throttle(lambda: "99999999999999999999"), weight=0.02),
    Fault("429, Retry-After by a date past", _throttle(lambda: _date(-1))),
    Fault("429, Retry-After by a date to come", _throttle(lambda: _date(400)), weight=0.02),
    Fault("429, Retry-After is junk", _throttle(lambda: random.choice(["soon", "-5", "1e9", "", "0x1F", "\xb2"]))),
    Fault("reset before an answer", _reset_before),
    Fault("hung up before an answer", _hang_up),
    Fault("reset inside the headers", _reset_inside_headers),
    Fault("reset after the headers", _reset_after_headers),
    Fault("cut short of its Content-Length", _cut_with_length),
    Fault("cut inside a chunk", _cut_chunk),
    Fault("Content-Encoding that it has not", lambda wire, document: wire.answer(document, "Content-Encoding: gzip")),
    Fault("no HTTP at all", _not_http),
    Fault("headers that drip", _drips_headers, weight=0.05),
    Fault("a body that drips", _drips_body, weight=0.05),
    Fault("100 Continue for ever", _continues_for_ever, weight=0.05),
)


def _as(change: Callable[[bytes], bytes]) -> Send:
    """The document, changed, which is then what the API has."""

    def send(wire: Wire, document: bytes) -> bytes:
        body = change(document)
        wire.answer(body)
        return body

    return send


def _gzipped(wire: Wire, document: bytes) -> None:
    wire.answer(gzip.compress(document, 1), "Content-Encoding: gzip")


def _chunked(wire: Wire, document: bytes) -> None:
    pieces = [document[at : at + 97] for at in range(0, len(document), 97)]
    chunks = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    wire.connection.sendall(head("200 OK", "Transfer-Encoding: chunked") + chunks + b"0\r\nX-Trailer: 1\r\n\r\n")


def _past_its_length(wire: Wire, document: bytes) -> None:
    wire.answer(document + b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"id": 0}', length=len(document))


def _until_closed(wire: Wire, document: bytes) -> None:
    wire.connection.sendall(head("200 OK", "Connection: close") + document)
    raise ClosedError


def _cut_without_length(wire: Wire, document: bytes) -> bytes:
    wire.connection.sendall(head("200 OK", "Connection: close") + document[:-5])
    raise ClosedError


@cache
def _bomb() -> bytes:
    """200 MB of nothing in 200 KB."""
    return gzip.compress(b" " * 200_000_000, 9)


@cache
def _fifty_megabytes() -> bytes:
    return b'{"id": 1, "text": "' + b"x" * 50_000_000 + b'"}'


def _redirect(location: str) -> Send:
    def send(wire: Wire, document: bytes) -> None:
        wire.answer(b"", f"Location: {location.format(trap=wire.trap)}", status="302 Found")

    return send


def _many_headers(wire: Wire, document: bytes) -> None:
    wire.answer(document, *(f"X-{number}: {'a' * 1000}" for number in range(90)))


_MALFORMED, _REDIRECT = "not well-formed JSON", "redirects are not followed"
ODD: tuple[Fault, ...] = (
    Fault("duplicate keys", _as(lambda document: document[:-1] + b', "id": 1}'), LANDED),
    Fault("an escaped lone surrogate", _as(lambda document: document[:-1] + b', "s": "\\ud800"}'), LANDED),
    Fault("a number of 4,000 digits", _as(lambda document: document[:-1] + b', "n": ' + b"9" * 4000 + b"}"), LANDED),
    Fault("Content-Type text/html", lambda wire, document: wire.answer(document, "Content-Type: text/html"), LANDED),
    Fault("gzipped", _gzipped, LANDED),
    Fault("in chunks", _chunked, LANDED),
    Fault("bytes past its Content-Length", _past_its_length, LANDED),
    Fault("no length, closed at its end", _until_closed, LANDED),
    Fault(
        "HTML with status 200",
        lambda wire, _: wire.answer(b"<!doctype html><p>Sorry", "Content-Type: text/html"),
        REJECTED,
        _MALFORMED,
    ),
    Fault("malformed JSON", _as(lambda document: document.replace(b":", b"=", 1)), REJECTED, _MALFORMED),
    Fault("NaN", _as(lambda document: document[:-1] + b', "n": NaN}'), REJECTED, _MALFORMED),
    Fault("Infinity", _as(lambda document: document[:-1] + b', "n": -Infinity}'), REJECTED, _MALFORMED),
    Fault("a depth of 100,000", _as(lambda _: b"[" * 100_000 + b"]" * 100_000), REJECTED, _MALFORMED),
    Fault(
        "a raw lone surrogate", _as(lambda document: document[:-1] + b', "s": "\xed\xa0\x80"}'), REJECTED, _MALFORMED
    ),
    Fault("Latin-1", _as(lambda document: document[:-1] + b', "s": "t\xedtulo"}'), REJECTED, _MALFORMED),
    Fault("UTF-16", _as(lambda document: document.decode().encode("utf-16")), REJECTED, _MALFORMED),
    Fault("a BOM", _as(lambda document: b"\xef\xbb\xbf" + document), REJECTED, _MALFORMED),
    Fault("two documents", _as(lambda document: document + document), REJECTED, _MALFORMED),
    Fault("an empty body", _as(lambda _: b""), REJECTED, "the body is empty"),
    Fault("cut short, no length", _cut_without_length, REJECTED, _MALFORMED),
    Fault("a record of 50 MB", lambda wire, _: wire.answer(_fifty_megabytes()), REJECTED, "larger than", weight=0.02),
    Fault(
        "a gzip bomb",
        lambda wire, _: wire.answer(_bomb(), "Content-Encoding: gzip"),
        REJECTED,
        "larger than",
        weight=0.02,
    ),
    Fault("headers of 90 KB", _many_headers, REJECTED, "headers are larger than"),
    Fault("a redirect to another port", _redirect(TRAP), REJECTED, _REDIRECT),
    Fault("a redirect to another host", _redirect("https://evil.example/x"), REJECTED, _REDIRECT),
    Fault(
        "a redirect to the metadata service", _redirect("http://169.254.169.254/latest/meta-data/"), REJECTED, _REDIRECT
    ),
    Fault("404", _status("404 Not Found"), MISSING),
    Fault("410", _status("410 Gone"), MISSING),
)
