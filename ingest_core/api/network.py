"""How requests leave: pinned addresses, a deadline over every read, and the choices of a config's `network:`."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined] # not in typeshed

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from ingest_core.api.addresses import Resolve, allowed_addresses, is_loopback, resolve

ENVIRONMENT = "environment"
_UNTIL: ContextVar[float] = ContextVar("until", default=float("inf"))


@dataclass(frozen=True, slots=True)
class Network:
    """What a config's `network:` says. Nothing of the environment counts unless it says so.

    proxy      the URL of a proxy, or "environment": HTTPS_PROXY and NO_PROXY. It resolves names, and so the addresses
               of the API are its affair
    ca_bundle  a file of certificates to trust in place of certifi's, as where TLS ends at a proxy of one's company
    private    whether hosts may be at private addresses (10.0.0.0/8 and the like; never link-local ones)
    """

    proxy: str | None = None
    ca_bundle: str | None = None
    private: bool = False

    def proxies(self, host: str) -> Mapping[str, str]:
        """The proxies for a host, by scheme."""
        if self.proxy is None or is_loopback(host):
            return {}
        if self.proxy != ENVIRONMENT:
            return {"https": self.proxy}
        known = getproxies_environment()
        is_meant = "https" in known and not proxy_bypass_environment(host, known)
        return {"https": known["https"]} if is_meant else {}


@contextmanager
def ends_at(moment: float) -> Iterator[None]:
    """Around an exchange: no connecting and no reading of it goes on past `moment` of the monotonic clock."""
    token = _UNTIL.set(moment)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def _left(most: float) -> float:
    left = min(most, _UNTIL.get() - time.monotonic())
    if left <= 0:
        raise TimeoutError("the time of this exchange is up")
    return left


class _TimedFile(io.RawIOBase):
    """A socket's file that reads no longer than the exchange may last.

    A socket's own limit counts from each byte: a status line, headers or `100 Continue` that drip would last for ever.
    """

    def __init__(self, raw: io.RawIOBase, sock: Any) -> None:
        self._raw = raw
        self._sock = sock
        self._most = sock.gettimeout()
        self.is_at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._most or float("inf")))
        count = self._raw.readinto(buffer)
        self.is_at_end = self.is_at_end or count == 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: Any, *arguments: Any, **more: Any) -> None:
        super().__init__(sock, *arguments, **more)
        self._file = _TimedFile(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._file)

    def begin(self) -> None:
        """http.client takes headers that break off for whole ones: 200, no length, an empty body."""
        super().begin()
        if self._file.is_at_end:
            raise RemoteDisconnected("the headers were cut short")


class Adapter(HTTPAdapter):
    """requests' adapter, whose connections go to addresses that were judged, and end in time."""

    def __init__(self, network: Network, connections: int, resolve: Resolve = resolve) -> None:
        self._network = network
        self._direct = _pools(network.private, resolve)
        self._through_proxy = _pools(None, resolve)
        super().__init__(pool_connections=4, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = self._direct

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **more)
        manager.pool_classes_by_scheme = self._through_proxy
        return manager

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        host = urlsplit(request.url or "").hostname or ""
        return super().get_connection_with_tls_context(request, verify, dict(self._network.proxies(str(host))), cert)


def _pools(private: bool | None, resolve: Resolve) -> dict[str, type[HTTPConnectionPool]]:
    """Pools of timed connections, to judged addresses; `private` is None where a proxy of one's own choice is asked."""

    class Plain(HTTPConnection):
        response_class = _TimedResponse

        def _new_conn(self) -> Any:
            return super()._new_conn() if private is None else _connect(self, private, resolve)

    class Secure(HTTPSConnection):
        response_class = _TimedResponse

        def _new_conn(self) -> Any:
            return super()._new_conn() if private is None else _connect(self, private, resolve)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _connect(connection: HTTPConnection, private: bool, resolve: Resolve) -> Any:
    """As urllib3 connects, to the addresses that were judged and no other: a second look-up could answer otherwise."""
    try:
        addresses = allowed_addresses(connection.host, connection.port, private=private, resolve=resolve)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    failed: OSError | None = None
    for address in addresses:
        try:
            limit = _left(float(connection.timeout or 10.0))
            return create_connection((address, connection.port), limit, socket_options=connection.socket_options)
        except OSError as error:
            failed = error
    raise NewConnectionError(connection, "no address of this host answers") from failed
