"""Requests to S3 over urllib3's pool."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError

from ingest_core.lake.s3_carrier import CONNECT_SECONDS, READ_SECONDS, Answered, NoAnswerError
from ingest_core.lake.s3_way import Way

ONE_ATTEMPT: dict[str, Any] = {"retries": False, "redirect": False, "decode_content": False}


class PoolCarrier:
    """`connections` are kept."""

    def __init__(self, way: Way, connections: int) -> None:
        parts = urlsplit(way.origin)
        host, timeout = cast(str, parts.hostname), Timeout(CONNECT_SECONDS, READ_SECONDS)
        if parts.scheme == "http":
            self._pool = HTTPConnectionPool(host, parts.port, timeout=timeout, maxsize=connections)
        else:
            # One for all connections: reading the certificates takes each of them ten milliseconds and a megabyte.
            context = ssl.create_default_context(cafile=way.certificates or certifi.where())
            self._pool = HTTPSConnectionPool(
                host, parts.port, timeout=timeout, maxsize=connections, ssl_context=context
            )

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        try:
            answer = self._pool.urlopen(method, target, body=body or None, headers=headers, **ONE_ATTEMPT)
        except (HTTPError, OSError) as error:
            raise NoAnswerError(type(error).__name__) from error
        return Answered(answer.status, answer.headers, answer.data)

    def open(self, target: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        try:
            answer = self._pool.urlopen("GET", target, headers=headers, preload_content=False, **ONE_ATTEMPT)
        except (HTTPError, OSError) as error:
            raise NoAnswerError(type(error).__name__) from error
        return answer.status, _Body(answer)

    def close(self) -> None:
        self._pool.close()


class _Body:
    """A body that is read as it comes."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def read(self, size: int) -> bytes:
        try:
            return cast(bytes, self._answer.read(size))
        except (HTTPError, OSError) as error:
            raise NoAnswerError(type(error).__name__) from error

    def close(self) -> None:
        self._answer.close()
