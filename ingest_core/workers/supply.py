"""The pieces of one round on their way to workers: what is to be handed out, and to whom how much of the API."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Hashable, Iterable

from ingest_core.errors import IngestError
from ingest_core.run.shares import Shares
from ingest_core.run.spread import Allotment, Done, Piece
from ingest_core.state import Ticket
from ingest_core.workers.messages import Land


class Supply:
    """Used by one thread. A piece that has cost `tries` workers their lives is left to the run itself.

    `is_over` once nothing is to begin any more; `broken` says why, where a worker could not land anything.
    """

    def __init__(self, ticket: Ticket, pieces: Iterable[Piece], whole: Allotment, tries: int) -> None:
        self.is_over = False
        self.broken: IngestError | None = None
        self._ticket = ticket
        self._left = iter(pieces)
        self._again: deque[Piece] = deque()
        self._begun: Counter[int] = Counter()
        self._most = tries
        self._shares = Shares(whole)

    def next_order(self, hand: Hashable, busy: int, workers: int) -> Land | None:
        """What a `hand` is to do now, so many others being busy; None where there is nothing, or no share, for it."""
        # As many as can be handed out at once are looked at: the last ones share the rate among fewer.
        self._again.extend(itertools.islice(self._left, max(0, workers - busy - len(self._again))))
        if self.is_over or not self._again:
            return None
        given = self._shares.give(hand, min(workers, busy + len(self._again)))
        if given is None:
            return None
        piece = self._again.popleft()
        self._begun[piece.number] += 1
        return Land(self._ticket, piece, given, workers)

    def begun(self, piece: Piece) -> int:
        """How often a piece was handed out."""
        return self._begun[piece.number]

    def hear(self, hand: Hashable, done: Done, *, is_last: bool) -> None:
        """What a hand has done since it was last heard; its share is free again where that was the last of a piece."""
        self._shares.hear(hand, done)
        if is_last:
            self._shares.take_back(hand)

    def lose(self, hand: Hashable, piece: Piece | None) -> None:
        """The hand is gone, with a piece: another has it."""
        self._shares.take_back(hand)
        if piece is not None and self._begun[piece.number] < self._most:
            self._again.append(piece)

    def give_up(self, hand: Hashable, why: IngestError) -> None:
        """The hand cannot land anything, and no other could."""
        self.is_over, self.broken = True, why
        self._shares.take_back(hand)
