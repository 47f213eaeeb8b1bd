"""Where slices of a run are landed beside the process that has its claim: processes of this machine, and Dask's."""

from ingest_core.workers.processes import ProcessMapper, processes
from ingest_core.workers.setting import Setting

__all__ = ["ProcessMapper", "Setting", "processes"]
