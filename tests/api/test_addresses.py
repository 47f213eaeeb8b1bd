"""What a name resolves to is judged before anything connects, and what was judged is what is connected to."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from transports import MakeTransport

from ingest_core.api import HttpRequest, TransportError
from ingest_core.api.addresses import MOST_ADDRESSES, allowed_addresses, resolve
from ingest_core.errors import StopError

PRIVATE = ["10.0.0.1", "172.16.9.9", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"]
NEVER = [
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "0.0.0.0",
    "::",
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fd00:ec2::254",
    "224.0.0.1",
    "ff02::1",
    "240.0.0.1",
    "255.255.255.255",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "2002:a9fe:a9fe::1",
    "2002:7f00:1::",
]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]


def at(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda host, port: list(addresses)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert allowed_addresses("api.example.org", 443, private=False, resolve=at(address)) == [address]


@pytest.mark.parametrize("address", PRIVATE + NEVER)
def test_any_other_address_is_refused_by_name(address: str) -> None:
    with pytest.raises(StopError, match=r"api\.example\.org is at") as raised:
        allowed_addresses("api.example.org", 443, private=False, resolve=at(address))
    assert address in raised.value.what


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_allowed_where_the_config_says_so(address: str) -> None:
    if address == "100.64.0.1":
        with pytest.raises(StopError):  # shared address space: a provider's own, where AWS keeps services too
            allowed_addresses("api.example.org", 443, private=True, resolve=at(address))
    else:
        assert allowed_addresses("api.example.org", 443, private=True, resolve=at(address)) == [address]


@pytest.mark.parametrize("address", NEVER)
def test_loopback_link_local_and_metadata_are_refused_even_so(address: str) -> None:
    with pytest.raises(StopError):
        allowed_addresses("api.example.org", 443, private=True, resolve=at(address))


def test_one_bad_address_among_good_ones_refuses_them_all() -> None:
    with pytest.raises(StopError):
        allowed_addresses("api.example.org", 443, private=False, resolve=at(PUBLIC[0], "169.254.169.254"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_loopback_is_loopback_and_nothing_else(host: str) -> None:
    assert allowed_addresses(host, 80, private=False, resolve=at("127.0.0.1", "::1")) == ["127.0.0.1", "::1"]
    with pytest.raises(StopError):
        allowed_addresses(host, 80, private=False, resolve=at(PUBLIC[0]))


def test_a_name_with_a_thousand_addresses_is_tried_at_the_first_few() -> None:
    many = [f"93.184.{n // 250}.{n % 250 + 1}" for n in range(1000)]
    assert allowed_addresses("api.example.org", 443, private=False, resolve=at(*many)) == many[:MOST_ADDRESSES]


def test_what_was_judged_is_connected_to_and_no_second_look_up_is_made(
    make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that says something else the second time (DNS rebinding) gains nothing."""
    said = iter([["93.184.216.34"], ["127.0.0.1"]])
    asked: list[tuple[bytes, int]] = []

    def connect(where: tuple[bytes, int], *_: object, **__: object) -> socket.socket:
        asked.append(where)
        raise OSError("no network in this test")

    monkeypatch.setattr("ingest_core.api.network.create_connection", connect)
    transport = make_transport(1, resolve=lambda host, port: next(said))
    with pytest.raises(TransportError, match="the connection failed"):
        transport.send(HttpRequest("https://api.example.org/x", {}), seconds=5, max_bytes=10)
    assert asked == [(b"93.184.216.34", 443)]


@pytest.mark.parametrize("host", ["api.example.org", "93.184.216.34", "2606:2800::1", "bücher.example", "a" * 70])
def test_a_host_is_looked_up_as_ever(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | bytes] = []

    def look_up(name: str | bytes, *_: object, **__: object) -> list[object]:
        asked.append(name)
        return [(2, 1, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    assert resolve(host, 443) == ["93.184.216.34"]
    assert asked == [host.encode() if host.isascii() else host]


def test_a_refused_address_stops_the_run_and_is_not_tried_again(make_transport: MakeTransport) -> None:
    asked: list[str] = []

    def link_local(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["169.254.169.254"]

    with pytest.raises(StopError, match=r"169\.254\.169\.254, a link-local address"):
        make_transport(1, resolve=link_local).send(
            HttpRequest("https://api.example.org/x", {}), seconds=5, max_bytes=10
        )
    assert asked == ["api.example.org"]


def test_a_name_that_nobody_knows_is_a_failure_that_passes(make_transport: MakeTransport) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(TransportError, match="the connection failed") as raised:
        make_transport(1, resolve=unknown).send(HttpRequest("https://api.example.org/x", {}), seconds=5, max_bytes=10)
    assert not raised.value.permanent
