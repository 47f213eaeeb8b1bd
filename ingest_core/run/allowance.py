"""How many records a run may land, for `--limit`."""

from __future__ import annotations

import threading


class Allowance:
    """Counts records down from `limit`; without a limit it is never spent. Thread-safe."""

    def __init__(self, limit: int | None) -> None:
        self._left = limit
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Counts one record; False where none may land any more."""
        with self._lock:
            if self._left is None:
                return True
            self._left -= 1
            return self._left >= 0

    def is_spent(self) -> bool:
        with self._lock:
            return self._left is not None and self._left <= 0

    @property
    def left(self) -> int | None:
        """Records that may still land; None without a limit."""
        with self._lock:
            return None if self._left is None else max(0, self._left)
