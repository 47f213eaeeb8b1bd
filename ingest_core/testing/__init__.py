"""Contract tests for sources: three lines in a plugin's own test folder.

    from ingest_core.testing import SourceContract

    class TestThings(SourceContract):
        source = "things"

Needs pytest (`pip install 'ingest-core[testing]'`).
"""

from ingest_core.testing.contract import SourceContract
from ingest_core.testing.lake import MemoryLake
from ingest_core.testing.transport import CannedTransport, Exchange, RecordingTransport
from ingest_core.testing.trial import Trial, land

__all__ = ["CannedTransport", "Exchange", "MemoryLake", "RecordingTransport", "SourceContract", "Trial", "land"]
