"""An S3 in memory that costs as little as Python allows, for measuring clients: `python quick_s3.py [--latency S]`.

PUT with If-None-Match and If-Match, GET with metadata, DELETE, ListObjectsV2 (one page of all), `GET /-/objects` (MD5
and size of each object as JSON) and `POST /-/reset`. Signatures are not checked: whether ours are right is shown
against moto and Ceph. It prints its address first; the body of a request is read before anything is answered.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import hashlib
import json
import signal
import sys
from dataclasses import dataclass, field
from email.utils import format_datetime, formatdate
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EMPTY = b""


@dataclass(slots=True)
class Stored:
    """One object."""

    body: bytes
    md5: str
    metadata: list[tuple[bytes, bytes]]
    written: dt.datetime


@dataclass(slots=True)
class Bucket:
    """All objects by path (`/bucket/key`), and how many requests came, by kind."""

    objects: dict[str, Stored] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests on it are answered in turn."""

    def __init__(self, bucket: Bucket, latency: float) -> None:
        self._bucket = bucket
        self._latency = latency
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._is_continued = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            lines = bytes(self._buffer[:end]).split(b"\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
            length = int(headers.get(b"content-length", b"0"))
            if len(self._buffer) < end + 4 + length:
                if headers.get(b"expect") == b"100-continue" and not self._is_continued:
                    self._is_continued = True
                    self._send(CONTINUE)
                return
            body = bytes(self._buffer[end + 4 : end + 4 + length])
            del self._buffer[: end + 4 + length]
            self._is_continued = False
            if headers.get(b"content-encoding", b"").startswith(b"aws-chunked"):
                body = unchunked(body)
            method, target, _ = lines[0].split(b" ", 2)
            answer = self._answer(method.decode(), target.decode(), headers, body)
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._send, answer)
            else:
                self._send(answer)

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _answer(self, method: str, target: str, headers: dict[bytes, bytes], body: bytes) -> bytes:
        parts = urlsplit(target)
        path = unquote(parts.path)
        if path.startswith("/-/"):
            return self._control(path)
        query = parse_qs(parts.query, keep_blank_values=True)
        is_bucket = path.count("/") == 1
        kind = "LIST" if "list-type" in query else "BUCKET" if is_bucket else method
        self._bucket.requests[kind] = self._bucket.requests.get(kind, 0) + 1
        if kind == "LIST":
            return listing(self._bucket, path, query)
        if is_bucket:
            return reply(200)  # the bucket itself is made
        found = self._bucket.objects.get(path)
        if method == "PUT":
            return self._put(path, headers, body, found)
        if method == "DELETE":
            self._bucket.objects.pop(path, None)
            return reply(204)
        if found is None:
            return reply(404) if method == "HEAD" else refusal(404, "NoSuchKey")
        written = format_datetime(found.written, usegmt=True).encode()
        told = [(b"ETag", b'"%s"' % found.md5.encode()), (b"Last-Modified", written), *found.metadata]
        return reply(200, EMPTY if method == "HEAD" else found.body, told, len(found.body))

    def _put(self, path: str, headers: dict[bytes, bytes], body: bytes, found: Stored | None) -> bytes:
        if headers.get(b"if-none-match") == b"*" and found is not None:
            return refusal(412, "PreconditionFailed")
        wanted = headers.get(b"if-match")
        if wanted is not None and found is None:
            return refusal(404, "NoSuchKey")
        if wanted is not None and found is not None and wanted.strip(b'"') != found.md5.encode():
            return refusal(412, "PreconditionFailed")
        kept = [(name, value) for name, value in headers.items() if name.startswith((b"x-amz-meta-", b"content-type"))]
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self._bucket.objects[path] = Stored(body, md5, kept, dt.datetime.now(dt.UTC))
        return reply(200, headers=[(b"ETag", b'"%s"' % md5.encode())])

    def _control(self, path: str) -> bytes:
        if path == "/-/reset":
            self._bucket.objects.clear()
            self._bucket.requests.clear()
            return reply(200)
        if path == "/-/requests":
            return reply(200, json.dumps(self._bucket.requests).encode())
        return reply(200, json.dumps({p: (s.md5, len(s.body)) for p, s in self._bucket.objects.items()}).encode())


def unchunked(body: bytes) -> bytes:
    """The payload of an aws-chunked body, its trailers dropped."""
    whole, at = bytearray(), 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].split(b";")[0], 16)
        if not size:
            return bytes(whole)
        whole += body[end + 2 : end + 2 + size]
        at = end + 4 + size


def listing(bucket: Bucket, path: str, query: dict[str, list[str]]) -> bytes:
    """ListObjectsV2, never truncated."""
    top = f"{path.rstrip('/')}/"
    prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
    contents, folders = [], set()
    for name, stored in sorted(bucket.objects.items()):
        key = name.removeprefix(top)
        if not name.startswith(top) or not key.startswith(prefix):
            continue
        rest = key[len(prefix) :]
        if delimiter and delimiter in rest:
            folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
            continue
        size, tag, written = len(stored.body), stored.md5, f"{stored.written:%Y-%m-%dT%H:%M:%S.000Z}"
        contents.append(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{written}</LastModified>"
            f'<Size>{size}</Size><ETag>"{tag}"</ETag></Contents>'
        )
    commons = "".join(f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in sorted(folders))
    text = f"<ListBucketResult><IsTruncated>false</IsTruncated>{''.join(contents)}{commons}</ListBucketResult>"
    return reply(200, text.encode(), [(b"Content-Type", b"application/xml")])


def refusal(status: int, code: str) -> bytes:
    """An error as S3 words it."""
    return reply(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())


def reply(status: int, body: bytes = EMPTY, headers: list[tuple[bytes, bytes]] | None = None, size: int = -1) -> bytes:
    """One answer; `size` where the body is left out (HEAD)."""
    told = b"".join(b"%s: %s\r\n" % pair for pair in headers or [])
    length = len(body) if size < 0 else size
    date = formatdate(usegmt=True).encode()
    return b"HTTP/1.1 %d X\r\nDate: %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, date, length, told, body)


async def serve(port: int, latency: float) -> None:
    """Until SIGTERM or SIGINT."""
    bucket, loop, ended = Bucket(), asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Connection(bucket, latency), "127.0.0.1", port, backlog=512)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    print(f"S3 at http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await ended.wait()
    server.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="quick_s3.py")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="before each answer")
    asked = parser.parse_args()
    asyncio.run(serve(asked.port, asked.latency))
    return 0


if __name__ == "__main__":
    sys.exit(main())
