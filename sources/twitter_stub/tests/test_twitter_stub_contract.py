"""The Twitter stub keeps the contract."""

from ingest_core.testing import SourceContract


class TestTwitterStub(SourceContract):
    source = "twitter_stub"
