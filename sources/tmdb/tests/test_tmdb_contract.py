"""The TMDB source keeps the contract."""

from ingest_core.testing import SourceContract


class TestTmdb(SourceContract):
    source = "tmdb"
