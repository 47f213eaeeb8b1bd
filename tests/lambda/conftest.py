"""The layer, built once a session for the running Python, and the places that a deployed function talks to."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# Appended, not put first: layer/build.py must not hide the package of that name.
sys.path += [str(HERE), str(HERE.parents[1] / "layer")]

from built_layer import Built, build_layer  # noqa: E402 -- found on the path that the line above extends
from deployment import CONFIG, Deployment, deployment_of  # noqa: E402 -- as above
from runtimes import DEPLOYED, RUNNING, Runtime, make_runtime  # noqa: E402 -- as above


@pytest.fixture(scope="session")
def this_python() -> str:
    """The minor version that runs the tests: the layer has compiled modules, made for one version each."""
    return RUNNING


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, this_python: str) -> Built:
    return build_layer(tmp_path_factory.mktemp("layer"), "--python", this_python)


@pytest.fixture(scope="session", params=dict.fromkeys([RUNNING, DEPLOYED]))
def managed_runtime(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """Of the Python that runs the tests, and of the one that the template names."""
    pytest.importorskip("awslambdaric", reason="awslambdaric, AWS's bootstrap, is not installed")
    runtime = make_runtime(request.param, tmp_path_factory.mktemp("var") / "runtime")
    if runtime is None:
        pytest.skip(f"no CPython {request.param} here")
    return runtime


@pytest.fixture(scope="session")
def layer(managed_runtime: Runtime, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`/opt/python`: the folder that Lambda puts on sys.path."""
    if managed_runtime.version == RUNNING:
        built: Built = request.getfixturevalue("built")
    else:
        built = build_layer(tmp_path_factory.mktemp("layer"), "--python", managed_runtime.version)
    opt = tmp_path_factory.mktemp("opt")
    opt.chmod(0o755)
    with zipfile.ZipFile(built.zip) as archive:
        archive.extractall(opt)
    return opt / "python"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def deployment(tmp_path: Path, layer: Path, managed_runtime: Runtime, s3_endpoint: str) -> Iterator[Deployment]:
    with deployment_of(CONFIG, tmp_path, layer, managed_runtime, s3_endpoint) as made:
        yield made
