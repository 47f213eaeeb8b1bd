"""How requests leave: pinned addresses, a deadline over every read, and the choices of a config's `network:`."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from socket import create_connection

from msgspec import Struct

from ingest_core.api.addresses import Resolve, allowed_addresses, as_bytes, is_loopback, resolve

ENVIRONMENT = "environment"
_UNTIL: ContextVar[float] = ContextVar("until", default=float("inf"))


class Network(Struct, frozen=True):
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
        # With it come http.client, ssl and email: a sixth of a cold start that has no proxy.
        from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

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


def left(most: float) -> float:
    """Seconds that are left of the exchange, `most` at most. Raises TimeoutError where there are none."""
    seconds = min(most, _UNTIL.get() - time.monotonic())
    if seconds <= 0:
        raise TimeoutError("the time of this exchange is up")
    return seconds


def connect(
    host: str,
    port: int,
    seconds: float,
    *,
    private: bool,
    resolve: Resolve = resolve,
    options: Sequence[tuple[int, int, int | bytes]] = (),
) -> socket.socket:
    """A connection to the first address of `host` that answers, each for `seconds` at most and no longer than `left`.

    They are judged, and connected to as they were judged: a second look-up could answer otherwise. Raises StopError
    where one may not be asked, gaierror where there is none, OSError where none answers.
    """
    failed: OSError | None = None
    for address in allowed_addresses(host, port, private=private, resolve=resolve):
        try:
            made = create_connection((as_bytes(address), port), left(seconds))  # type: ignore[arg-type]
        except OSError as error:
            failed = error
            continue
        for option in options:
            made.setsockopt(*option)
        return made
    raise failed or OSError("there is no address")
