"""The state of runs: claim, plan, intents, parts, quarantine, manifest."""

from ingest_core.state.claim import LEASE_SECONDS, RENEW_SECONDS, SAFETY_SECONDS, Claim, Wanted, acquire
from ingest_core.state.files import (
    FORMAT,
    Absent,
    BatchFile,
    Frozen,
    Intent,
    Landed,
    Manifest,
    Part,
    Phase,
    PlanSegment,
    Provenance,
    Quarantined,
    RunState,
    decode,
    encode,
)
from ingest_core.state.history import History, histories
from ingest_core.state.store import Inventory, Round, RunStore, Told

__all__ = [
    "FORMAT",
    "LEASE_SECONDS",
    "RENEW_SECONDS",
    "SAFETY_SECONDS",
    "Absent",
    "BatchFile",
    "Claim",
    "Frozen",
    "History",
    "Intent",
    "Inventory",
    "Landed",
    "Manifest",
    "Part",
    "Phase",
    "PlanSegment",
    "Provenance",
    "Quarantined",
    "Round",
    "RunState",
    "RunStore",
    "Told",
    "Wanted",
    "acquire",
    "decode",
    "encode",
    "histories",
]
