"""Contract tests for sources: three lines in a plugin's own test folder.

    from ingest_core.testing import SourceContract

    class TestThings(SourceContract):
        source = "things"

Needs pytest (`pip install 'ingest-core[testing]'`).
"""

from ingest_core.recording import Exchange, RecordingTransport
from ingest_core.testing.checks import CHECKS, Breach, Unanswerable
from ingest_core.testing.clock import SkippingClock
from ingest_core.testing.contract import SourceContract
from ingest_core.testing.lake import MemoryLake
from ingest_core.testing.subject import Subject
from ingest_core.testing.transport import CannedTransport, FaultyTransport
from ingest_core.testing.trial import Conditions, Trial, land

__all__ = [
    "CHECKS",
    "Breach",
    "CannedTransport",
    "Conditions",
    "Exchange",
    "FaultyTransport",
    "MemoryLake",
    "RecordingTransport",
    "SkippingClock",
    "SourceContract",
    "Subject",
    "Trial",
    "Unanswerable",
    "land",
]
