"""A run: plan, land, commit. `engine` draws it; the other modules are its parts."""

from ingest_core.run.engine import plan, probe, run
from ingest_core.run.job import Job
from ingest_core.run.progress import Progress, Snapshot

__all__ = ["Job", "Progress", "Snapshot", "plan", "probe", "run"]
