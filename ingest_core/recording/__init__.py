"""Recorded answers of an API: made once by `ingest record`, free of secrets, answered from ever after."""

from ingest_core.recording.exchange import Exchange, RecordingTransport
from ingest_core.recording.folder import Recording, read_recording, write_recording
from ingest_core.recording.replay import ReplayTransport
from ingest_core.recording.scrub import PLACEHOLDER, Scrubber

__all__ = [
    "PLACEHOLDER",
    "Exchange",
    "Recording",
    "RecordingTransport",
    "ReplayTransport",
    "Scrubber",
    "read_recording",
    "write_recording",
]
