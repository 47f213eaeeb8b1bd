"""The layer's zip: what is in it, what must not be, and what makes its build fail."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import marshal
import platform
import re
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from built_layer import ROOT, Built, build_layer
from compiling import bytecode, compiled
from finding import check_sources
from packing import FORBIDDEN, LayerError, Member, normal, pack, read_members
from report import BUDGET_BYTES, BUDGET_WITH_BYTECODE, require_budget, size_report
from staging import Target, source_names

NO_OUTPUTS = shutil.ignore_patterns("__pycache__", "build", "dist")


@pytest.fixture
def target(this_python: str) -> Target:
    return Target(this_python, "x86_64")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder as an installer leaves it, with one package."""
    body = b"answer = 42\n"
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
    files = {
        "thing/__init__.py": body,
        "thing-1.0.dist-info/INSTALLER": b"uv",
        "thing-1.0.dist-info/RECORD": f"thing/__init__.py,sha256={digest},12\nthing-1.0.dist-info/RECORD,,\n".encode(),
        "bin/thing": b"#!/usr/bin/python\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def names(layer: Path) -> list[str]:
    with zipfile.ZipFile(layer) as archive:
        return archive.namelist()


def test_two_builds_give_the_same_bytes_wherever_they_are_made(this_python: str, tmp_path: Path) -> None:
    # Copies, so that an edit of the sources between the two builds is not taken for a difference.
    for part in ("pyproject.toml", "README.md", "LICENSE", "ingest_core", "sources", "layer"):
        here, there = ROOT / part, tmp_path / "one" / part
        there.parent.mkdir(exist_ok=True)
        shutil.copytree(here, there, ignore=NO_OUTPUTS) if here.is_dir() else shutil.copy(here, there)
    shutil.copytree(tmp_path / "one", tmp_path / "other" / "deeper")
    one, other = (
        build_layer(tmp_path / out, "--python", this_python, root=tmp_path / root)
        for out, root in (("first", "one"), ("second", "other/deeper"))
    )

    assert one.zip.read_bytes() == other.zip.read_bytes()
    assert one.zip.name == other.zip.name == f"ingest-core-layer-python{this_python}-x86_64.zip"


def test_everything_lies_under_python_in_order_with_fixed_times_and_modes(built: Built) -> None:
    with zipfile.ZipFile(built.zip) as archive:
        entries = archive.infolist()
        assert archive.testzip() is None

    assert [entry.filename for entry in entries] == sorted({entry.filename for entry in entries})
    assert all(entry.filename.startswith("python/") for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_DEFLATED}


def test_what_an_installer_leaves_behind_is_not_in_it(built: Built) -> None:
    paths = [PurePosixPath(name) for name in names(built.zip)]

    assert not {path.name for path in paths} & {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", ".lock"}
    assert not [path for path in paths if path.parts[1] == "bin"]


def test_what_the_runtime_brings_and_what_only_the_command_line_needs_is_not_in_it(built: Built) -> None:
    tops = {normal(PurePosixPath(name).parts[1].split("-")[0]) for name in names(built.zip)}

    assert not tops & FORBIDDEN
    at_home = tuple(f"python/ingest_core/{part}" for part in ("cli/", "scaffold/", "testing/", "workers/", "__main__"))
    assert not [name for name in names(built.zip) if name.startswith(at_home) or "/simulator/" in name]
    assert {"ingest-core", "requests", "pluggy", "yaml", "jsonschema", "msgspec", "tzdata"} <= tops


def test_each_distribution_keeps_its_metadata_and_the_plugins_their_entry_points(built: Built) -> None:
    inside = set(names(built.zip))
    infos = {name.split("/")[1] for name in inside if name.split("/")[1].endswith(".dist-info")}

    assert all(f"python/{info}/METADATA" in inside for info in infos)
    for project in ("ingest_source_tmdb", "ingest_source_twitter_stub"):
        assert [name for name in inside if re.fullmatch(rf"python/{project}-.*\.dist-info/entry_points\.txt", name)]
    assert "python/tzdata/zoneinfo/America/Sao_Paulo" in inside


def test_every_module_has_its_bytecode_which_names_the_hash_of_its_source_and_its_place_in_lambda(built: Built) -> None:
    with zipfile.ZipFile(built.zip) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    modules = [name for name in inside if name.endswith(".py")]
    made = {name for name in inside if name.endswith(".pyc")}

    assert made == {importlib.util.cache_from_source(module) for module in modules}
    for module in modules:
        body = inside[importlib.util.cache_from_source(module)]
        magic, flags, digest = body[:4], int.from_bytes(body[4:8], "little"), body[8:16]
        # PEP 552: bit 0 says that a hash follows in place of a time, bit 1 would have it compared with the source.
        assert (magic, flags) == (importlib.util.MAGIC_NUMBER, 0b01), module
        assert digest == importlib.util.source_hash(inside[module]), module
        assert marshal.loads(body[16:]).co_filename == f"/opt/{module}"


def test_a_module_that_does_not_compile_is_named() -> None:
    with pytest.raises(LayerError, match=r"thing/broken\.py"):
        compiled([Member("thing/broken.py", "thing", b"def\n")], Path(sys.executable))


def test_bytecode_that_must_be_there_is_not_left_out_in_silence() -> None:
    with pytest.raises(LayerError, match=r"no CPython 3\.99 here to compile with"):
        bytecode([], Target("3.99", "x86_64"), "always")
    assert bytecode([], Target("3.99", "x86_64"), "auto") == (
        [],
        "WITHOUT BYTECODE, no CPython 3.99 here: every cold start compiles the layer, which takes it longer",
    )


def test_the_build_says_what_each_package_weighs_and_how_the_sources_were_found(built: Built) -> None:
    digest = hashlib.sha256(built.zip.read_bytes()).hexdigest()
    version = built.zip.name.split("-")[3].removeprefix("python")

    assert f"sha256 {digest}" in built.told
    assert re.search(r"^ingest-core +[0-9.,]+ +[0-9.,]+ +[0-9.,]+$", built.told, re.MULTILINE)
    assert f"bytecode by cpython {version}." in built.told
    assert f"loaded from the zip alone by Python {version}" in built.told
    assert all(name in built.told for name in source_names(ROOT))


@pytest.mark.parametrize(("python", "arch"), [("3.12", "x86_64"), ("3.13", "arm64"), ("3.14", "arm64")])
def test_a_layer_for_any_runtime_is_built_on_this_machine_within_its_budget(
    python: str, arch: str, tmp_path: Path
) -> None:
    built = build_layer(tmp_path, "--python", python, "--arch", arch)
    bare = without(built.zip, lambda name: name.endswith(".pyc"), tmp_path / "bare.zip")
    libraries = [name for name in names(bare) if name.endswith(".so")]
    machine = {"x86_64": "x86_64", "arm64": "aarch64"}[arch]
    is_this_machine = platform.machine() == machine

    assert libraries
    assert all(name.endswith(f".cpython-{python.replace('.', '')}-{machine}-linux-gnu.so") for name in libraries)
    assert is_this_machine or "sources LISTED, not run" in built.told
    assert bare.stat().st_size <= BUDGET_BYTES == 2_600_000
    assert built.zip.stat().st_size <= BUDGET_WITH_BYTECODE == 4_000_000


def test_a_file_that_this_machine_changed_is_refused_by_name(tree: Path) -> None:
    (tree / "thing" / "__init__.py").write_bytes(b"answer = 43\n")

    with pytest.raises(LayerError, match=r"thing/__init__\.py is not what the wheel of thing holds"):
        read_members(tree)


def test_a_file_that_no_wheel_brought_is_refused_by_name(tree: Path) -> None:
    (tree / "thing" / "extra.py").write_bytes(b"")

    with pytest.raises(LayerError, match=r"thing/extra\.py is in no wheel's RECORD"):
        read_members(tree)


def test_a_file_that_went_missing_is_noticed(tree: Path) -> None:
    (tree / "thing" / "__init__.py").unlink()

    with pytest.raises(LayerError, match=r"thing/__init__\.py is in the RECORD of thing and not on the disk"):
        read_members(tree)


def test_a_package_that_has_no_place_in_a_layer_is_refused(tree: Path) -> None:
    shutil.move(tree / "thing-1.0.dist-info", tree / "boto3-1.0.dist-info")
    record = tree / "boto3-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text().replace("thing-1.0", "boto3-1.0"))

    with pytest.raises(LayerError, match="boto3 must not be in the layer"):
        read_members(tree)


def test_only_the_packages_files_are_members(tree: Path) -> None:
    assert read_members(tree) == [Member("thing/__init__.py", "thing", b"answer = 42\n")]


def test_a_layer_without_one_of_the_sources_is_refused(built: Built, tmp_path: Path, target: Target) -> None:
    poorer = without(built.zip, starts_with("ingest_source_tmdb-"), tmp_path / "poorer.zip")

    with pytest.raises(LayerError, match="not found from the zip alone: tmdb"):
        check_sources(poorer, source_names(ROOT), target)


def test_a_layer_whose_source_does_not_import_is_refused(built: Built, tmp_path: Path, target: Target) -> None:
    poorer = without(built.zip, starts_with("ingest_source_tmdb/settings.py"), tmp_path / "poorer.zip")

    with pytest.raises(LayerError, match=r"broken in the layer: tmdb of ingest-source-tmdb: .*settings"):
        check_sources(poorer, source_names(ROOT), target)


def test_a_module_that_is_missing_is_noticed_without_a_python_to_run(built: Built, tmp_path: Path) -> None:
    poorer = without(built.zip, starts_with("ingest_source_tmdb/"), tmp_path / "poorer.zip")

    with pytest.raises(LayerError, match="broken in the layer: tmdb: there is no module ingest_source_tmdb"):
        check_sources(poorer, source_names(ROOT), Target("3.99", "x86_64"))


def test_a_layer_over_its_budget_is_refused(tree: Path, tmp_path: Path) -> None:
    layer = tmp_path / "layer.zip"
    members = read_members(tree)
    pack(members, layer)

    assert "total" in size_report(layer, members)
    require_budget(layer, layer.stat().st_size)
    with pytest.raises(LayerError, match="its budget is"):
        require_budget(layer, layer.stat().st_size - 1)


def test_the_lock_names_no_index_and_no_path_and_pins_everything_by_hash() -> None:
    text = (ROOT / "layer" / "requirements.txt").read_text()
    pins = [line for line in text.splitlines() if line[:1].isalpha()]

    assert "://" not in text
    assert not re.search(r"(^|\s)(/|~|[A-Z]:\\)", text)
    assert all(re.match(r"[a-z0-9.-]+==\S+ ", pin) for pin in pins)
    assert text.count(" \\\n    --hash=sha256:") >= len(pins)


def test_the_layer_wants_what_ingest_core_depends_on_less_what_lambda_has_or_never_runs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = (ROOT / "layer" / "requirements.in").read_text().splitlines()
    needed = [need for need in project["dependencies"] if normal(re.split(r"[<>=!~;\[ ]", need)[0]) not in FORBIDDEN]

    assert sorted(line for line in wanted if line and not line.startswith("#")) == sorted(needed)


def starts_with(*beginnings: str) -> Callable[[str], bool]:
    return lambda name: name.startswith(beginnings)


def without(layer: Path, is_left_out: Callable[[str], bool], copy: Path) -> Path:
    """A copy of the layer that lacks some of its files."""
    with zipfile.ZipFile(layer) as archive:
        inside = {name.removeprefix("python/"): archive.read(name) for name in archive.namelist()}
    pack([Member(name, "", body) for name, body in inside.items() if not is_left_out(name)], copy)
    return copy
