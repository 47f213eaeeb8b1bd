"""Where records land: one port, a folder or S3 behind it."""

from ingest_core.lake.disk import DiskLake
from ingest_core.lake.opening import LAKE_THREADS, S3_SCHEME, lake_threads, mistake_in, open_file, open_lake
from ingest_core.lake.options import S3Options
from ingest_core.lake.port import Entry, Lake, Stored

__all__ = [
    "LAKE_THREADS",
    "S3_SCHEME",
    "DiskLake",
    "Entry",
    "Lake",
    "S3Options",
    "Stored",
    "lake_threads",
    "mistake_in",
    "open_file",
    "open_lake",
]
