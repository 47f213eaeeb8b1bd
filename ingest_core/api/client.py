"""`ctx.api`: every request of a source goes through here, and so do pacing, retry, limits and signing."""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import BinaryIO
from urllib.parse import urlsplit

from ingest_core.api.classify import by_status, is_rate_limit, reason
from ingest_core.api.pacer import Pacer
from ingest_core.api.redact import Redactor
from ingest_core.api.retry import Limits, wait_asked_for
from ingest_core.api.signing import Signer
from ingest_core.api.spool import spool
from ingest_core.api.target import Target
from ingest_core.api.traffic import Traffic
from ingest_core.api.transport import HttpResponse, Transport, TransportError
from ingest_core.backpressure import Backpressure
from ingest_core.clock import Clock
from ingest_core.codes import Code
from ingest_core.errors import PluginError, StopError, UndeclaredHostError, UsageError
from ingest_core.model import Answer, Auth, Connection, Outcome, Request

logger = logging.getLogger(__name__)

ASKED_TOO_LATE = 10_000


def _unlimited() -> float:
    return float("inf")


class Api:
    """One API as one run sees it. Thread-safe.

    `pool` sends the requests (as many threads as `connections`); `stop`, once set, ends every wait, and requests that
    have not been sent yet come back as transient.
    """

    def __init__(  # noqa: PLR0913 -- what has an outside is passed in, piece by piece
        self,
        connection: Connection,
        transport: Transport,
        *,
        pacer: Pacer,
        pool: Executor,
        connections: int,
        backpressure: Backpressure,
        clock: Clock,
        chance: random.Random,
        stop: threading.Event,
        traffic: Traffic,
        limits: Limits | None = None,
        time_left: Callable[[], float] = _unlimited,
    ) -> None:
        self._target = Target(connection)
        self._auth = connection.auth or Auth()
        self._classify = connection.classify
        self._transport = transport
        self._pacer = pacer
        self._pool = pool
        self._ahead = 2 * connections
        self._backpressure = backpressure
        self._clock = clock
        self._chance = chance
        self._stop = stop
        self._limits = limits or Limits()
        self._time_left = time_left
        self._lock = threading.Lock()
        self._asked_too_late = 0
        self._redactor = Redactor()
        self._signer = Signer(self._auth, connection.headers, self._redactor)
        self.traffic = traffic

    def require_credentials(self) -> None:
        """Resolves every secret that requests are signed with. Raises CredentialsError, before any request."""
        for secret in self._auth.secrets:
            secret.reveal()

    def get(self, path: str, **params: str | int | float | bool | None) -> Answer:
        """One answer. Raises what `Answer.check` raises."""
        return self._take(self._submit(Request(path, params))).check()

    def open(self, path: str, **params: str | int | float | bool | None) -> BinaryIO:
        """The body of one answer as a temporary file, fetched in pieces. Raises what `Answer.check` raises."""
        url = self._target.url(Request(path, params))
        return spool(lambda headers: self._take(self._enqueue(url, headers)))

    def get_many(self, requests: Iterable[Request | str]) -> Iterator[Answer]:
        """An answer for each request, in the order asked, fetched concurrently; raises for none of them."""
        under_way: deque[Future[Answer]] = deque()
        try:
            for request in requests:
                under_way.append(self._offer(request if isinstance(request, Request) else Request(request)))
                while under_way and (len(under_way) >= self._ahead or not self._backpressure.has_bytes_free()):
                    yield self._take(under_way.popleft())
            while under_way:
                yield self._take(under_way.popleft())
        finally:
            for future in under_way:
                if future.cancel():
                    self._backpressure.count(requests=-1)
                else:
                    future.add_done_callback(self._drop)

    def _offer(self, request: Request) -> Future[Answer]:
        """As `_submit`; but a path that is refused, as an odd id can make it, costs itself alone."""
        try:
            return self._submit(request)
        except UndeclaredHostError:
            raise
        except (PluginError, UsageError) as error:
            refused: Future[Answer] = Future()
            refused.set_result(self._no_answer("(not asked)", 0, error.what, Outcome.REJECTED))
            return refused

    def _submit(self, request: Request) -> Future[Answer]:
        return self._enqueue(self._target.url(request), {})

    def _enqueue(self, url: str, headers: Mapping[str, str]) -> Future[Answer]:
        self._backpressure.count(requests=1)
        return self._pool.submit(self._counted, url, headers)

    def _counted(self, url: str, headers: Mapping[str, str]) -> Answer:
        """`_ask`; counted out as it ends, and its body in."""
        size = 0
        try:
            answer = self._ask(url, headers)
            size = len(answer.body)
            return answer
        finally:
            self._backpressure.count(requests=-1, answered=size)

    def _drop(self, future: Future[Answer]) -> None:
        if future.exception() is None:
            self._backpressure.count(answered=-len(future.result().body))

    def _take(self, future: Future[Answer]) -> Answer:
        answer = future.result()
        self._backpressure.count(answered=-len(answer.body))
        return answer

    def _ask(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Sends, and sends again while the outcome is transient and the limits allow it."""
        began: float | None = None
        attempt = 0
        while True:
            attempt += 1
            started = self._pacer.wait(self._stop, self._time_left)
            began = self._clock.monotonic() if began is None else began
            left = self._left(began)
            if not started or self._stop.is_set() or self._time_left() <= 0:
                return self._too_late(url, attempt)
            if left <= 0:
                return self._no_answer(url, attempt, f"no turn in time after {attempt - 1} attempts", Outcome.TRANSIENT)
            answer, wanted = self._attempt(url, attempt, left, headers)
            if answer.outcome is not Outcome.TRANSIENT:
                with self._lock:
                    self.traffic.answered += 1
                return answer
            self.traffic.meter.set_back(answer.reason)
            pause = self._limits.backoff(attempt, self._chance) if wanted is None else wanted
            if attempt >= self._limits.attempts or pause >= self._left(began):
                return replace(answer, reason=f"{answer.reason} (tried {attempt} times)")
            with self._lock:
                self.traffic.problem = f"{answer.reason}; again in {pause:.1f} s: {urlsplit(answer.url).path}"
            logger.info("GET %s: %s; again in %.1f s", answer.url, answer.reason, pause)
            self._clock.pause(pause, self._stop)

    def _too_late(self, url: str, attempt: int) -> Answer:
        """No request any more. A source that takes no for no answer is stopped rather than asked for ever."""
        with self._lock:
            self._asked_too_late += 1
            if self._asked_too_late > ASKED_TOO_LATE:
                raise StopError(
                    "the source keeps asking though the run is ending",
                    Code.SOURCE_STUBBORN,
                    hint="let TransientError pass",
                )
        why = "the run is stopping" if self._stop.is_set() else "time is up"
        return self._no_answer(url, attempt, why, Outcome.TRANSIENT)

    def _left(self, began: float) -> float:
        """Seconds that a request begun then may still take."""
        return min(began + self._limits.seconds - self._clock.monotonic(), self._time_left())

    def _attempt(self, url: str, attempt: int, left: float, more: Mapping[str, str]) -> tuple[Answer, float | None]:
        """One exchange: the answer, and the seconds to wait that it asks for."""
        signed, used = self._signer.sign(url, more, unsigned=self._target.is_public(url))
        with self._lock:
            self.traffic.requests += 1
            self.traffic.retries += attempt > 1
        sent = self.traffic.meter.sent(is_retry=attempt > 1)
        try:
            response = self._transport.send(signed, seconds=left, max_bytes=self._limits.max_bytes)
        except TransportError as error:
            self.traffic.meter.answered(sent)
            outcome = Outcome.REJECTED if error.permanent else Outcome.TRANSIENT
            return self._no_answer(url, attempt, str(error), outcome), None
        self.traffic.meter.answered(sent)
        answer = self._judge(url, attempt, response)
        if answer.status == 401 and answer.outcome is Outcome.UNAUTHORIZED and self._signer.has_other(used):
            why = "the API refused the key, and another has taken its place since"
            return replace(answer, outcome=Outcome.TRANSIENT, reason=why, hint=""), 0.0
        wanted = wait_asked_for(answer, self._clock.now())
        if is_rate_limit(answer):
            self.traffic.meter.throttled()
            with self._lock:
                self.traffic.throttled += 1
            self._pacer.refused(None if wanted is None else min(wanted, self._limits.seconds))
        return answer, wanted

    def _judge(self, url: str, attempt: int, response: HttpResponse) -> Answer:
        answer = Answer(
            status=response.status,
            headers=self._discreet(response.headers),
            body=response.body,
            url=self._redactor.clean(url),
            fetched_at=self._clock.now(),
            attempts=attempt,
        )
        outcome = (self._classify(answer) if self._classify else None) or by_status(answer)
        if outcome is Outcome.OK:
            return answer
        hint = self._credentials_hint() if outcome is Outcome.UNAUTHORIZED else ""
        # An error page, or a redirect, may quote the URL that was asked, and with it a key.
        body = self._redactor.clean_bytes(answer.body)
        return replace(answer, body=body, outcome=outcome, reason=reason(answer, outcome), hint=hint)

    def _discreet(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """An entity tag goes into provenance: one that quotes a key does so masked."""
        tag = headers.get("etag", "")
        cleaned = self._redactor.clean(tag)
        return headers if cleaned == tag else {**headers, "etag": cleaned}

    def _no_answer(self, url: str, attempt: int, why: str, outcome: Outcome) -> Answer:
        return Answer(
            status=0,
            headers={},
            body=b"",
            url=self._redactor.clean(url),
            fetched_at=self._clock.now(),
            attempts=attempt,
            outcome=outcome,
            reason=why,
        )

    def _credentials_hint(self) -> str:
        secrets = self._auth.secrets
        if not secrets:
            return "this API wants a key, and the source sends none"
        return f"check {' and '.join(secret.reference for secret in secrets)}: the API refused the key it holds"
