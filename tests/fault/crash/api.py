"""The made-up API as a server on loopback. It notes what it was asked for and each byte it sent: `python -m crash.api`.

GET /<catalog>/list/<page>    {"pages": …, "items": [{"id": …}, …]}
GET /<catalog>/rows/<page>    {"items": [row, …]}
GET /<catalog>/thing/<id>     the thing, or 404
GET /log/<date>               what was asked and sent for that date
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from crash.catalog import Catalog, Document

SLOWEST_SECONDS = 0.004


class Ledger:
    """What was asked for, how often, and the digests of what was sent. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Counter[str]] = {}
        self._sent: dict[str, dict[str, dict[str, str]]] = {}

    def ask(self, catalog: Catalog, path: str) -> int:
        """Notes a request; returns how often it has been made by now."""
        with self._lock:
            asked = self._asked.setdefault(catalog.date, Counter())
            asked[path] += 1
            return asked[path]

    def send(self, catalog: Catalog, documents: list[Document]) -> None:
        """Notes what is about to be sent."""
        with self._lock:
            sent = self._sent.setdefault(catalog.date, {})
            for document in documents:
                digests = sent.setdefault(f"{catalog.edition}/{document.stream}/{document.id}", {})
                digests[_digest(document.sent)] = _digest(document.tight)

    def of(self, date: str) -> dict[str, Any]:
        """`requests`, `again` (those made before), and `sent`: edition/stream/id → digest as sent → digest tight."""
        with self._lock:
            asked = self._asked.get(date, Counter())
            return {"requests": asked.total(), "again": asked.total() - len(asked), "sent": self._sent.get(date, {})}


class Handler(BaseHTTPRequestHandler):
    """One connection of a client that may be killed at any time."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    ledger = Ledger()

    def do_GET(self) -> None:
        """Answers one request."""
        _, root, *rest = self.path.split("/")
        if root == "log":
            self._answer(200, json.dumps(self.ledger.of(rest[0])).encode())
            return
        catalog, (kind, which) = Catalog.at(root), rest
        seen = self.ledger.ask(catalog, self.path)
        time.sleep(random.uniform(0, SLOWEST_SECONDS))
        if kind == "list":
            items = [{"id": str(number)} for number in catalog.refs(int(which))]
            self._answer(200, json.dumps({"pages": catalog.list_pages, "items": items}).encode())
        elif kind == "rows":
            documents = catalog.page_of_rows(int(which), seen)
            self.ledger.send(catalog, documents)
            self._answer(200, b'{"items": [' + b", ".join(document.sent for document in documents) + b"]}")
        elif catalog.has_thing(int(which)):
            document = catalog.thing(int(which), seen)
            self.ledger.send(catalog, [document])
            self._answer(200, document.sent)
        else:
            self._answer(404, b'{"error": "gone"}')

    def _answer(self, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """The ledger is the log."""


class Server(ThreadingHTTPServer):
    """Killed clients are nothing to tell about."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def main() -> None:
    """Serves until standard input is closed."""
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
