"""The state of runs: claim, plan, intents, parts, quarantine, manifest."""

from ingest_core.state.claim import LEASE_SECONDS, RENEW_SECONDS, SAFETY_SECONDS, Claim, Wanted, acquire, lease_of
from ingest_core.state.files import (
    FORMAT,
    Absent,
    Account,
    BatchFile,
    Frozen,
    Handed,
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
from ingest_core.state.history import DAYS_LOOKED_BACK, History, histories
from ingest_core.state.inventory import Inventory
from ingest_core.state.share import Share, Ticket, ticket_of
from ingest_core.state.store import Round, RunStore, Told, weight_of

__all__ = [
    "DAYS_LOOKED_BACK",
    "FORMAT",
    "LEASE_SECONDS",
    "RENEW_SECONDS",
    "SAFETY_SECONDS",
    "Absent",
    "Account",
    "BatchFile",
    "Claim",
    "Frozen",
    "Handed",
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
    "Share",
    "Ticket",
    "Told",
    "Wanted",
    "acquire",
    "decode",
    "encode",
    "histories",
    "lease_of",
    "ticket_of",
    "weight_of",
]
