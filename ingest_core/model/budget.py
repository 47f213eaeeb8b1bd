"""How much may fail before a run must not commit."""

from __future__ import annotations

from ingest_core.model.value import Value


class FailureBudget(Value, frozen=True):
    """How many records may lie in the quarantine and the run still commits: a count, or a share of what was tried."""

    count: int = 0
    share: float | None = None

    def allows(self, rejected: int, tried: int) -> bool:
        """Whether `rejected` of `tried` records may be missing from a committed run."""
        if self.share is not None:
            return rejected <= self.share * tried + 1e-9  # 29 of 100 are 29 %, whatever floats make of 0.29
        return rejected <= self.count
