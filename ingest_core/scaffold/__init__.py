"""What `ingest new-source` writes: a source that runs and keeps the contract, from templates in this package."""

from ingest_core.scaffold.writing import Kind, write_source

__all__ = ["Kind", "write_source"]
