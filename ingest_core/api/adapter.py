"""requests' adapter, whose connections go to addresses that were judged, and end in time."""

from __future__ import annotations

import io
import socket
from http.client import HTTPResponse, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

from ingest_core.api.addresses import Resolve, resolve
from ingest_core.api.network import Network, connect, left
from ingest_core.api.transport import CONNECT_SECONDS


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
        self._sock.settimeout(left(self._most or float("inf")))
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
    """As urllib3 connects, but to the addresses that were judged."""
    try:
        return connect(
            connection.host,
            connection.port,
            float(connection.timeout or CONNECT_SECONDS),
            private=private,
            resolve=resolve,
            options=connection.socket_options or (),
        )
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except OSError as error:
        raise NewConnectionError(connection, "no address of this host answers") from error
