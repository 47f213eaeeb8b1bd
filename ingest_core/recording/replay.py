"""Answering from a recording, with the network closed."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from ingest_core.api import HttpRequest, HttpResponse, TransportError
from ingest_core.recording.folder import Recording

_Asked = tuple[str, str, tuple[tuple[str, str], ...]]


class ReplayTransport:
    """Gives each request the answer that was recorded for its URL, whatever the order of its parameters."""

    def __init__(self, recording: Recording) -> None:
        self._answers = {_asked(url): response for url, response in recording.answers.items()}

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        response = self._answers.get(_asked(request.url))
        if response is None:
            parts = urlsplit(request.url)
            asked = parts.path + (f"?{parts.query}" if parts.query else "")
            raise TransportError(f"no answer to {asked} is recorded: ingest record makes them anew", permanent=True)
        if len(response.body) > max_bytes:
            raise TransportError(f"the body is larger than {max_bytes:,} bytes", permanent=True)
        return response


def _asked(url: str) -> _Asked:
    parts = urlsplit(url)
    return parts.netloc.lower(), parts.path, tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))
