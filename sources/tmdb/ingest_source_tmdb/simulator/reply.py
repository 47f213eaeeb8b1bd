"""Turning a payload into the bytes of an HTTP/1.1 response, with the headers that TMDB's answers carry."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from ingest_source_tmdb.simulator.payload import Payload


@dataclass(slots=True)
class Reply:
    """The bytes to send; ``body`` counts those after the head. ``last`` ends the connection when they are sent, and
    ``reset`` breaks it before any are."""

    data: bytes
    body: int
    last: bool = False
    reset: bool = False


RESET: Final = Reply(b"", 0, reset=True)


def compose(payload: Payload, *, headless: bool, last: bool, retry_after: int | None = None) -> Reply:
    """The response to one request; ``headless`` is for HEAD, which must get no body (RFC 9110, 9.3.2)."""
    waiting = f"Retry-After: {retry_after}\r\n" if payload.status == 429 and retry_after is not None else ""
    ending = "Connection: close\r\n\r\n" if last else "Connection: keep-alive\r\n\r\n"
    body = b"" if headless else payload.body
    head = f"{_opening(payload.status, payload.type, int(time.time()))}{waiting}{payload.headers}{ending}"
    return Reply(head.encode() + body, len(body), last)


def cut(reply: Reply) -> Reply:
    """The reply with the second half of its body missing, below the Content-Length that its head promises."""
    lost = reply.body - reply.body // 2
    return Reply(reply.data[: len(reply.data) - lost], reply.body - lost, last=True)


@lru_cache(32)
def _opening(status: int, type: str, second: int) -> str:
    # Cached because formatting a date costs more than the rest of the head, and changes once a second.
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: {type}\r\n"
        f"Date: {formatdate(second, usegmt=True)}\r\n"
        "Vary: accept-encoding, Origin\r\n"
    )
