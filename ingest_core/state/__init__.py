"""The state of runs: plan, parts, quarantine, manifest."""

from ingest_core.state.files import (
    FORMAT,
    Absent,
    Landed,
    Manifest,
    Part,
    PlanSegment,
    Provenance,
    Quarantined,
    decode,
    encode,
)
from ingest_core.state.store import History, RunStore

__all__ = [
    "FORMAT",
    "Absent",
    "History",
    "Landed",
    "Manifest",
    "Part",
    "PlanSegment",
    "Provenance",
    "Quarantined",
    "RunStore",
    "decode",
    "encode",
]
