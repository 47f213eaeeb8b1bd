"""What went over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest_core.api.meter import Meter


@dataclass
class Traffic:
    """What went over the wire so far. Written under the lock of its Api, read by whoever reports.

    `answered` counts the requests that came to an end: whatever the answer was, it was no passing trouble. `meter` says
    when, and what landed meanwhile.
    """

    requests: int = 0
    answered: int = 0
    retries: int = 0
    throttled: int = 0
    problem: str = ""
    meter: Meter = field(default_factory=Meter)
