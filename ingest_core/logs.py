"""INGEST_LOG: how much is logged."""

from __future__ import annotations

import logging
from collections.abc import Mapping


def wanted_level(environment: Mapping[str, str], otherwise: int) -> int:
    """The level that INGEST_LOG names, such as debug; `otherwise` where it names none."""
    return logging.getLevelNamesMapping().get(environment.get("INGEST_LOG", "").upper(), otherwise)
