"""A run: plan, land, commit. `engine` draws it; the other modules are its parts."""

from ingest_core.run.engine import plan, probe, run
from ingest_core.run.job import Job

__all__ = ["Job", "plan", "probe", "run"]
