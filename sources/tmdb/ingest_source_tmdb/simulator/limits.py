"""The rate limit: a token bucket."""

from __future__ import annotations

from collections.abc import Callable


class Bucket:
    """Lets ``rate`` requests a second through, and at first one second's worth (at least one) at once.

    ``clock`` gives seconds that never go back.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._burst = max(rate, 1.0)
        self._tokens = self._burst
        self._filled = clock()

    def take(self) -> bool:
        """Whether one more request is within the limit; a refused one costs nothing."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
