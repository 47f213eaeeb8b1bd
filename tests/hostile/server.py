"""The hostile API as a process of its own: `python -m tests.hostile.server SEED THINGS SHARE ONLY`.

GET /list/<walk>/<page>   {"total_pages": …, "items": [{"id": …}, …]}, empty past the end
GET /thing/<id>           the thing, or what is odd about it
GET /log                  what was sent: the oracle
"""

from __future__ import annotations

import hashlib
import json
import socket
import socketserver
import sys
import threading
from collections import Counter
from typing import Any
from urllib.parse import unquote

from .catalog import Catalog
from .faults import LANDED, ClosedError, Fault, Wire


class Log:
    """What was asked and what was sent. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._becomes: dict[str, tuple[str, str]] = {}
        self._tokens: Counter[str] = Counter()
        self.trapped = 0

    def ask(self, path: str) -> int:
        """Counts a request; returns how often it was made by now."""
        with self._lock:
            self._asked[path] += 1
            return self._asked[path]

    def send(self, name: str) -> None:
        """Counts an answer by the name of its fault."""
        with self._lock:
            self._sent[name] += 1

    def decide(self, id: str, becomes: str, what: str) -> None:
        """An id's last word: landed with this digest, or rejected, or missing, by this fault."""
        with self._lock:
            self._becomes[id] = (becomes, what)

    def told(self) -> dict[str, Any]:
        """All of it."""
        with self._lock:
            return {"sent": dict(self._sent), "becomes": dict(self._becomes), "trapped": self.trapped}


class Handler(socketserver.BaseRequestHandler):
    """One connection, kept as long as its client and the faults let it."""

    server: Server

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(connection, self.server.trap)
        waiting = b""
        try:
            while True:
                while b"\r\n\r\n" not in waiting:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    waiting += piece
                asked, _, waiting = waiting.partition(b"\r\n\r\n")
                self._answer(wire, asked.split(b" ", 2)[1].decode("latin-1"))
        except (ClosedError, OSError):
            return

    def _answer(self, wire: Wire, path: str) -> None:
        log, catalog = self.server.log, self.server.catalog
        if path == "/log":
            wire.answer(json.dumps(log.told()).encode())
            return
        asked = log.ask(path)
        fault = catalog.transient(path, asked)
        if fault is not None:
            log.send(fault.name)
            fault.send(wire, b'{"not": "yet"}')
            return
        _, kind, *rest = path.split("/")
        if kind == "list":
            walk, page = map(int, rest)
            items = [{"id": id} for id in catalog.walk(walk, page)]
            log.send("a list page")
            wire.answer(json.dumps({"total_pages": catalog.total_pages(walk, page, asked), "items": items}).encode())
            return
        id = unquote("/".join(rest))
        document, odd = catalog.document(id), catalog.odd(id)
        log.send(odd.name if odd else "sound")
        if odd is None or odd.becomes == LANDED:
            self._land(wire, id, document, odd)
        else:
            log.decide(id, odd.becomes, odd.name)
            odd.send(wire, document)

    def _land(self, wire: Wire, id: str, document: bytes, odd: Fault | None) -> None:
        log = self.server.log
        if odd is None:
            log.decide(id, LANDED, _digest(document))
            wire.answer(document)
            return
        changed = None
        try:
            changed = odd.send(wire, document)
        finally:
            log.decide(id, LANDED, _digest(document if changed is None else changed))


class Server(socketserver.ThreadingTCPServer):
    """The API, and the trap that a followed redirect would lead to."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.catalog = catalog
        self.log = Log()
        self._trap = socket.create_server(("127.0.0.1", 0))
        self.trap = int(self._trap.getsockname()[1])
        threading.Thread(target=self._catch, daemon=True).start()

    def _catch(self) -> None:
        while True:
            self._trap.accept()[0].close()
            self.log.trapped += 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def main() -> None:
    """Serves until standard input is closed."""
    seed, things, share, only = sys.argv[1:]
    server = Server(Catalog(int(seed), int(things), float(share), only))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
