"""An API that a test spells out, and what a run against it asked and landed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ingest_core.api import HttpRequest, HttpResponse
from ingest_core.testing import Trial

BASE = "https://api.example.org/v1"
Reply = Callable[[str, dict[str, str]], Any]
LandPages = Callable[..., Trial]


class Pages:
    """Asks `reply(path, params)` for each request. It gives a body: bytes, or what becomes JSON; or (body, headers)."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.sent: list[HttpRequest] = []

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        self.sent.append(request)
        parts = urlsplit(request.url)
        told = self._reply(parts.path.removeprefix("/v1"), dict(parse_qsl(parts.query, keep_blank_values=True)))
        body, headers = told if isinstance(told, tuple) else (told, {})
        status = int(headers.get("status", 200))
        return HttpResponse(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def ids(trial: Trial) -> list[str]:
    """The names of the files that landed, without their ending, in order."""
    return sorted(key.rpartition("/")[2].removesuffix(".json") for key in trial.records)


def asked(trial: Trial) -> list[str]:
    """Path and query of each request, in order."""
    return [exchange.url.removeprefix(BASE) for exchange in trial.exchanges]
