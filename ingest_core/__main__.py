"""`python -m ingest_core` is the command `ingest`."""

from ingest_core.cli import main

main()
