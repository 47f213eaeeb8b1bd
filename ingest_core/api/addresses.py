"""Which addresses a host may have: what its name resolves to is judged, and what was judged is connected to."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

from ingest_core.codes import Code
from ingest_core.errors import StopError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

MOST_ADDRESSES = 8
# IPv6 addresses that carry an IPv4 address are judged by that one: RFC 6052 (NAT64, its well-known prefix).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# The metadata service of EC2 over IPv6; over IPv4 it is link-local. Refused even where private addresses are allowed.
_METADATA = {ipaddress.IPv6Address("fd00:ec2::254"), ipaddress.IPv6Address("fd00:ec2::23")}


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, by the system's resolver, in its order, each once. Raises OSError."""
    found = socket.getaddrinfo(as_bytes(host), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def as_bytes(host: str) -> str | bytes:
    """A host for the standard library's look-ups: text would go through the codec of international names, which costs
    each process 2 ms and 1.6 MB.
    """
    return host.encode() if host.isascii() else host


def allowed_addresses(host: str, port: int, *, private: bool, resolve: Resolve = resolve) -> list[str]:
    """At most MOST_ADDRESSES addresses of `host`, judged: whoever connects to these asks no resolver again.

    A host that is loopback by its name or number is to be loopback. Any other is to be public, or private where
    `private` says so. One address that is neither refuses them all. Raises StopError, and OSError where there is none.
    """
    on_loopback = is_loopback(host)
    found = resolve(host, port)
    for address in found:
        kind = _kind(ipaddress.ip_address(address))
        wanted = {"loopback"} if on_loopback else {"public", "private"} if private else {"public"}
        if kind not in wanted:
            hint = "network: {private: true} in the config allows it" if kind == "private" else "mend its name in DNS"
            what = f"{host} is at {address}, a {kind} address, where no request of a source may go"
            raise StopError(what, Code.API_ADDRESS, hint=hint)
    return found[:MOST_ADDRESSES]


def is_loopback(host: str) -> bool:
    """Whether a URL's host names this machine and nothing else."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _kind(address: IpAddress) -> str:
    """`public`, `private`, `loopback`, `link-local`, `metadata` or `reserved`."""
    if address in _METADATA:
        return "metadata"
    inner = _carried(address)
    if inner is not None:
        # Whoever writes a loopback address like this means to get past a check.
        kind = _kind(inner)
        return "reserved" if kind == "loopback" else kind
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast or address.is_reserved or address.is_unspecified:
        return "reserved"
    if address.is_global:
        return "public"
    return "private" if address.is_private else "reserved"


def _carried(address: IpAddress) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside an IPv6 address: mapped, NAT64, 6to4 or Teredo."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
