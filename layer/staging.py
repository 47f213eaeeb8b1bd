"""The lock, the wheels of this repository, and both installed into one folder for the target platform."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packing import LayerError

MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# The oldest glibc that its wheels are made for; Amazon Linux 2023, of Lambda's runtimes since Python 3.12, has 2.34.
PLATFORM, FAST_PLATFORM = "manylinux2014", "manylinux_2_28"
LOCKS = {"layer/requirements.in": "layer/requirements.txt", "layer/requirements-fast.in": "layer/requirements-fast.txt"}
OLDEST_PYTHON = "3.11"


@dataclass(frozen=True, slots=True)
class Target:
    """What a layer is built for: a minor version of Python, and `x86_64` or `arm64` as Lambda calls them.

    `fast` puts the libraries of the fast engine into it.
    """

    python: str
    arch: str
    fast: bool = False

    @property
    def file(self) -> str:
        """The zip's name."""
        return f"ingest-core-layer{'-fast' if self.fast else ''}-python{self.python}-{self.arch}.zip"

    @property
    def lock(self) -> str:
        """The file that pins what is in it."""
        return f"layer/requirements{'-fast' if self.fast else ''}.txt"

    @property
    def platform(self) -> str:
        """As uv calls it."""
        return f"{MACHINES[self.arch]}-{FAST_PLATFORM if self.fast else PLATFORM}"


def source_projects(root: Path) -> list[Path]:
    """The folders under `sources/` that are distributions."""
    return sorted(path.parent for path in root.glob("sources/*/pyproject.toml"))


def source_names(root: Path) -> set[str]:
    """The entry points that those distributions promise: what the layer must be able to load."""
    names: set[str] = set()
    for folder in source_projects(root):
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        names |= set(project.get("entry-points", {}).get("ingest_core", {}))
    return names


def lock(root: Path) -> None:
    """Writes the locks anew, with the newest versions that the ranges allow."""
    options = ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--upgrade", "--quiet"]
    # The lock is read on other machines: it names no index, and no path of this one.
    options += ["--no-emit-index-url", "--no-emit-find-links"]
    options += ["--custom-compile-command", "python layer/build.py --lock"]
    for wanted, into in LOCKS.items():
        _uv(["pip", "compile", *options, wanted, "--output-file", into], root)


def stage(root: Path, work: Path, target: Target) -> Path:
    """Installs everything into a folder below `work` and returns it."""
    wheels = _wheels(root, work / "wheels")
    tree = work / "python"
    into = ["--target", str(tree), "--python-version", target.python, "--python-platform", target.platform]
    install = ["pip", "install", "--quiet", "--only-binary", ":all:", "--link-mode", "copy", *into]
    _uv([*install, "--require-hashes", "--requirement", target.lock], root)
    _uv([*install, "--no-deps", *map(str, wheels)], root)
    return tree


def _wheels(root: Path, out: Path) -> list[Path]:
    """Wheels of ingest-core and of every source. With hatchling at hand no network is needed."""
    alone = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    for project in [root, *source_projects(root)]:
        _uv(["build", "--quiet", "--wheel", *alone, "--python", sys.executable, "--out-dir", str(out)], project)
    return sorted(out.glob("*.whl"))


def _uv(arguments: Sequence[str], folder: Path) -> None:
    if importlib.util.find_spec("uv") is None:
        raise LayerError("uv is not installed here: pip install uv")
    ended = subprocess.run([sys.executable, "-m", "uv", *arguments], cwd=folder, check=False)
    if ended.returncode != 0:
        raise LayerError(f"uv {' '.join(arguments[:2])} failed in {folder} (exit {ended.returncode})")
