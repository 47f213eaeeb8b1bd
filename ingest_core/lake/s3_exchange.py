"""One signed request to S3 over urllib3's pool, and nothing between: one attempt, the answer as it came."""

from __future__ import annotations

import hashlib
import io
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from msgspec import Struct
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout

from ingest_core.lake.s3_way import NoWayError, Way
from ingest_core.lake.sigv4 import Signer, encoded, query_of

# Together with boto3's own attempts after it still under a minute (s3.py).
CONNECT_SECONDS = 3
READ_SECONDS = 5
NOTHING = hashlib.sha256(b"").hexdigest()
BEFORE_SEND = "before-send"
ONE_ATTEMPT: dict[str, Any] = {"retries": False, "redirect": False, "decode_content": False}


class Answered(Struct, frozen=True):
    """Status, headers whatever their case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """Sends requests to one bucket. Thread-safe; `find` is asked for the way once, by the first request."""

    def __init__(self, find: Callable[[], Way | None], connections: int) -> None:
        self._find = find
        self._connections = connections
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

        Raises NoWayError, urllib3's HTTPError, OSError, and ValueError for what HTTP does not carry.
        """
        line, asked = self._request(method, key, headers, body, digest, query)
        for stand_in in line.stand_ins:
            instead = stand_in(asked, body)
            if instead is not None:
                return instead
        answer = line.pool.urlopen(method, asked.target, body=body or None, headers=asked.headers, **ONE_ATTEMPT)
        return Answered(answer.status, answer.headers, answer.data)

    def open(self, key: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Status of the answer to a GET, and its body, still to be read and closed. Raises what `send` raises."""
        line, asked = self._request("GET", key, headers, b"", None, ())
        for stand_in in line.stand_ins:
            instead = stand_in(asked, b"")
            if instead is not None:
                return instead.status, io.BytesIO(instead.body)
        answer = line.pool.urlopen("GET", asked.target, headers=asked.headers, preload_content=False, **ONE_ATTEMPT)
        return answer.status, answer

    def close(self) -> None:
        """Closes the connections."""
        if self._line is not None:
            self._line.pool.close()

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
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        signed = line.signer.sign(method, path, text, headers, hexadecimal, way.keys(), now)
        return line, _Asked(method, f"{path}?{text}" if text else path, signed)

    def _found(self) -> _Line:
        with self._finding:  # all threads begin at once: the first finds it for all
            if self._line is None:
                way = self._find()
                if way is None:
                    self.leave()
                    raise NoWayError
                self._line = _Line(way, self._connections)
            return self._line


class _Asked(Struct, frozen=True):
    """A request as it leaves; `target` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str]


class _Line:
    """What is made once for a way: pool, signer, and who stands in for the network."""

    def __init__(self, way: Way, connections: int) -> None:
        parts = urlsplit(way.origin)
        self.way = way
        self.signer = Signer(parts.netloc, way.region)
        self.pool = _pool(way, connections)
        self.stand_ins = [_StandIn(handler, way.origin) for handler in _handlers()]


def _pool(way: Way, connections: int) -> HTTPConnectionPool:
    parts = urlsplit(way.origin)
    timeout = Timeout(CONNECT_SECONDS, READ_SECONDS)
    if parts.scheme == "http":
        return HTTPConnectionPool(cast(str, parts.hostname), parts.port, timeout=timeout, maxsize=connections)
    # One for all connections: reading the certificates takes each of them ten milliseconds and a megabyte.
    context = ssl.create_default_context(cafile=way.certificates or _certifis())
    return HTTPSConnectionPool(
        cast(str, parts.hostname), parts.port, timeout=timeout, maxsize=connections, ssl_context=context
    )


def _certifis() -> str:
    import certifi

    return certifi.where()


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
