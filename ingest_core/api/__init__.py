"""HTTP for sources: pacing, retry, limits, signing and classification live here and nowhere else."""

from ingest_core.api.client import Api
from ingest_core.api.meter import Meter
from ingest_core.api.network import Network
from ingest_core.api.nothing import NoApi
from ingest_core.api.opening import open_transport
from ingest_core.api.pacer import Pacer
from ingest_core.api.redact import Redactor
from ingest_core.api.retry import Limits
from ingest_core.api.target import require_https
from ingest_core.api.traffic import Traffic
from ingest_core.api.transport import HttpRequest, HttpResponse, Transport, TransportError

__all__ = [
    "Api",
    "HttpRequest",
    "HttpResponse",
    "Limits",
    "Meter",
    "Network",
    "NoApi",
    "Pacer",
    "Redactor",
    "Traffic",
    "Transport",
    "TransportError",
    "open_transport",
    "require_https",
]
