"""Where a request goes: from a path and parameters to a URL on an allowed host."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from ingest_core.api.addresses import is_loopback
from ingest_core.codes import Code
from ingest_core.errors import PluginError, UndeclaredHostError, UsageError
from ingest_core.model import Connection, Request

_READ_DIFFERENTLY = "\\ \t\r\n"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+")
_SAFE_IN_PATH = "/:@!$&'()*+,;=-._~%"


class Target:
    """The hosts of one connection and the way to build a URL for them."""

    def __init__(self, connection: Connection) -> None:
        require_https(connection.base_url)
        base = urlsplit(connection.base_url)
        if base.query or base.fragment:
            raise UsageError(f"base URL {_bare(connection.base_url)}: no query or fragment belongs in it", Code.API_URL)
        self.base_url = connection.base_url.rstrip("/")
        self._public = {host.lower() for host in connection.public_hosts} - {_host(base)}
        self._hosts = {_host(base), *(host.lower() for host in connection.hosts), *self._public}

    def url(self, request: Request) -> str:
        """The URL of `request`, unsigned. Raises PluginError where the path or the host is not allowed."""
        whole = (
            self._absolute(request.path) if _SCHEME.match(request.path) else self.base_url + _checked_path(request.path)
        )
        given = tuple((name, _text(name, value)) for name, value in request.params.items() if value is not None)
        try:
            query = _encoded(given)
        except UnicodeEncodeError:
            raise PluginError(
                f"request to {request.path!r}: a parameter cannot be written as UTF-8", Code.SOURCE_REQUEST
            ) from None
        return f"{whole}{'&' if '?' in whole else '?'}{query}" if query else whole

    def is_public(self, url: str) -> bool:
        """Whether `url`, as `url` built it, goes to a host that is asked without a key."""
        return bool(self._public) and not url.startswith(self.base_url + "/") and _host(urlsplit(url)) in self._public

    def _absolute(self, url: str) -> str:
        parts = _split(url)
        if parts is None:
            raise PluginError(
                "request to a URL that is none, or has a user name in it: not a host of this source",
                Code.SOURCE_REQUEST,
            )
        require_https(url)
        if _host(parts) not in self._hosts:
            raise UndeclaredHostError(
                f"request to {_host(parts)}: not a host of this source",
                Code.SOURCE_HOST,
                hint="name it in Connection(hosts=…), or give a path below the base URL",
            )
        _checked_path(parts.path or "/")
        return url


def require_https(url: str) -> None:
    """Raises UsageError unless `url` is https, or http on loopback."""
    parts = _split(url)
    if parts is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    ):
        return
    raise UsageError(f"{_bare(url)}: only https is used (http on loopback alone)", Code.API_URL, hint="write https://…")


def _split(url: str) -> SplitResult | None:
    """The parts of a URL that every parser reads alike; None for any other, and for one with a user name."""
    if any(mark in url for mark in _READ_DIFFERENTLY):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return parts if parts.hostname and port != 0 and "@" not in parts.netloc else None


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").lower() + (f":{parts.port}" if parts.port else "")


def _bare(url: str) -> str:
    """`url` without what could hold a secret."""
    parts = _split(url)
    return "(not a URL)" if parts is None else f"{parts.scheme}://{_host(parts)}{parts.path}"


@lru_cache(maxsize=128)
def _encoded(given: tuple[tuple[str, str], ...]) -> str:
    """As a query; details are asked for by the thousand with the same parameters."""
    return urlencode(given)


def _checked_path(path: str) -> str:
    if _PLAIN_PATH.fullmatch(path):
        return path
    dots = any(unquote(segment) in {".", ".."} for segment in path.split("/"))
    if not path.startswith("/") or dots or any(mark in path for mark in "?#\\"):
        raise PluginError(
            f"request path {path!r}: it begins with '/', and has no '.' or '..' segment, no '?', '#' or '\\'",
            Code.SOURCE_REQUEST,
            hint="parameters go into params; quote an id that comes from outside with urllib.parse.quote(id, safe='')",
        )
    return quote(path, safe=_SAFE_IN_PATH)


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise PluginError(
        f"request parameter {name!r}: a {type(value).__name__} cannot be sent; give a string or a number",
        Code.SOURCE_REQUEST,
    )
