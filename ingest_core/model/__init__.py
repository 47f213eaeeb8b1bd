"""The frozen values that travel between the modules, and the contract of a source."""

from ingest_core.model.answer import Answer, Outcome, Row, field_of, rows_of
from ingest_core.model.budget import FailureBudget
from ingest_core.model.layout import Batch, file_body
from ingest_core.model.record import Missing, Origin, Record, Rejected
from ingest_core.model.report import (
    LATENCY_MS,
    NO_TIMELINE,
    Counts,
    Fault,
    HandedOver,
    Report,
    Status,
    Timeline,
)
from ingest_core.model.secret import Secret, without_secrets
from ingest_core.model.source import (
    ApiClient,
    Auth,
    Connection,
    Context,
    Fetched,
    Planned,
    Request,
    Settings,
    Source,
    basic,
    bearer,
    header_key,
    query_key,
)
from ingest_core.model.value import Value
from ingest_core.model.work import Checkpoint, Note, Ref, Slice, Truncated, checked_stream

__all__ = [
    "LATENCY_MS",
    "NO_TIMELINE",
    "Answer",
    "ApiClient",
    "Auth",
    "Batch",
    "Checkpoint",
    "Connection",
    "Context",
    "Counts",
    "FailureBudget",
    "Fault",
    "Fetched",
    "HandedOver",
    "Missing",
    "Note",
    "Origin",
    "Outcome",
    "Planned",
    "Record",
    "Ref",
    "Rejected",
    "Report",
    "Request",
    "Row",
    "Secret",
    "Settings",
    "Slice",
    "Source",
    "Status",
    "Timeline",
    "Truncated",
    "Value",
    "basic",
    "bearer",
    "checked_stream",
    "field_of",
    "file_body",
    "header_key",
    "query_key",
    "rows_of",
    "without_secrets",
]
