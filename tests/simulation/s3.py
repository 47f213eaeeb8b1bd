"""S3 as boto3 shows it: a server that all processes share, and the client of one of them."""

# ruff: noqa: N803 -- the names are those of boto3
from __future__ import annotations

import datetime as dt
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from .sites import BUSY, DELETE, GET, GHOST, LIST, LOST, PUT, PUT_NEW, RACED, RACED_ON, RETRIED, SWAP, UNSENT, site_of
from .steps import Steps
from .threads import EPOCH
from .world import Process, World

BUCKET = "lake"
MOST_CONFLICTS = 4  # after the first: as often as the lake tries


@dataclass(frozen=True, slots=True)
class Object:
    """One object as the server has it."""

    body: bytes
    etag: str
    metadata: Mapping[str, str]
    written: int


def refusal(status: int, code: str, action: str) -> ClientError:
    """The error that boto3 raises for an answer."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, action)


@functools.lru_cache(maxsize=4096)
def instant(seconds: int) -> dt.datetime:
    return EPOCH + dt.timedelta(seconds=seconds)


@functools.lru_cache(maxsize=4096)
def http_date(seconds: int) -> str:
    return format_datetime(instant(seconds), usegmt=True)


@dataclass
class Server:
    """The objects of one bucket. Its clock is `skew` seconds away from that of the world.

    `on_write` is told first, `on_read` of what has reached a process.
    """

    world: World
    skew: float = 0.0
    objects: dict[str, Object] = field(default_factory=dict)
    on_write: Callable[[str, bytes | None, Mapping[str, str]], None] = lambda key, body, metadata: None
    on_read: Callable[[Process, str, bytes], None] = lambda process, key, body: None

    @property
    def clock(self) -> int:
        return int(self.world.time + self.skew)

    def put(self, key: str, body: bytes, metadata: Mapping[str, str], if_none: bool, if_match: str | None) -> None:
        there = self.objects.get(key)
        if if_none and there is not None:
            raise refusal(412, "PreconditionFailed", "PutObject")
        if if_match is not None:
            if there is None:
                raise refusal(404, "NoSuchKey", "PutObject")
            if there.etag != if_match:
                raise refusal(412, "PreconditionFailed", "PutObject")
        self.on_write(key, body, metadata)
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        self.objects[key] = Object(body, etag, metadata, self.clock)

    def delete(self, key: str) -> None:
        if key in self.objects:
            self.on_write(key, None, {})
            del self.objects[key]


class Body:
    """The body of an answer."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self) -> bytes:
        return self._body


class Client:
    """What S3Lake calls of a boto3 client, for one process."""

    def __init__(self, server: Server, steps: Steps) -> None:
        self._server = server
        self._steps = steps
        self._conflicts: dict[str, int] = {}

    def _take(self, step: str, key: str, act: Callable[[], Any]) -> Any:
        def acting(fault: str | None) -> Any:
            if fault is None:
                return act()
            return self._act_on(fault, step, key, act)

        return self._steps.take("s3", site_of(key), step, key, acting)

    def _act_on(self, fault: str, step: str, key: str, act: Callable[[], Any]) -> Any:
        if fault is UNSENT:
            raise ConnectTimeoutError(endpoint_url=BUCKET)
        if fault is BUSY:
            raise refusal(503, "SlowDown", step)
        if fault is RACED or fault is RACED_ON:
            self._conflicts[key] = 0 if fault is RACED else MOST_CONFLICTS
            raise refusal(409, "ConditionalRequestConflict", step)
        if fault is GHOST:
            self._arrive_later(act)
            raise ReadTimeoutError(endpoint_url=BUCKET)
        answer = act()
        if fault is LOST:
            raise ReadTimeoutError(endpoint_url=BUCKET)
        if fault is RETRIED:
            return act()
        return answer

    def _arrive_later(self, act: Callable[[], Any]) -> None:
        """The client has given the request up; it is still on its way."""
        world, seconds = self._steps.process.world, self._steps.faults.seconds(GHOST)

        def arrive() -> None:
            world.current().in_flight = True
            world.sleep(seconds)
            with suppress(ClientError):
                act()

        world.network.spawn(arrive)

    def put_object(
        self,
        *,
        Bucket: str,
        Key: str,
        Body: bytearray,
        ContentType: str,
        Metadata: Mapping[str, str] | None = None,
        IfNoneMatch: str | None = None,
        IfMatch: str | None = None,
    ) -> None:
        step = PUT_NEW if IfNoneMatch else SWAP if IfMatch else PUT
        body, metadata, is_new = bytes(Body), Metadata or {}, IfNoneMatch is not None
        if self._conflicts.get(Key):
            self._conflicts[Key] -= 1
            raise refusal(409, "ConditionalRequestConflict", step)
        self._take(step, Key, lambda: self._server.put(Key, body, metadata, is_new, IfMatch))

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._take(GET, Key, lambda: self._get(Key))
        self._server.on_read(self._steps.process, Key, found["Body"].read())
        return found

    def _get(self, key: str) -> dict[str, Any]:
        there = self._server.objects.get(key)
        if there is None:
            raise refusal(404, "NoSuchKey", "GetObject")
        return {
            "Body": Body(there.body),
            "ETag": there.etag,
            "Metadata": dict(there.metadata),
            "LastModified": instant(there.written),
            "ResponseMetadata": {"HTTPHeaders": {"date": http_date(self._server.clock)}},
        }

    def delete_object(self, *, Bucket: str, Key: str) -> None:
        self._take(DELETE, Key, lambda: self._server.delete(Key))

    def get_paginator(self, name: str) -> Client:
        return self

    def paginate(self, *, Bucket: str, Prefix: str, Delimiter: str = "") -> Iterator[dict[str, Any]]:
        def look(fault: str | None) -> dict[str, Any]:
            if fault is BUSY or fault is LOST:
                raise refusal(503, "SlowDown", "ListObjectsV2")
            objects = self._server.objects
            keys = sorted(key for key in objects if key.startswith(Prefix))
            if not Delimiter:
                return {"Contents": [{"Key": key, "Size": len(objects[key].body)} for key in keys]}
            names = sorted({key[len(Prefix) :].partition("/")[0] for key in keys if "/" in key[len(Prefix) :]})
            return {"CommonPrefixes": [{"Prefix": f"{Prefix}{name}/"} for name in names]}

        yield self._steps.take("s3", "list", LIST, Prefix, look)
