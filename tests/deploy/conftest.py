"""The template, translated once; the folder of tests/lambda, whose function and layer these tests deploy."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "lambda"), str(HERE.parents[1] / "layer")]

from translated import Deployed  # noqa: E402 -- found on the path that the line above extends


@pytest.fixture(scope="session")
def deployed() -> Deployed:
    """The stack with the template's own defaults."""
    return Deployed()


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`/opt/python`, built for the Python that runs the tests."""
    from built_layer import build_layer

    built = build_layer(tmp_path_factory.mktemp("layer"), "--python", "{}.{}".format(*sys.version_info[:2]))
    opt = tmp_path_factory.mktemp("opt")
    with zipfile.ZipFile(built.zip) as archive:
        archive.extractall(opt)
    return opt / "python"
