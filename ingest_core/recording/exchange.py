"""What went over the wire, kept as it goes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ingest_core.api import HttpRequest, HttpResponse, Transport
from ingest_core.codes import Code
from ingest_core.errors import StopError


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


class RecordingTransport:
    """Passes requests on to `inner` and keeps every exchange. Thread-safe.

    Raises StopError for a request past the first `most`.
    """

    def __init__(self, inner: Transport, most: int | None = None) -> None:
        self._inner = inner
        self._most = most
        self._sent = 0
        self._lock = threading.Lock()
        self.exchanges: list[Exchange] = []

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        with self._lock:
            self._sent += 1
            if self._most is not None and self._sent > self._most:
                raise StopError(
                    f"the run makes more than {self._most} requests: too many to record",
                    Code.RECORDING_LONG,
                    hint="narrow it by --set, to a page or two; or allow more with --most",
                )
        response = self._inner.send(request, seconds=seconds, max_bytes=max_bytes)
        with self._lock:
            self.exchanges.append(Exchange(request.url, request.headers, response))
        return response
