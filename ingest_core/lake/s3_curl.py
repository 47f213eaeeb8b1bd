"""Requests to S3 by libcurl: a PUT costs a twentieth of what urllib3's pool takes of Python's lock."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import certifi
import pycurl

from ingest_core.curl import header_line, headers_in
from ingest_core.lake.s3_carrier import CONNECT_SECONDS, READ_SECONDS, Answered, NoAnswerError
from ingest_core.lake.s3_way import Way
from ingest_core.trust import Trust

if TYPE_CHECKING:
    from ingest_core.lake.s3_pool import PoolCarrier

WHOLE_SECONDS = 10
MOST_BYTES = 4_000_000  # of a body: larger ones might not be through in that time, and libcurl copies each
# In place of libcurl's own headers: one costs a round trip, one says nothing, one too much.
OURS = [b"Expect:", b"Accept:", b"User-Agent: ingest-core"]
_KINDS = {
    pycurl.E_COULDNT_CONNECT: "no connection",
    pycurl.E_COULDNT_RESOLVE_HOST: "no such host",
    pycurl.E_OPERATION_TIMEDOUT: "no answer in time",
    pycurl.E_PEER_FAILED_VERIFICATION: "a certificate that is not trusted",
}


class CurlCarrier:
    """By as many handles of libcurl as there are threads at a time, a connection each; `connections` are kept."""

    def __init__(self, way: Way, connections: int) -> None:
        self._way = way
        self._trust = Trust(way.certificates or certifi.where())
        self._connections = connections
        # The last one used is the next one taken: few connections, and warm ones.
        self._idle: deque[_Handle] = deque(maxlen=connections)
        self._pool: PoolCarrier | None = None
        self._making = threading.Lock()

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        if len(body) > MOST_BYTES:
            return self._by_urllib3().send(method, target, headers, body)
        lines = OURS + [header_line(name, value) for name, value in headers.items()]
        try:
            handle = self._idle.pop()
        except IndexError:
            handle = _Handle(self._way, self._trust)
        try:
            return handle.send(method, target, lines, body)
        finally:
            self._idle.append(handle)

    def open(self, target: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        """By urllib3: libcurl pushes, and who reads a file pulls."""
        return self._by_urllib3().open(target, headers)

    def _by_urllib3(self) -> PoolCarrier:
        from ingest_core.lake.s3_pool import PoolCarrier

        with self._making:
            self._pool = self._pool or PoolCarrier(self._way, self._connections)
            return self._pool

    def close(self) -> None:
        """Ends the connections that are kept. What is under way comes to its end."""
        while self._idle:
            self._idle.pop().close()
        if self._pool is not None:
            self._pool.close()


class _Handle:
    """One request at a time, and the connection that it leaves open."""

    def __init__(self, way: Way, trust: Trust) -> None:
        self._origin = way.origin
        self._host = urlsplit(way.origin).hostname or ""
        self._is_secure = way.origin.startswith("https:")
        self._trust = trust
        self._lines: list[bytes] = []
        self._pieces: list[bytes] = []
        self._curl = curl = pycurl.Curl()
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.PATH_AS_IS, 1)
        curl.setopt(pycurl.PROXY, "")  # none, whatever the environment says: then the way would be boto3's
        curl.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        curl.unsetopt(pycurl.CAPATH)
        self._trusts_few = trust.give(curl, self._host)
        curl.setopt(pycurl.CONNECTTIMEOUT, CONNECT_SECONDS)
        curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)
        curl.setopt(pycurl.LOW_SPEED_TIME, READ_SECONDS)
        curl.setopt(pycurl.WRITEFUNCTION, self._pieces.append)

    def close(self) -> None:
        self._curl.close()

    def send(self, method: str, target: str, lines: list[bytes], body: bytes) -> Answered:
        curl = self._curl
        curl.setopt(pycurl.URL, self._origin + target)
        curl.setopt(pycurl.HTTPHEADER, lines)
        if method == "PUT":
            curl.setopt(pycurl.POSTFIELDS, body)
        else:
            curl.setopt(pycurl.HTTPGET, 1)
        curl.setopt(pycurl.CUSTOMREQUEST, method)
        if method == "GET":
            curl.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        else:
            curl.unsetopt(pycurl.HEADERFUNCTION)  # each line would wait for Python's lock, and nobody asks for them
        self._lines.clear()
        self._pieces.clear()
        try:
            self._perform()
        except pycurl.error as error:
            raise NoAnswerError(_KINDS.get(error.args[0], f"libcurl's error {error.args[0]}")) from None
        finally:
            if body:
                curl.setopt(pycurl.POSTFIELDS, b"")  # or its copy would be kept until the next one
        if self._is_secure:
            self._trust.learn(curl, self._host)
        headers = headers_in(self._lines) if method == "GET" else []
        if headers is None:
            raise NoAnswerError("the headers break off")
        told = b"".join(self._pieces)
        self._pieces.clear()
        return Answered(curl.getinfo(pycurl.RESPONSE_CODE), dict(headers), told)

    def _perform(self) -> None:
        until = time.monotonic() + WHOLE_SECONDS
        self._curl.setopt(pycurl.TIMEOUT_MS, 1000 * WHOLE_SECONDS)
        try:
            self._curl.perform()
        except pycurl.error as error:
            if not self._trusts_few or not self._trust.widen(self._host, error.args[0]):
                raise
            self._trusts_few = self._trust.give(self._curl, self._host)
            self._curl.setopt(pycurl.TIMEOUT_MS, max(1, int(1000 * (until - time.monotonic()))))
            self._curl.perform()
