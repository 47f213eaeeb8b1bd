"""A small S3 on loopback that does as a script says: real requests of the real client, and answers of S3's own form."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Script = Callable[["Asked", int], "Said | None"]
"""What to do with a request, given how many of its method came before; None: what S3 does."""


class Said(Exception):  # noqa: N818 -- no error: what the script answers with
    """An error of S3's, or (`code` empty) a connection that is reset; `applied` where a write was carried out first."""

    def __init__(
        self, status: int = 0, code: str = "", *, applied: bool = False, headers: tuple[str, ...] = ()
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.applied = applied
        self.headers = headers


class Asked:
    """One request: method, key, headers by lower-case name."""

    def __init__(self, method: str, key: str, headers: dict[str, str]) -> None:
        self.method = method
        self.key = key
        self.headers = headers

    @property
    def access_key(self) -> str:
        """Whose signature it carries."""
        return self.headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]

    @property
    def is_conditional(self) -> bool:
        """Whether it says `If-Match` or `If-None-Match`."""
        return bool({"if-match", "if-none-match"} & self.headers.keys())


class Handler(BaseHTTPRequestHandler):
    """GET and PUT of objects; GET /credentials as a container's metadata service gives them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ScriptedS3

    def do_PUT(self) -> None:
        """PutObject."""
        self._serve()

    def do_GET(self) -> None:
        """GetObject."""
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/credentials"):
            self._answer(200, json.dumps(self.server.give_credentials()).encode(), ("Content-Type: application/json",))
            return
        key = self.path.partition("?")[0].split("/", 2)[-1]
        asked = Asked(self.command, key, {name.lower(): value for name, value in self.headers.items()})
        said = self.server.decide(asked)
        if said is not None and not said.applied:
            self._refuse(said)
            return
        if "list-type=2" in self.path:
            self._answer(200, self.server.list(self.path), ("Content-Type: application/xml",))
            return
        done = self.server.put(asked, body) if self.command == "PUT" else self.server.get(asked)
        if said is not None:
            self._refuse(said)
        elif isinstance(done, Said):
            self._refuse(done)
        else:
            found, metadata = done
            tag = f'ETag: "{hashlib.md5(found).hexdigest()}"'
            self._answer(200, found if self.command == "GET" else b"", (tag, *metadata))

    def _refuse(self, said: Said) -> None:
        if not said.code:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        body = f"<?xml version='1.0'?><Error><Code>{said.code}</Code><Message>m</Message></Error>".encode()
        self._answer(said.status, body, ("Content-Type: application/xml", *said.headers))

    def _answer(self, status: int, body: bytes, headers: tuple[str, ...]) -> None:
        lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", f"Date: {self.date_time_string()}", *headers]
        self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """`asked` is the log."""


class ScriptedS3(ThreadingHTTPServer):
    """`asked` holds every request; `script` has its say before S3."""

    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._lock = threading.Lock()
        self._script = script
        self._objects: dict[str, tuple[bytes, tuple[str, ...]]] = {}
        self.asked: list[Asked] = []
        self.lifetimes: list[float] = []
        self.given = 0

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def decide(self, asked: Asked) -> Said | None:
        """What the script says."""
        with self._lock:
            before = sum(one.method == asked.method for one in self.asked)
            self.asked.append(asked)
        return self._script(asked, before)

    def put(self, asked: Asked, body: bytes) -> Said | tuple[bytes, tuple[str, ...]]:
        """As S3 does, conditions included."""
        metadata = tuple(f"{name}: {value}" for name, value in asked.headers.items() if name.startswith("x-amz-meta-"))
        with self._lock:
            there = self._objects.get(asked.key)
            if "if-none-match" in asked.headers and there is not None:
                return Said(412, "PreconditionFailed")
            if "if-match" in asked.headers:
                if there is None:
                    return Said(404, "NoSuchKey")
                if asked.headers["if-match"].strip('"') != hashlib.md5(there[0]).hexdigest():
                    return Said(412, "PreconditionFailed")
            self._objects[asked.key] = (body, metadata)
        return body, ()

    def get(self, asked: Asked) -> Said | tuple[bytes, tuple[str, ...]]:
        """The object, or NoSuchKey."""
        with self._lock:
            return self._objects.get(asked.key) or Said(404, "NoSuchKey")

    def list(self, path: str) -> bytes:
        """ListObjectsV2, all in one page."""
        query = parse_qs(urlsplit(path).query)
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        with self._lock:
            keys = sorted(key for key in self._objects if key.startswith(prefix))
        folders = {prefix + key.removeprefix(prefix).partition("/")[0] + "/" for key in keys} if delimiter else set()
        lines = [f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in sorted(folders)]
        lines += [f"<Contents><Key>{key}</Key><Size>1</Size></Contents>" for key in keys if not delimiter]
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{''.join(lines)}</ListBucketResult>".encode()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is none."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def empty(self) -> None:
        """Nothing lies in it any more."""
        with self._lock:
            self._objects.clear()

    def puts(self) -> list[Asked]:
        """The writes that were asked for."""
        return [asked for asked in self.asked if asked.method == "PUT"]

    def give_credentials(self) -> dict[str, str]:
        """The next ones; the last lifetime holds for all that follow."""
        with self._lock:
            seconds = self.lifetimes[min(self.given, len(self.lifetimes) - 1)]
            self.given += 1
            until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
            return {
                "AccessKeyId": f"AKIDEXAMPLE{self.given}",
                "SecretAccessKey": f"canary-secret-{self.given}",
                "Token": f"canary-token-{self.given}",
                "Expiration": until,
            }


@contextmanager
def scripted(script: Script) -> Iterator[ScriptedS3]:
    """Serves until the block ends."""
    with ScriptedS3(script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
