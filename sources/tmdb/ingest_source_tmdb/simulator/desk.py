"""Deciding what one request gets. The order of the checks is the whole of it:

method -> credentials -> rate limit -> injected fault -> the answer of the route
"""

from __future__ import annotations

import time
from typing import Final
from urllib.parse import urlencode

from ingest_source_tmdb.simulator import idfiles, refusals
from ingest_source_tmdb.simulator.answers import answer
from ingest_source_tmdb.simulator.catalog import Catalog
from ingest_source_tmdb.simulator.faults import ANSWERS, Fault, Faults
from ingest_source_tmdb.simulator.limits import Bucket
from ingest_source_tmdb.simulator.log import LoggedRequest, RequestLog
from ingest_source_tmdb.simulator.options import Options
from ingest_source_tmdb.simulator.payload import Payload, Shelf, pack
from ingest_source_tmdb.simulator.reply import RESET, Reply, compose, cut
from ingest_source_tmdb.simulator.request import Request

_BEARER: Final = "bearer "


class Desk:
    """Every request of every connection comes here, from one thread; each is logged as it arrives."""

    def __init__(self, options: Options, catalog: Catalog, log: RequestLog) -> None:
        self._options = options
        self._catalog = catalog
        self._log = log
        self._shelf = Shelf()
        self._faults = Faults(options.seed, options.faults)
        self._bucket = None if options.rate is None else Bucket(options.rate, time.monotonic)
        self._started = time.monotonic()

    def reply(self, request: Request) -> Reply:
        arrived = time.monotonic() - self._started
        authenticated = self._authenticated(request)
        payload, fault = self._decide(request, authenticated)
        if fault == "reset":
            reply = RESET
        else:
            headless, last = request.method == "HEAD", not request.keep
            reply = compose(payload, headless=headless, last=last, retry_after=self._options.retry_after)
            reply = cut(reply) if fault == "truncated" else reply
        status = 0 if reply.reset else payload.status
        self._log.add(
            LoggedRequest(
                self._log.served,
                arrived,
                request.method,
                request.path,
                self._without_secrets(request.query),
                authenticated,
                status,
                fault,
                reply.body,
            )
        )
        return reply

    def _decide(self, request: Request, authenticated: bool) -> tuple[Payload, Fault]:
        if request.method != "GET":
            return pack(refusals.WRONG_METHOD, gzip=False), ""
        if request.path.startswith(idfiles.FOLDER):
            return idfiles.serve(self._catalog, request.path, request.range, self._options.exported), ""
        if not authenticated:
            return pack(refusals.INVALID_KEY, gzip=False), ""
        if self._bucket is not None and not self._bucket.take():
            return pack(refusals.OVER_LIMIT, gzip=False), ""
        fault = self._faults.next(self._named(request)) if self._options.faults else ""
        spoilt = ANSWERS.get(fault)
        return self._routed(request) if spoilt is None else pack(spoilt, gzip=False), fault

    def _routed(self, request: Request) -> Payload:
        key = (request.path, tuple(request.query), request.gzip)
        payload = self._shelf.find(key)
        if payload is None:
            versioned = request.path.startswith("/3/")
            found = answer(self._catalog, request.path, dict(request.query)) if versioned else refusals.NOT_FOUND
            payload = pack(found, gzip=request.gzip)
            self._shelf.keep(key, payload)
        return payload

    def _authenticated(self, request: Request) -> bool:
        """A read token as Bearer or a v3 key as api_key; either in the other's place is refused. Bearer goes first."""
        if request.authorization:
            scheme, secret = request.authorization[: len(_BEARER)], request.authorization[len(_BEARER) :]
            return scheme.lower() == _BEARER and secret.strip() == self._options.token
        return dict(request.query).get("api_key") == self._options.api_key

    def _named(self, request: Request) -> str:
        """The request's content as one string: the same however its query is ordered and authenticated."""
        pairs = sorted(pair for pair in request.query if pair[0] != "api_key")
        return f"{request.path}?{urlencode(pairs)}"

    def _without_secrets(self, query: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        # By value too: a client that sends the token under a wrong name must not find it in a log either.
        secrets = (self._options.token, self._options.api_key)
        return tuple((name, "" if name == "api_key" or value in secrets else value) for name, value in query)
