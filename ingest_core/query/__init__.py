"""SQL over what runs landed: the `[sql]` extra."""

from ingest_core.query.lexing import is_complete, without_end
from ingest_core.query.session import Session
from ingest_core.query.staging import Origin
from ingest_core.query.streams import landed_streams
from ingest_core.query.structure import quoted

__all__ = ["Origin", "Session", "is_complete", "landed_streams", "quoted", "without_end"]
