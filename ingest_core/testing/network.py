"""Who a trial connects to behind the back of `ctx.api`."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def connections_beside(allowed: set[str]) -> Iterator[list[str]]:
    """Inside the block, connections to other hosts than `allowed` are refused; the list fills with their addresses.

    It stands in the way of the whole process, so a trial that uses it runs alone.
    """
    tried: list[str] = []
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in allowed:
            tried.append(f"{address[0]}:{address[1]}")
            raise ConnectionRefusedError("the contract test lets a source connect through ctx.api alone")
        connect(self, address)

    setattr(socket.socket, "connect", guarded)  # noqa: B010 -- mypy knows that a method is not to be replaced
    try:
        yield tried
    finally:
        setattr(socket.socket, "connect", connect)  # noqa: B010
