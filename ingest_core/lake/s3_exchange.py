"""One signed request to S3, and nothing between: one attempt, the answer as it came."""

from __future__ import annotations

import hashlib
import io
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from ingest_core.lake.s3_carrier import Answered, Carrier
from ingest_core.lake.s3_way import NoWayError, Way
from ingest_core.lake.sigv4 import Signer, encoded, query_of

NOTHING = hashlib.sha256(b"").hexdigest()
BEFORE_SEND = "before-send"


class Exchange:
    """Sends requests to one bucket. Thread-safe; `find` is asked for the way once, by the first request.

    `carry` makes what carries them there.
    """

    def __init__(self, find: Callable[[], Way | None], carry: Callable[[Way], Carrier]) -> None:
        self._find = find
        self._carry = carry
        self._line: _Line | None = None
        self._is_left = False
        self._finding = threading.Lock()

    def leave(self) -> None:
        """Nothing is sent this way any more."""
        self._is_left = True

    def send(
        self,
        method: str,
        key: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        digest: bytes | None = None,
        query: Iterable[tuple[str, str]] = (),
    ) -> Answered:
        """The answer; `headers` by lower-case name, `digest` the SHA-256 of `body`, where it is known already.

        Raises NoWayError, NoAnswerError, and ValueError for what HTTP does not carry.
        """
        line, asked = self._request(method, key, headers, body, digest, query)
        for stand_in in line.stand_ins:
            instead = stand_in(asked, body)
            if instead is not None:
                return instead
        return line.carrier.send(method, asked.target, asked.headers, body)

    def open(self, key: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Status of the answer to a GET, and its body, still to be read and closed. Raises what `send` raises."""
        line, asked = self._request("GET", key, headers, b"", None, ())
        for stand_in in line.stand_ins:
            instead = stand_in(asked, b"")
            if instead is not None:
                return instead.status, io.BytesIO(instead.body)
        return line.carrier.open(asked.target, asked.headers)

    def close(self) -> None:
        """Closes the connections."""
        if self._line is not None:
            self._line.carrier.close()

    def _request(
        self,
        method: str,
        key: str,
        headers: Mapping[str, str],
        body: bytes,
        digest: bytes | None,
        query: Iterable[tuple[str, str]],
    ) -> tuple[_Line, _Asked]:
        if self._is_left:
            raise NoWayError
        line = self._line or self._found()
        way = line.way
        path, text = encoded(way.path + key), query_of(query)
        hexadecimal = digest.hex() if digest is not None else hashlib.sha256(body).hexdigest() if body else NOTHING
        signed = line.signer.sign(method, path, text, headers, hexadecimal, way.keys(), _instant(int(time.time())))
        return line, _Asked(method, f"{path}?{text}" if text else path, signed)

    def _found(self) -> _Line:
        with self._finding:  # all threads begin at once: the first finds it for all
            if self._line is None:
                way = self._find()
                if way is None:
                    self.leave()
                    raise NoWayError
                self._line = _Line(way, self._carry(way))
            return self._line


@lru_cache(1)
def _instant(second: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))


class _Asked(Struct, frozen=True):
    """A request as it leaves; `target` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str]


class _Line:
    """What is made once for a way: carrier, signer, and who stands in for the network."""

    def __init__(self, way: Way, carrier: Carrier) -> None:
        self.way = way
        self.carrier = carrier
        self.signer = Signer(urlsplit(way.origin).netloc, way.region)
        self.stand_ins = [_StandIn(handler, way.origin) for handler in _handlers()]


def _handlers() -> list[Callable[..., Any]]:
    """Whoever has himself asked before any request of any client of boto3 in this process, as moto has."""
    botocore = sys.modules.get("botocore.handlers")
    registered = [] if botocore is None else botocore.BUILTIN_HANDLERS
    return [handler for event, handler, *_ in registered if event == BEFORE_SEND]


class _StandIn:
    """A handler of boto3's `before-send` event: it may answer in the network's place."""

    def __init__(self, handler: Callable[..., Any], origin: str) -> None:
        self._handler = handler
        self._origin = origin

    def __call__(self, asked: _Asked, body: bytes) -> Answered | None:
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(asked.method, self._origin + asked.target, headers=dict(asked.headers), data=body)
        answer = self._handler(event_name=f"{BEFORE_SEND}.s3", request=request.prepare())
        return None if answer is None else Answered(int(answer.status_code), answer.headers, answer.content)
