"""Managed runtimes of Lambda, as far as this machine has their Python: interpreter, boto3's family, bootstrap."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distribution, version
from pathlib import Path

from finding import find_python

# What AWS's Python runtime brings: boto3 and what it needs, and the bootstrap that is awslambdaric.
BOTO3 = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
BOOTSTRAP = ("awslambdaric", "snapshot-restore-py", "simplejson")
# The modules that those distributions bring.
MODULES = frozenset(
    {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"}
    | {"awslambdaric", "runtime_client", "snapshot_restore_py", "simplejson"}
)
RUNNING = "{}.{}".format(*sys.version_info[:2])
DEPLOYED = "3.13"  # the runtime that deploy/template.yaml names


@dataclass(frozen=True, slots=True)
class Runtime:
    """`python` is the interpreter; `packages` the folder that Lambda shows as /var/runtime."""

    version: str
    python: Path
    packages: Path


def make_runtime(version: str, folder: Path) -> Runtime | None:
    """The runtime of that minor version, put together in `folder`; None where this machine has no such Python."""
    if version == RUNNING:
        return Runtime(version, Path(sys.executable), _copied(folder))
    python = find_python(version)
    return None if python is None else Runtime(version, python, _installed(folder, python))


def _copied(folder: Path) -> Path:
    """From this environment, bytecode included."""
    folder.mkdir(parents=True)
    for name in (*BOTO3, *BOOTSTRAP):
        installed = distribution(name)
        for top in sorted({file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}):
            found = Path(str(installed.locate_file(top)))
            if found.is_dir():
                shutil.copytree(found, folder / top, dirs_exist_ok=True)
            else:
                shutil.copy(found, folder / top)
    return folder


def _installed(folder: Path, python: Path) -> Path:
    """For a Python that has nothing: the same versions as here."""
    wanted = [f"{name}=={version(name)}" for name in ("boto3", "awslambdaric")]
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode"]
    subprocess.run([*command, "--python", str(python), "--target", str(folder), *wanted], check=True)
    return folder
