"""Lambda's Invoke API on loopback, in front of one function.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from runtime_api import Outcome

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
Function = Callable[[Any], Outcome]


class RefusalError(Exception):
    """What Lambda itself says in place of an answer: an HTTP status, a code and a message."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


@contextmanager
def invoke_api(name: str, function: Function) -> Iterator[str]:
    """The address of a Lambda that knows the function `name` alone."""
    bound = type("_Bound", (_Handler,), {"name": name, "function": staticmethod(function)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class _Handler(BaseHTTPRequestHandler):
    name: str
    function: Function
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        try:
            found = _PATH.fullmatch(self.path)
            if found is None or found[1] != self.name:
                raise RefusalError(404, "ResourceNotFoundException", "Function not found")
            outcome = self.function(event)
        except RefusalError as refused:
            self._answer(refused.status, {"Message": refused.message}, {"X-Amzn-ErrorType": refused.code})
            return
        failed = {"X-Amz-Function-Error": "Unhandled"} if outcome.error is not None else {}
        self._answer(200, outcome.payload if outcome.error is None else outcome.error, failed)

    def _answer(self, status: int, told: Any, headers: dict[str, str]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {**headers, "X-Amz-Executed-Version": "$LATEST", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the test's output is the command's."""
