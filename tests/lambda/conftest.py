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
from deployed import link_managed_runtime  # noqa: E402 -- as above


@pytest.fixture(scope="session")
def this_python() -> str:
    """The minor version that runs the tests: the layer has compiled modules, made for one version each."""
    return "{}.{}".format(*sys.version_info[:2])


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, this_python: str) -> Built:
    return build_layer(tmp_path_factory.mktemp("layer"), "--python", this_python)


@pytest.fixture(scope="session")
def layer(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`/opt/python`: the folder that Lambda puts on sys.path."""
    opt = tmp_path_factory.mktemp("opt")
    with zipfile.ZipFile(built.zip) as archive:
        archive.extractall(opt)
    return opt / "python"


@pytest.fixture(scope="session")
def managed_runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`/var/runtime`: boto3's family and the bootstrap."""
    return link_managed_runtime(tmp_path_factory.mktemp("var") / "runtime")


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
