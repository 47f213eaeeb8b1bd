"""What pytest finds through the entry point `pytest11`: fixtures for the tests of a source."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ingest_core.testing import Trial
    from ingest_core.testing.lake import MemoryLake


@pytest.fixture
def memory_lake() -> MemoryLake:
    """An empty lake in memory."""
    from ingest_core.testing import MemoryLake

    return MemoryLake()


@pytest.fixture
def land_source() -> Callable[..., Trial]:
    """`land_source(source, settings, transport)`: one run of a Source into memory; see `ingest_core.testing.land`."""
    from ingest_core.testing import land

    def run(source: Any, settings: Any = None, transport: Any = None) -> Trial:
        return land(source, settings or {}, transport)

    return run
