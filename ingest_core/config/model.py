"""A config, checked and complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from ingest_core.api import Network
from ingest_core.lake import S3Options
from ingest_core.model import Batch, FailureBudget


class Config(Struct, frozen=True):
    """One use of a source. `name` is the file's stem, `rate` requests a second over all workers, `timeout` seconds.

    `settings` are the plugin's own, with its defaults; secrets in them are `Secret`. `specification` maps a stream
    to the folder before the date, "*" standing for all others. `batch` is None where each record is an object of its
    own; `margin` is in seconds; `report` asks for a page in the lake after each run.
    """

    name: str
    source: str
    label: str
    lake: str
    timezone: ZoneInfo
    rate: float
    connections: int
    workers: int
    timeout: float
    max_failed: FailureBudget
    specification: Mapping[str, str]
    batch: Batch | None
    margin: float
    report: bool
    s3: S3Options
    network: Network
    settings: Mapping[str, Any]
