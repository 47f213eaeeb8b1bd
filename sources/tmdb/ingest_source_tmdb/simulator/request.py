"""Reading HTTP/1.1 requests off a connection's bytes (RFC 9112), as far as a loopback simulator needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

# A head longer than this is no request of an API client.
_LONGEST_HEAD: Final = 65_536


class MalformedRequestError(ValueError):
    """These bytes are no request that can be answered; the connection has lost its place and must end."""


@dataclass(slots=True)
class Request:
    """One request. ``query`` keeps pairs in order, percent-decoded; ``keep`` is False where the client ends here."""

    method: str
    path: str
    query: list[tuple[str, str]]
    authorization: str
    gzip: bool
    range: str
    keep: bool


def read(buffer: bytearray) -> Request | None:
    """Takes the first request off the buffer, its body included; None, and nothing taken, while it is incomplete.

    Raises MalformedRequestError.
    """
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > _LONGEST_HEAD:
            raise MalformedRequestError("the head is too long")
        return None
    first, _, rest = buffer[:end].decode("latin-1").partition("\r\n")
    headers = _headers(rest)
    whole = end + 4 + _body_length(headers)
    if len(buffer) < whole:
        return None
    del buffer[:whole]
    try:
        method, target, version = first.split(" ")
    except ValueError:
        raise MalformedRequestError("the request line has not three parts") from None
    path, _, query = target.partition("?")
    return Request(
        method=method,
        path=unquote(path) if "%" in path else path,
        query=parse_qsl(query, keep_blank_values=True) if query else [],
        authorization=headers.get("authorization", ""),
        range=headers.get("range", ""),
        gzip=_accepts_gzip(headers.get("accept-encoding", "")),
        keep=version == "HTTP/1.1" and headers.get("connection", "").lower() != "close",
    )


def _headers(text: str) -> dict[str, str]:
    headers = {}
    for line in text.split("\r\n") if text else ():
        name, colon, value = line.partition(":")
        if not colon:
            raise MalformedRequestError("a header without a colon")
        headers[name.lower()] = value.strip()
    return headers


def _body_length(headers: dict[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise MalformedRequestError("no resource here takes a body, so chunked ones are not read")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdecimal()):
        raise MalformedRequestError("a Content-Length that is no number")
    return int(length)


def _accepts_gzip(accepted: str) -> bool:
    """Whether gzip is among the codings, and not refused by q=0 (RFC 9110, 12.5.3)."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
