"""A run: plan, land, commit. `engine` draws it; the other modules are its parts."""

from ingest_core.run.engine import abandon, forget_checkpoint, plan, probe, replay, run, runs
from ingest_core.run.job import HandOver, Job
from ingest_core.run.progress import Progress, Snapshot
from ingest_core.run.spread import Mapper

__all__ = [
    "HandOver",
    "Job",
    "Mapper",
    "Progress",
    "Snapshot",
    "abandon",
    "forget_checkpoint",
    "plan",
    "probe",
    "replay",
    "run",
    "runs",
]
