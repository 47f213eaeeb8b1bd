"""How records lie in the lake: one object each, or many in a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of many records, one compact record a line: at most so many records **and** bytes in one."""

    records: int = 100
    bytes: int = 10_000_000
