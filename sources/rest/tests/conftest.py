"""A run of the rest source against an API that a test spells out, into memory."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ingest_source_rest import ingest_sources

from ingest_core.model import Source
from ingest_core.testing import Conditions, Trial, land

# Appended, so that tests may import their helpers of this folder.
sys.path.append(str(Path(__file__).resolve().parent))

from rest_pages import BASE, LandPages, Pages, Reply


@pytest.fixture(scope="session")
def rest() -> Source:
    (source,) = ingest_sources()
    return source


@pytest.fixture
def land_pages(rest: Source) -> LandPages:
    """`land_pages(reply, stream, top=…)`: one run of one stream (several as a list)."""

    def run(
        reply: Reply | Pages,
        stream: Mapping[str, Any] | list[Any],
        conditions: Conditions | None = None,
        **settings: Any,
    ) -> Trial:
        streams = stream if isinstance(stream, list) else [{"name": "thing", "path": "/things", **stream}]
        transport = reply if isinstance(reply, Pages) else Pages(reply)
        return land(rest, {"base_url": BASE, "streams": streams, **settings}, transport, conditions)

    return run
