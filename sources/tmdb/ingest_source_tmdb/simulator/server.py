"""The simulator as its users hold it: a server on a thread of its own, its log, and the truth to compare with."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import date
from types import TracebackType
from typing import Final

from ingest_source_tmdb.simulator.answers import answer
from ingest_source_tmdb.simulator.catalog import Catalog, Kind
from ingest_source_tmdb.simulator.changed import changed_on
from ingest_source_tmdb.simulator.connection import Connection
from ingest_source_tmdb.simulator.desk import Desk
from ingest_source_tmdb.simulator.log import LoggedRequest, RequestLog
from ingest_source_tmdb.simulator.options import Options

_BACKLOG: Final = 1024
_DEFAULTS: Final = Options()


class Simulator:
    """A stand-in for TMDB's API v3 on loopback.

    A context manager: entering starts it, leaving stops it and breaks open connections. It may be started again after
    a stop, with its log kept and its faults and rate limit begun anew.
    """

    def __init__(self, options: Options = _DEFAULTS) -> None:
        self.options: Final = options
        self._catalog = Catalog(options)
        # A second catalog, because the oracle is asked from other threads than the one that serves.
        self._oracle = Catalog(options)
        self._log = RequestLog()
        self._base_url = ""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def base_url(self) -> str:
        """http://HOST:PORT/3, with no slash at the end. Raises RuntimeError before the first start."""
        if not self._base_url:
            raise RuntimeError("the simulator has not been started, so it has no address yet")
        return self._base_url

    @property
    def exports_url(self) -> str:
        """Where its files of ids lie."""
        return self.base_url.removesuffix("/3") + "/p/exports"

    @property
    def log(self) -> tuple[LoggedRequest, ...]:
        """Every request since the start or the last clear_log (the last million of them), oldest first."""
        return self._log.snapshot()

    @property
    def served(self) -> int:
        """How many requests have been answered or broken off in all, clear_log or not."""
        return self._log.served

    def clear_log(self) -> None:
        self._log.clear()

    def answer(self, path: str, query: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """The status and the body that a well-authenticated GET gets when no fault and no limit is in the way.

        The path may start with /3 or leave it out: "/movie/11" and "/3/movie/11" are one. Needs no running server.
        """
        return answer(self._oracle, path, query or {})

    def changed_on(self, kind: Kind, day: date) -> tuple[int, ...]:
        """The ids of a kind that change on a day."""
        return changed_on(self._oracle, kind, day)

    def start(self) -> Simulator:
        """Serve, from a thread of its own, until stop. Raises OSError where the port is taken, RuntimeError if started
        already."""
        if self._thread is not None:
            raise RuntimeError("the simulator is running already")
        listening = self._listen()
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listening, ready)), name="tmdb-simulator", daemon=True
        )
        self._thread.start()
        ready.result()
        return self

    def stop(self) -> None:
        """Stop serving; nothing happens if it is not running."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = self._stopping = None

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _listen(self) -> socket.socket:
        # Bound here and not by asyncio, so that a taken port is the caller's exception, and "localhost" is one address.
        host = self.options.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, self.options.port), family=family, backlog=_BACKLOG)
        shown = f"[{host}]" if family == socket.AF_INET6 else host
        self._base_url = f"http://{shown}:{listening.getsockname()[1]}/3"
        return listening

    async def _serve(self, listening: socket.socket, ready: Future[None]) -> None:
        loop = asyncio.get_running_loop()
        desk = Desk(self.options, self._catalog, self._log)
        connections: set[Connection] = set()
        server = await loop.create_server(
            lambda: Connection(desk, self.options.latency, connections), sock=listening, backlog=_BACKLOG
        )
        self._loop, self._stopping = loop, asyncio.Event()
        ready.set_result(None)
        await self._stopping.wait()
        server.close()
        for connection in tuple(connections):
            connection.abort()
        while connections:
            await asyncio.sleep(0)
