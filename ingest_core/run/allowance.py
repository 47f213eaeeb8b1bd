"""How many records a run may land, for `--limit`."""

from __future__ import annotations

import threading


class Allowance:
    """Counts records down from `limit`; without a limit it is never spent. Thread-safe."""

    def __init__(self, limit: int | None) -> None:
        self._left = limit
        self._lock = threading.Lock()

    def take(self) -> None:
        """Counts one record."""
        with self._lock:
            if self._left is not None:
                self._left -= 1

    def is_spent(self) -> bool:
        with self._lock:
            return self._left is not None and self._left <= 0

    @property
    def left(self) -> int | None:
        """Records that may still land; None without a limit."""
        with self._lock:
            return None if self._left is None else max(0, self._left)
