"""The transports, by name: what the tests of this folder hold all of them to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingest_core.api import Network
from ingest_core.api.adapter import Adapter
from ingest_core.api.addresses import Resolve, resolve
from ingest_core.api.transport_native import NativeTransport
from ingest_core.api.transport_requests import RequestsTransport, new_session

AnyTransport = RequestsTransport | NativeTransport
MakeTransport = Callable[..., AnyTransport]


def by_requests(connections: int = 2, network: Network | None = None, resolve: Resolve = resolve) -> AnyTransport:
    session = new_session(connections, network)
    adapter: Any = Adapter(network or Network(), connections, resolve)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return RequestsTransport(session)


def native(connections: int = 2, network: Network | None = None, resolve: Resolve = resolve) -> AnyTransport:
    return NativeTransport(connections, network, resolve)


TRANSPORTS: dict[str, MakeTransport] = {"requests": by_requests, "native": native}
