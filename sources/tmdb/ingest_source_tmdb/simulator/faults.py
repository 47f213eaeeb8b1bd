"""Transient faults: what goes wrong on the way to a good answer, and heals when asked again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from ingest_source_tmdb.simulator.draw import Draw
from ingest_source_tmdb.simulator.refusals import INTERNAL, OFFLINE, OVER_LIMIT, Answer

Fault: TypeAlias = Literal["", "internal", "offline", "over-limit", "reset", "truncated"]

KINDS: Final[tuple[Fault, ...]] = ("internal", "offline", "over-limit", "reset", "truncated")
# The faults that are answers of their own; the others spoil the good answer.
ANSWERS: Final[Mapping[Fault, Answer]] = {"internal": INTERNAL, "offline": OFFLINE, "over-limit": OVER_LIMIT}
# No more than this many faults in a row for one request: a client with two retries always gets through.
_MOST: Final = 2


class Faults:
    """Which attempt at which request meets which fault: fixed by the seed, the request and the number of the attempt.

    Threads and timing therefore change nothing: the n-th GET of a URL always fares the same.
    """

    def __init__(self, seed: int, share: float) -> None:
        self._seed = seed
        self._share = share
        # Request: attempts so far, and faults met since the last good answer.
        self._met: dict[str, tuple[int, int]] = {}

    def next(self, request: str) -> Fault:
        """The fate of one more attempt at the request: "" for none."""
        if not self._share:
            return ""
        attempts, running = self._met.get(request, (0, 0))
        draw = Draw(self._seed, "fault", attempts, request)
        struck = draw.chance(self._share) and running < _MOST
        self._met[request] = (attempts + 1, running + 1 if struck else 0)
        return draw.pick(KINDS) if struck else ""
