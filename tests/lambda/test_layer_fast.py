"""The layer with the libraries of the fast engine: what is in it, and a run with it under AWS's own runtime client."""

from __future__ import annotations

import json
import os
import re
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from bom import Package, packages
from built_layer import ROOT, Built, build_layer
from deployment import CONFIG, EVENT, Deployment, deployment_of
from packing import LayerError
from report import FAST_BUDGET_BYTES, FAST_BUDGET_WITH_BYTECODE, budget_of
from runtimes import RUNNING, Runtime, make_runtime
from staging import Target

PROBE = """
import sys
from ingest_core.lambda_handler import handler as real

def handler(event, context):
    answer = real(event, context)
    return {"status": answer["status"], "modules": [name for name in sys.modules if "." not in name]}
"""


builds = pytest.mark.skipif(
    "INGEST_FAST_LAYER" not in os.environ, reason="a build takes half a minute: INGEST_FAST_LAYER=1 makes it"
)


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory, this_python: str) -> Built:
    return build_layer(tmp_path_factory.mktemp("fast"), "--fast", "--python", this_python)


@pytest.fixture
def fast_deployment(
    tmp_path: Path, fast: Built, tmp_path_factory: pytest.TempPathFactory, s3_endpoint: str
) -> Iterator[Deployment]:
    pytest.importorskip("awslambdaric", reason="awslambdaric, AWS's bootstrap, is not installed")
    runtime: Runtime | None = make_runtime(RUNNING, tmp_path_factory.mktemp("var") / "runtime")
    assert runtime is not None
    opt = tmp_path_factory.mktemp("opt")
    opt.chmod(0o755)
    with zipfile.ZipFile(fast.zip) as archive:
        archive.extractall(opt)
    with deployment_of(CONFIG, tmp_path, opt / "python", runtime, s3_endpoint) as made:
        yield made


@builds
def test_two_builds_give_the_same_bytes(fast: Built, this_python: str, tmp_path: Path) -> None:
    again = build_layer(tmp_path, "--fast", "--python", this_python)

    assert again.zip.read_bytes() == fast.zip.read_bytes()
    assert again.zip.name == f"ingest-core-layer-fast-python{this_python}-x86_64.zip"
    assert again.zip.with_suffix(".cdx.json").read_bytes() == fast.zip.with_suffix(".cdx.json").read_bytes()


@builds
def test_it_is_built_for_another_machine_and_runtime_within_a_budget_of_its_own(tmp_path: Path) -> None:
    built = build_layer(tmp_path, "--fast", "--python", "3.13", "--arch", "arm64")

    assert budget_of(Target("3.13", "arm64", fast=True)) == (FAST_BUDGET_BYTES, FAST_BUDGET_WITH_BYTECODE)
    assert budget_of(Target("3.13", "arm64")) < budget_of(Target("3.13", "arm64", fast=True))
    assert built.zip.stat().st_size <= FAST_BUDGET_WITH_BYTECODE < 50_000_000, "a direct upload takes no more"
    with zipfile.ZipFile(built.zip) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) < 60_000_000
        names = archive.namelist()
    assert any(re.fullmatch(r"python/pycurl/_pycurl\.cpython-313-aarch64-linux-gnu\.so", name) for name in names)


@builds
def test_a_run_goes_through_its_libraries_and_lands_the_same(fast_deployment: Deployment) -> None:
    with fast_deployment.probed(PROBE, {"INGEST_ENGINE": "fast"}) as function:
        outcome = function.invoke(EVENT)

    assert outcome.error is None, outcome.error
    assert outcome.payload["status"] == "done"
    assert "pycurl" in outcome.payload["modules"]
    assert not {"boto3", "requests", "urllib3"} & set(outcome.payload["modules"])
    landed = {key: body for key, body in fast_deployment.objects().items() if key.startswith("Raw/")}
    assert landed == fast_deployment.expected()


@builds
def test_the_bill_names_the_libraries_that_come_along(fast: Built) -> None:
    told = json.loads(fast.zip.with_suffix(".cdx.json").read_text())
    licences = {one["name"]: one["licenses"][0]["expression"] for one in told["components"]}

    assert licences["pycurl"] == "LGPL-2.1-only OR MIT"
    assert licences["libcurl"] == "curl"
    assert licences["libidn2"] == "LGPL-3.0-or-later OR GPL-2.0-or-later"
    with zipfile.ZipFile(fast.zip) as archive:
        brought = [name for name in archive.namelist() if ".libs/" in name]
    assert len(brought) == len([one for one in told["components"] if one["purl"].startswith("pkg:generic/")]) > 10


def test_a_library_that_came_along_without_a_known_licence_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "thing.libs").mkdir()
    (tmp_path / "thing.libs" / "libssl-8b66dd34.so.3").write_bytes(b"")
    assert packages(tmp_path) == [Package("libssl", "3", "Apache-2.0", "generic")]
    (tmp_path / "thing.libs" / "libodd-8b66dd34.so.3").write_bytes(b"")
    with pytest.raises(LayerError, match="libodd"):
        packages(tmp_path)


def test_it_wants_what_the_other_wants_and_the_fast_extra() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["fast"]
    lines = (ROOT / "layer" / "requirements-fast.in").read_text().splitlines()
    assert {line for line in lines if line[:1].isalpha()} == set(extra)
    assert {"-r requirements.in", "-c requirements.txt"} <= set(lines)


def test_it_pins_by_hash_what_the_other_pins_and_the_fast_extra() -> None:
    texts = [(ROOT / "layer" / f"requirements{kind}.txt").read_text() for kind in ("", "-fast")]
    pins, fast = ({line for line in text.splitlines() if line[:1].isalpha()} for text in texts)

    assert {pin.split("==")[0] for pin in fast - pins} == {"pycurl"}
    assert pins < fast
    assert texts[1].count(" \\\n    --hash=sha256:") >= len(fast)
    assert "://" not in texts[1]
