"""An API that lives: lists shift and repeat rows, bodies change, ids go missing, some rows are broken."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from ingest_core.api import HttpRequest, HttpResponse, TransportError

from .sites import ASK, DOWN, THROTTLED
from .steps import Steps

BASE = "https://api.example.org"
JSON = {"content-type": "application/json"}
Id = tuple[str, str]


@dataclass(frozen=True)
class Habits:
    """How lively the API is: chances a request."""

    shift: float = 0.0
    change: float = 0.0
    vanish: float = 0.0
    broken: float = 0.0


@dataclass
class SimulatedApi:
    """What the API has now, and every body that it sent, by (stream, id).

    `lists` are the pages' rows by name: a list has `pages` pages whatever becomes of its rows. `down` counts the
    requests that get no answer.
    """

    chance: random.Random
    habits: Habits
    lists: dict[str, list[int]]
    pages: int
    versions: dict[Id, int] = field(default_factory=lambda: defaultdict(int))
    gone: set[Id] = field(default_factory=set)
    sent: dict[Id, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    down: int = 0
    is_still: bool = False

    def answer(self, url: str) -> tuple[int, bytes]:
        """Status and body. Lives a little first."""
        parts = urlsplit(url)
        _, kind, name = parts.path.split("/")
        if kind == "list":
            page = int(parse_qs(parts.query)["page"][0])
            return 200, self._page(name, page)
        return self._document(kind, name)

    def _page(self, name: str, page: int) -> bytes:
        rows, chance = self.lists[name], self.chance
        if not self.is_still and chance.random() < self.habits.shift:
            self._shift(rows)
        size = -(-len(rows) // self.pages)
        shown = [self._body("movie", str(id)) for id in rows[(page - 1) * size : page * size]]
        for id, body in zip(rows[(page - 1) * size : page * size], shown, strict=True):
            self.sent["movie", str(id)].add(body)
        return b'{"rows": [' + b", ".join(shown) + b"]}"

    def _shift(self, rows: list[int]) -> None:
        chance = self.chance
        kind = chance.randrange(4)
        if kind == 0:
            rows.insert(0, rows.pop())
        elif kind == 1:
            rows.insert(chance.randrange(len(rows)), chance.choice(rows))
        elif kind == 2 and len(rows) > 2:
            rows.pop(chance.randrange(len(rows)))
        else:
            rows.insert(chance.randrange(len(rows) + 1), chance.randrange(1, 30))

    def _document(self, stream: str, id: str) -> tuple[int, bytes]:
        one, habits = (stream, id), self.habits
        if not self.is_still and habits.vanish and self.chance.random() < habits.vanish:
            self.gone.symmetric_difference_update({one})
        if one in self.gone:
            return 404, b'{"error": "gone"}'
        body = self._body(stream, id)
        self.sent[one].add(body)
        return 200, body

    def _body(self, stream: str, id: str) -> bytes:
        one, habits, chance = (stream, id), self.habits, self.chance
        if not self.is_still:
            if habits.change and chance.random() < habits.change:
                self.versions[one] += 1
            if habits.broken and chance.random() < habits.broken:
                return b'{"id": %s, "broken": 01}' % id.encode()
        return b'{"id": %s, "of": "%s",  "version": %d}' % (id.encode(), stream.encode(), self.versions[one])


class SimulatedTransport:
    """The way of one process to the API."""

    def __init__(self, api: SimulatedApi, steps: Steps) -> None:
        self._api = api
        self._steps = steps

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        def act(fault: str | None) -> HttpResponse:
            api = self._api
            if fault is DOWN:
                # Not where the answer comes in when the faults are over: what is asked then has to be answered.
                api.down = 0 if api.is_still else api.chance.choice((1, 2, 4, 30))
            if api.down > 0:
                api.down -= 1
                raise TransportError("the connection was reset")
            if fault is THROTTLED:
                return HttpResponse(429, JSON, b"{}")
            self._steps.process.acts += 1
            status, body = api.answer(request.url)
            return HttpResponse(status, JSON, body)

        response: HttpResponse = self._steps.take("api", "request", ASK, request.url, act)
        return response
