"""Where each module of a run comes from: the layer, boto3's family from the runtime, and nothing from elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import sandbox
from deployment import EVENT, Deployment
from runtimes import MODULES, Runtime

# The handler itself, and after it whatever the run has loaded.
PROBE = """
import os, sys
from ingest_core.lambda_handler import handler as real

def handler(event, context):
    answer = real(event, context)
    without = "boto3" not in sys.modules
    import boto3
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    return {"status": answer["status"], "files": files, "without": without, "library": os.path.dirname(os.__file__)}
"""
OURS = ("ingest_core", "ingest_source_tmdb", "requests", "urllib3", "yaml", "jsonschema", "msgspec", "pluggy")


def strangers(places: sandbox.Places, told: dict[str, Any]) -> list[str]:
    """The modules that have no business in a run, each with the file it came from.

    A module without a file is built in, or was made in memory by one that has a file.
    """
    found = []
    for name, file in told["files"].items():
        path = Path(file)
        in_library = path.is_relative_to(told["library"]) and "site-packages" not in path.parts
        in_runtime = path.is_relative_to(places.packages) and path.relative_to(places.packages).parts[0]
        is_boto3s_or_the_bootstraps = bool(in_runtime) and str(in_runtime).partition(".")[0] in MODULES
        if file and not (in_library or is_boto3s_or_the_bootstraps or path.is_relative_to(places.layer)):
            found.append(f"{name}: {file}")
    return sorted(found)


def run(deployment: Deployment, probe: str = PROBE) -> tuple[sandbox.Places, dict[str, Any]]:
    with deployment.probed(probe) as function:
        outcome = function.invoke(EVENT)
    assert outcome.error is None, outcome.error
    assert outcome.payload["status"] == "done"
    return function.places, outcome.payload


def test_every_third_party_module_but_boto3s_family_comes_from_the_layer(deployment: Deployment) -> None:
    places, told = run(deployment)

    assert strangers(places, told) == [f"probe: {places.task}/probe.py"]
    origins = {name: Path(told["files"][name]) for name in OURS}
    assert all(path.is_relative_to(places.layer) for path in origins.values()), origins
    assert told["without"], "a run whose keys the environment holds wants no boto3"
    assert Path(told["files"]["boto3"]).is_relative_to(places.packages)


def test_a_module_from_elsewhere_is_noticed(deployment: Deployment) -> None:
    deployment.task.joinpath("stray.py").write_text("")
    places, told = run(deployment, PROBE.replace("import os, sys", "import os, sys, stray"))

    assert f"stray: {places.task}/stray.py" in strangers(places, told)
    told["files"] |= {"click": f"{places.packages}/click/__init__.py", "rich": "/usr/lib/python3/rich/__init__.py"}
    assert {name.partition(":")[0] for name in strangers(places, told)} == {
        "click", "probe", "rich", "stray"
    }  # fmt: skip


def test_nothing_of_the_command_line_is_loaded(deployment: Deployment) -> None:
    _, told = run(deployment)

    loaded = {name.partition(".")[0] for name in told["files"]} | set(told["files"])
    assert not loaded & {"click", "rich", "filelock", "pytest", "ingest_core.cli", "ingest_core.testing"}
    assert not [name for name in loaded if name.startswith("ingest_source_tmdb.simulator")]


TZ = """
import os
import zoneinfo
from pathlib import Path
def handler(event, context):
    zone = zoneinfo.ZoneInfo("America/Sao_Paulo")
    try:
        Path("/opt/new").write_text("")
    except OSError as error:
        written = type(error).__name__
    import yaml
    return {"zone": str(zone), "paths": [p for p in zoneinfo.TZPATH if Path(p, "America").exists()],
            "written": written, "user": os.getuid(), "pyc": Path(yaml.__cached__).exists(), "yaml": yaml.__file__}
"""


def test_the_paths_are_lambdas_own_and_read_only_where_root_permits(
    deployment: Deployment, managed_runtime: Runtime
) -> None:
    if sandbox.why_not(managed_runtime.python):
        pytest.skip(sandbox.why_not(managed_runtime.python))
    with deployment.probed(TZ) as function:
        told = function.invoke({}).payload

    assert (function.places.task, function.places.layer) == (Path("/var/task"), Path("/opt/python"))
    assert told["user"] == 993
    assert (told["zone"], told["paths"]) == ("America/Sao_Paulo", [])
    assert told["written"] == "OSError"
    assert told["yaml"] == "/opt/python/yaml/__init__.py"
    assert told["pyc"]


def test_as_root_on_linux_there_is_no_excuse(managed_runtime: Runtime) -> None:
    """Whoever may mount, and still got plain folders, would have tested less than they think."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting needs root on Linux")
    assert sandbox.why_not(managed_runtime.python) == ""
