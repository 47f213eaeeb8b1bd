"""Looking after a lake that runs have written: what there is, whether it is right, and what may go."""

from ingest_core.upkeep.contents import Amount, DayContents, contents, everything
from ingest_core.upkeep.finding import Sighting, find, read_record
from ingest_core.upkeep.overview import RunLine, Standings, lines, standing, standings
from ingest_core.upkeep.pruning import Pruned, lifecycle_rules, prunable, prune
from ingest_core.upkeep.records import DamagedError, Holding, bodies, holdings
from ingest_core.upkeep.verification import Subject, Verdict, Wrong, newest_committed, verify

__all__ = [
    "Amount",
    "DamagedError",
    "DayContents",
    "Holding",
    "Pruned",
    "RunLine",
    "Sighting",
    "Standings",
    "Subject",
    "Verdict",
    "Wrong",
    "bodies",
    "contents",
    "everything",
    "find",
    "holdings",
    "lifecycle_rules",
    "lines",
    "newest_committed",
    "prunable",
    "prune",
    "read_record",
    "standing",
    "standings",
    "verify",
]
