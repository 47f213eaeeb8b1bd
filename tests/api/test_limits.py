"""Limits that hold: a slow drip, a turn that comes too late."""

from __future__ import annotations

import math
import socket
import threading

import pytest
from transports import MakeTransport

from ingest_core.api import HttpRequest, Pacer, TransportError
from ingest_core.testing import SkippingClock


def test_a_body_that_drips_ends_with_the_limit_and_not_with_the_drip(make_transport: MakeTransport) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            try:
                while not stop.wait(0.05):
                    connection.sendall(b"x")
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    request = HttpRequest(f"http://127.0.0.1:{server.getsockname()[1]}/", {})
    try:
        with pytest.raises(TransportError, match=r"no answer in time|too slowly"):
            make_transport(1).send(request, seconds=0.5, max_bytes=10_000)
    finally:
        stop.set()
        thread.join()
        server.close()


def test_a_turn_that_comes_after_the_deadline_is_not_waited_for() -> None:
    clock = SkippingClock()
    pacer = Pacer(10, clock)
    pacer.refused(110)
    began = clock.monotonic()
    assert pacer.wait(threading.Event(), lambda: 40.0) is False
    assert clock.monotonic() - began < 1
    assert pacer.wait(threading.Event(), lambda: math.inf) is True
