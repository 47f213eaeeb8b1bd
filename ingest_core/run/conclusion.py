"""From what happened to how a run ended."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ingest_core.codes import Code
from ingest_core.errors import IngestError, LockedError, StopError, TransientError
from ingest_core.model import FailureBudget, Status
from ingest_core.run.scheduler import Failure
from ingest_core.run.tally import Tally

SHOWN = 5


class Conclusion(Struct, frozen=True):
    """Whether to commit, and what to say. `error` decided the status; None where the run may commit."""

    status: Status
    error: IngestError | None
    problems: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code of a command that ends so: the error's own where the run failed."""
        if self.status is Status.FAILED and self.error is not None:
            return self.error.exit_code
        return self.status.exit_code


def conclude(failures: Sequence[Failure], tally: Tally, budget: FailureBudget, quarantine: str) -> Conclusion:
    """The end of a run whose rounds are over, closed or not. `quarantine` is where what it rejected lies."""
    counts = tally.counts()
    problems = tuple(tally.examples("rejected") + tally.examples("unaccounted") + tally.examples("conflict"))
    if failures:
        worst = min((failure.error for failure in failures), key=_patience)
        return Conclusion(status_of(worst), worst, _named(failures, worst) + problems)
    if counts.unaccounted:
        error = StopError(
            f"{counts.unaccounted} ids were asked of the source and it said nothing about them",
            Code.SOURCE_SILENT,
            hint="its fetch must yield a Record, a Missing or a Rejected for each of slice.ids",
        )
        return Conclusion(Status.FAILED, error, problems)
    tried = counts.rejected + counts.records
    if not budget.allows(counts.rejected, tried):
        error = StopError(
            f"{counts.rejected:,} of {tried:,} records ({_percent(counts.rejected / tried)}) are in the quarantine, "
            f"and max_failed allows {_allowed(budget)}",
            Code.QUARANTINE,
            hint=f"look at them in {quarantine}, or raise max_failed; the records that landed stay",
        )
        return Conclusion(Status.FAILED, error, problems)
    return Conclusion(Status.DONE, None, problems)


def _allowed(budget: FailureBudget) -> str:
    return f"{budget.count:,}" if budget.share is None else _percent(budget.share)


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%" if share < 0.1 else f"{100 * share:.0f}%"


def status_of(error: IngestError) -> Status:
    """How a run ends that this error ended."""
    if isinstance(error, LockedError):
        return Status.LOCKED
    return Status.PARTIAL if isinstance(error, TransientError) else Status.FAILED


def _named(failures: Sequence[Failure], worst: IngestError) -> tuple[str, ...]:
    """The first few failures in words; where one ended the run, not those that it took along."""
    told = [failure for failure in failures if failure.error is not worst]
    told = [failure for failure in told if _patience(failure.error) == _patience(worst)]
    others = f"and {len(failures) - SHOWN} more slices are open"
    named = [f"slice {failure.slice}: {failure.error.what}" for failure in told[:SHOWN]]
    return (*named, *([others] if len(failures) > SHOWN else []))


def _patience(error: IngestError) -> int:
    """What must be told first: whatever waiting does not mend."""
    if isinstance(error, LockedError):
        return 0
    return 2 if isinstance(error, TransientError) else 1
