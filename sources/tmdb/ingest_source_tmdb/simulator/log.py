"""What was asked of the simulator, and what it did about it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

# A simulator left running for days must not eat the machine.
_KEPT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request, in the order in which they arrived.

    ``seconds`` counts from the simulator's start. ``path`` is as sent, /3 included, percent-decoded. ``query`` holds
    every pair as sent, with the value of a key or token replaced by "". ``authenticated`` says whether the credentials
    were right; ``status`` is 0 where the connection was reset, ``fault`` is "" where no fault was injected, and
    ``bytes`` is the number of body bytes sent, after compression and truncation.
    """

    sequence: int
    seconds: float
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    authenticated: bool
    status: int
    fault: str
    bytes: int


class RequestLog:
    """Written by the serving thread, read by any: the last million requests, and how many there have been in all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[LoggedRequest] = deque(maxlen=_KEPT)
        self._served = 0

    @property
    def served(self) -> int:
        return self._served

    def add(self, entry: LoggedRequest) -> None:
        with self._lock:
            self._served += 1
            self._kept.append(entry)

    def snapshot(self) -> tuple[LoggedRequest, ...]:
        with self._lock:
            return tuple(self._kept)

    def clear(self) -> None:
        """Forget what is kept; the count and the sequence numbers go on."""
        with self._lock:
            self._kept.clear()
