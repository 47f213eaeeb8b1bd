"""A run: plan, land, commit. `engine` draws it; the other modules are its parts."""

from ingest_core.run.account import keep_account
from ingest_core.run.engine import abandon, coordinate, forget_checkpoint, plan, probe, replay, run, runs
from ingest_core.run.job import HandOver, Hands, Job
from ingest_core.run.progress import Progress, Snapshot
from ingest_core.run.spread import Mapper
from ingest_core.run.steps import land

__all__ = [
    "HandOver",
    "Hands",
    "Job",
    "Mapper",
    "Progress",
    "Snapshot",
    "abandon",
    "coordinate",
    "forget_checkpoint",
    "keep_account",
    "land",
    "plan",
    "probe",
    "replay",
    "run",
    "runs",
]
