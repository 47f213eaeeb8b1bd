"""Transports for tests: one that answers from a table, one that remembers what another said."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ingest_core.api import HttpRequest, HttpResponse, Transport


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `url` is as it was sent: a test may look for secrets in it."""

    url: str
    headers: Mapping[str, str]
    response: HttpResponse

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc


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
        return HttpResponse(status, {"content-type": "application/json"}, body)


class RecordingTransport:
    """Passes requests on to `inner` and keeps every exchange. Thread-safe."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self.exchanges: list[Exchange] = []

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        response = self._inner.send(request, seconds=seconds, max_bytes=max_bytes)
        with self._lock:
            self.exchanges.append(Exchange(request.url, request.headers, response))
        return response
