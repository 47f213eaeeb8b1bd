"""Looking after a lake that runs have written: what there is, whether it is right, and what may go."""

from ingest_core.upkeep.overview import RunLine, lines, standing
from ingest_core.upkeep.pruning import Pruned, lifecycle_rules, prunable, prune
from ingest_core.upkeep.verification import Subject, Verdict, Wrong, newest_committed, verify

__all__ = [
    "Pruned",
    "RunLine",
    "Subject",
    "Verdict",
    "Wrong",
    "lifecycle_rules",
    "lines",
    "newest_committed",
    "prunable",
    "prune",
    "standing",
    "verify",
]
