"""From a config's `network:` to the transport that its requests go through."""

from __future__ import annotations

import select
import sys
from functools import cached_property

from ingest_core.api.network import Network
from ingest_core.api.transport import HttpRequest, HttpResponse, Transport
from ingest_core.engine import Engine


def open_transport(connections: int, network: Network | None = None, engine: Engine = Engine.AUTO) -> Transport:
    """What sends up to `connections` requests at a time. Makes none itself; raises UsageError without the engine."""
    if not engine.is_fast("" if hasattr(select, "poll") else "this system has no poll()"):
        return _by_requests(connections, network)
    from ingest_core.api.transport_native import NativeTransport

    return _UnlessMocked(NativeTransport(connections, network), connections, network)


def _by_requests(connections: int, network: Network | None) -> Transport:
    from ingest_core.api.transport_requests import RequestsTransport, new_session  # 60 ms of a cold start

    return RequestsTransport(new_session(connections, network))


class _UnlessMocked:
    """The native transport; and requests', as long as a test has put something else in its adapter's place."""

    def __init__(self, native: Transport, connections: int, network: Network | None) -> None:
        self._native = native
        self._connections = connections
        self._network = network

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        transport = self._mocked if _is_mocked() else self._native
        return transport.send(request, seconds=seconds, max_bytes=max_bytes)

    @cached_property
    def _mocked(self) -> Transport:
        return _by_requests(self._connections, self._network)


def _is_mocked() -> bool:
    """Whether `responses`, or another like it, answers for requests in this process."""
    adapters = sys.modules.get("requests.adapters")
    return adapters is not None and adapters.HTTPAdapter.send.__module__ != adapters.__name__
