"""The plugins that the contract is tried on."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def broken() -> ModuleType:
    """`tests/contract/broken.py`."""
    path = Path(__file__).with_name("broken.py")
    spec = importlib.util.spec_from_file_location("ingest_contract_broken", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
