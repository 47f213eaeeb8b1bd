"""The template, translated; an account that has its bucket and role; the function of tests/lambda, and its layer."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ingest_source_tmdb.simulator import Simulator

HERE = Path(__file__).resolve().parent
# Appended, not put first: layer/build.py must not hide the package of that name.
ROOT = HERE.parents[1]
sys.path += [str(HERE), str(HERE.parent / "lambda"), str(ROOT / "layer"), str(ROOT / "deploy")]

from account import KEY, PARAMETER, SECRET, Account, strict_moto  # noqa: E402 -- found on the path extended above
from built_layer import build_layer  # noqa: E402 -- as above
from runtimes import RUNNING, Runtime, make_runtime  # noqa: E402 -- as above
from translated import Deployed  # noqa: E402 -- as above


@pytest.fixture(scope="session")
def deployed() -> Deployed:
    """The stack with the template's own defaults."""
    return Deployed()


@pytest.fixture(scope="session")
def stack() -> Deployed:
    """The stack with every kind of secret: nothing that its role can have is left out."""
    return Deployed(SsmParameterName=PARAMETER, SecretName=SECRET, SecretKeyArn=KEY)


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`/opt/python`, built for the Python that runs the tests."""
    built = build_layer(tmp_path_factory.mktemp("layer"), "--python", RUNNING)
    opt = tmp_path_factory.mktemp("opt")
    opt.chmod(0o755)
    with zipfile.ZipFile(built.zip) as archive:
        archive.extractall(opt)
    return opt / "python"


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """This Python, boto3's family and the bootstrap."""
    pytest.importorskip("awslambdaric", reason="awslambdaric, AWS's bootstrap, is not installed")
    runtime = make_runtime(RUNNING, tmp_path_factory.mktemp("var") / "runtime")
    assert runtime is not None
    return runtime


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with strict_moto() as address:
        yield address


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def account(
    runtime: Runtime, layer: Path, endpoint: str, stack: Deployed, simulator: Simulator, tmp_path: Path
) -> Account:
    """Nothing is in it before `set_up`."""
    return Account(endpoint, stack, simulator.options.token, tmp_path, layer, runtime)
