"""A TCP proxy on loopback that can be closed and opened: a server that goes away and comes back, or drops answers."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LINGER_NOT = struct.pack("ii", 1, 0)


class Proxy:
    """Passes bytes on to `host:port`."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._server = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_away = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def go_away(self) -> None:
        """Every connection is reset, and so is every new one."""
        self._is_away = True
        self.cut()

    def come_back(self) -> None:
        """As before."""
        self._is_away = False

    def cut(self) -> None:
        """Resets every connection, whatever is on its way: answers among it."""
        with self._lock:
            cut, self._open = self._open, set()
        for one in cut:
            _reset(one)

    def close(self) -> None:
        self._is_away = True
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self._is_away:
                _reset(client)
                continue
            try:
                server = socket.create_connection(self._to, timeout=5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with self._lock:
            self._open -= {source, sink}
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        source.close()


def _reset(connection: socket.socket) -> None:
    """A reset instead of an orderly end."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def proxy(endpoint: str) -> Iterator[Proxy]:
    """A proxy before that endpoint, while the block runs."""
    host, port = endpoint.removeprefix("http://").split(":")
    made = Proxy(host, int(port))
    try:
        yield made
    finally:
        made.close()
