"""Transports for tests: a table of answers, and ways to go wrong."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from ingest_core.api import HttpRequest, HttpResponse, Transport, TransportError
from ingest_core.clock import Clock
from ingest_core.recording import Exchange

JSON = {"content-type": "application/json"}


class CannedTransport:
    """Answers from a table: path and query below the host (`/v1/things?page=1`) → (status, body).

    What is not in the table gets a 404 with a JSON body.
    """

    def __init__(self, answers: Mapping[str, tuple[int, bytes]]) -> None:
        self._answers = answers

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        status, body = self._answers.get(target, (404, b'{"error":"not in the table"}'))
        return HttpResponse(status, JSON, body)


Fault = Callable[[HttpRequest, int], HttpResponse | TransportError | None]


class FaultyTransport:
    """Asks `fault` before each request (its attempt counted from 1 for each URL); None lets it through to `inner`."""

    def __init__(self, inner: Transport, fault: Fault) -> None:
        self._inner = inner
        self._fault = fault
        self._lock = threading.Lock()
        self._attempts: Counter[str] = Counter()
        self.faults = 0

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        with self._lock:
            self._attempts[request.url] += 1
            attempt = self._attempts[request.url]
        wrong = self._fault(request, attempt)
        if wrong is None:
            return self._inner.send(request, seconds=seconds, max_bytes=max_bytes)
        with self._lock:
            self.faults += 1
        if isinstance(wrong, TransportError):
            raise wrong
        return wrong


class EndlessTransport:
    """An API whose lists never end: every page of a path is its first page, each time with other `tokens` to follow.

    `most` requests are answered; after that the connection fails for good, and `ran_away` says so.
    """

    def __init__(self, inner: Transport, most: int, tokens: frozenset[str] = frozenset()) -> None:
        self._inner = inner
        self._most = most
        self._tokens = tokens
        self._lock = threading.Lock()
        self._first: dict[str, HttpResponse] = {}
        self._sent = 0
        self.ran_away = False

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        with self._lock:
            self._sent += 1
            if self._sent > self._most:
                self.ran_away = True
                raise TransportError("the API has been asked too often", permanent=True)
            path = urlsplit(request.url).path
            known, number = self._first.get(path), self._sent
        if known is not None:
            body = known.body
            for token in self._tokens:
                body = body.replace(f'"{token}"'.encode(), f'"{token}{number}"'.encode())
            return replace(known, body=body)
        response = self._inner.send(request, seconds=seconds, max_bytes=max_bytes)
        with self._lock:
            return self._first.setdefault(path, response)


class SlowTransport:
    """Every request takes `seconds` of `clock`."""

    def __init__(self, inner: Transport, clock: Clock, seconds: float) -> None:
        self._inner = inner
        self._clock = clock
        self._seconds = seconds

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        self._clock.pause(min(self._seconds, seconds), threading.Event())
        if seconds < self._seconds:
            raise TransportError("no answer in time")
        return self._inner.send(request, seconds=seconds, max_bytes=max_bytes)


def tokens_in(exchanges: Sequence[Exchange]) -> frozenset[str]:
    """The page tokens of a run: texts of an answer that a later request gives back in its query."""
    found = set()
    for before, after in itertools.pairwise(exchanges):
        values = [value for _, value in parse_qsl(urlsplit(after.url).query)]
        found |= {value for value in values if f'"{value}"'.encode() in before.response.body}
    return frozenset(found)


def says(status: int, body: bytes = b'{"error":"made up by the contract test"}', **headers: str) -> HttpResponse:
    """An answer; header names with `_` for `-`."""
    return HttpResponse(status, {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}, body)


def cut_short(response: HttpResponse) -> HttpResponse:
    """The same answer with the second half of its body missing."""
    return replace(response, body=response.body[: len(response.body) // 2])
