"""The template, translated once; the folder of tests/lambda, whose function and layer these tests deploy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "lambda"), str(HERE.parents[1] / "layer")]

from translated import Deployed  # noqa: E402 -- found on the path that the line above extends


@pytest.fixture(scope="session")
def deployed() -> Deployed:
    """The stack with the template's own defaults."""
    return Deployed()
