"""Lambda's Runtime API on loopback: what AWS's own bootstrap (awslambdaric) asks for its next event.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

ARN = "arn:aws:lambda:us-east-1:123456789012:function:ingest"
_PREFIX = "/2018-06-01/runtime"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended: `payload` is what the handler returned, `error` what Lambda says when it raised."""

    payload: Any = None
    error: Any = None


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way, with the moment (seconds since the epoch) at which Lambda would end it."""

    event: Any
    deadline: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcome: Future[Outcome] = field(default_factory=Future)


class RuntimeApi:
    """The server: one runtime asks it, one caller at a time invokes. A context manager."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._given: dict[str, Invocation] = {}
        self._pending: Invocation | None = None
        self._ended: Outcome | None = None
        self._is_settled = threading.Event()
        self._asked_at = 0.0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Bound", (_Handler,), {"api": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def address(self) -> str:
        """HOST:PORT, for AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event: Any, timeout_s: float) -> Outcome:
        """Hands over an event and waits for what becomes of it. Raises TimeoutError when the function's time is up."""
        with self._lock:
            if self._ended is not None:
                return self._ended
            invocation = Invocation(event, time.time() + timeout_s)
            self._pending = self._given[invocation.id] = invocation
        self._waiting.put(invocation)
        return invocation.outcome.result(timeout_s)

    def begin(self) -> None:
        """A new process is about to start: what waited for the one before it is let go, and its end is forgotten."""
        with self._lock:
            self._waiting.put(None)
            self._waiting = queue.Queue()
            self._ended = None
            self._is_settled.clear()

    def wait_until_ready(self, seconds: float) -> float:
        """Waits until the process has asked for its first event, or is gone; when that was, by the monotonic clock."""
        assert self._is_settled.wait(seconds), "the runtime neither came up nor ended"
        return self._asked_at

    def next(self) -> Invocation | None:
        """Blocks until there is an event; None means that the server stops."""
        with self._lock:
            waiting = self._waiting
        self._settle()
        return waiting.get()

    def _settle(self) -> None:
        if not self._is_settled.is_set():
            self._asked_at = time.monotonic()
            self._is_settled.set()

    def end(self, id: str, outcome: Outcome) -> None:
        """The runtime's word on one invocation."""
        with self._lock:
            self._given.pop(id).outcome.set_result(outcome)
            self._pending = None

    def fail(self, error: Any) -> None:
        """The runtime could not start, or is gone: this and every later invocation ends with the first such error."""
        with self._lock:
            self._ended = self._ended or Outcome(error=error)
            self._settle()
            if self._pending is not None:
                self._pending.outcome.set_result(self._ended)
                self._pending = None

    def __enter__(self) -> RuntimeApi:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    api: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: without this each call waits for an ACK

    def do_GET(self) -> None:
        invocation = self.api.next() if self.path == f"{_PREFIX}/invocation/next" else None
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
        }
        self._answer(200, json.dumps(invocation.event).encode(), headers)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match self.path.removeprefix(_PREFIX).strip("/").split("/"):
            case ["invocation", id, "response"]:
                self.api.end(id, Outcome(payload=body))
            case ["invocation", id, "error"]:
                self.api.end(id, Outcome(error=body))
            case ["init", "error"]:
                self.api.fail(body)
        self._answer(202, b"{}", {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the test's output is the function's."""
