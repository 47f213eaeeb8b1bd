"""One keep-alive connection: requests in, replies out, in the order asked."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final

from ingest_source_tmdb.simulator import refusals
from ingest_source_tmdb.simulator.desk import Desk
from ingest_source_tmdb.simulator.payload import pack
from ingest_source_tmdb.simulator.reply import Reply, compose
from ingest_source_tmdb.simulator.request import MalformedRequestError, read

# SO_LINGER on with zero seconds: closing then sends RST, where an ordinary close sends FIN (socket(7)).
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """Answers one request at a time: the next is read only once the last reply is written, which keeps their order
    whatever the latency. asyncio sets TCP_NODELAY itself, and each reply is one write."""

    def __init__(self, desk: Desk, latency: float, open_connections: set[Connection]) -> None:
        self._desk = desk
        self._latency = latency
        self._open = open_connections
        self._buffer = bytearray()
        self._busy = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for mypy: TCP servers give nothing else
        self._transport = transport
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _serve(self) -> None:
        while self._transport is not None and not self._busy and not self._transport.is_closing():
            try:
                request = read(self._buffer)
            except MalformedRequestError:
                # Nobody can tell where the next request would begin.
                self._send(compose(pack(refusals.MALFORMED, gzip=False), headless=False, last=True))
                return
            if request is None:
                return
            reply = self._desk.reply(request)
            if self._latency:
                self._busy = True
                asyncio.get_running_loop().call_later(self._latency, self._send_late, reply)
            else:
                self._send(reply)

    def _send_late(self, reply: Reply) -> None:
        self._busy = False
        self._send(reply)
        self._serve()

    def _send(self, reply: Reply) -> None:
        if self._transport is None:
            return
        if reply.reset:
            plain = self._transport.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self._transport.abort()
            return
        self._transport.write(reply.data)
        if reply.last:
            self._transport.close()
