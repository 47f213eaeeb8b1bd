"""Where a request goes: from a path and parameters to a URL on an allowed host."""

from __future__ import annotations

import ipaddress
from urllib.parse import quote, urlencode, urlsplit

from ingest_core.errors import PluginError, UndeclaredHostError, UsageError
from ingest_core.model import Connection, Request

_SAFE_IN_PATH = "/:@!$&'()*+,;=-._~%"


class Target:
    """The hosts of one connection and the way to build a URL for them."""

    def __init__(self, connection: Connection) -> None:
        base = urlsplit(connection.base_url)
        if base.query or base.fragment or base.username or base.password:
            raise UsageError(f"base URL {_bare(connection.base_url)}: no query, fragment or user name belongs in it")
        self.base_url = connection.base_url.rstrip("/")
        self._host = _host(self.base_url)
        self._hosts = {self._host, *(host.lower() for host in connection.hosts)}
        require_https(self.base_url)

    def url(self, request: Request) -> str:
        """The URL of `request`, unsigned. Raises PluginError where the path or the host is not allowed."""
        path = request.path
        if "://" in path:
            require_https(path)
            if _host(path) not in self._hosts:
                raise UndeclaredHostError(
                    f"request to {_host(path)}: not a host of this source",
                    hint="name it in Connection(hosts=…), or give a path below the base URL",
                )
            whole = path
        else:
            whole = self.base_url + _checked_path(path)
        query = urlencode([(name, _text(name, value)) for name, value in request.params.items() if value is not None])
        return f"{whole}{'&' if '?' in whole else '?'}{query}" if query else whole


def require_https(url: str) -> None:
    """Raises UsageError unless `url` is https, or http on loopback."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname and _is_loopback(parts.hostname):
        return
    raise UsageError(f"{_bare(url)}: only https is used (http on loopback alone)", hint="write https://…")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(url: str) -> str:
    parts = urlsplit(url)
    return (parts.hostname or "").lower() + (f":{parts.port}" if parts.port else "")


def _bare(url: str) -> str:
    """`url` without what could hold a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{_host(url)}{parts.path}"


def _checked_path(path: str) -> str:
    if not path.startswith("/") or ".." in path.split("/") or any(mark in path for mark in "?#\\"):
        raise PluginError(
            f"request path {path!r}: it begins with '/', has no '..', '?', '#' or '\\'",
            hint="parameters go into params; quote an id that comes from outside with urllib.parse.quote(id, safe='')",
        )
    return quote(path, safe=_SAFE_IN_PATH)


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise PluginError(f"request parameter {name!r}: a {type(value).__name__} cannot be sent; give a string or a number")
