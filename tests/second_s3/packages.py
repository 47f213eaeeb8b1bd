"""Debian's packages of Ceph, unpacked into a folder: nothing is installed, no root is needed.

apt knows which packages they depend on; those that this machine lacks are unpacked beside them. Reckon with 60 MB of
downloads and 240 MB on the disk.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

WANTED = ("radosgw", "ceph-mon", "ceph-osd")
# Of all that these depend on, what a server of one machine loads: not Python, lvm2, sudo and the like.
LOADED = ("lib", "ceph", "radosgw")
LEFT_OUT = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
LONGEST_SECONDS = 600


class UnavailableError(Exception):
    """Ceph cannot be had here; the text says why."""


def unpacked(folder: Path) -> Path:
    """The root of the unpacked packages below `folder`; it is kept there. Raises UnavailableError."""
    root = folder / "root"
    if (folder / "complete").exists():
        return root
    for tool in ("apt-get", "apt-cache", "dpkg", "dpkg-query"):
        if shutil.which(tool) is None:
            raise UnavailableError(f"there is no {tool}: this is not Debian, or not all of it")
    downloads = folder / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    _run(["apt-get", "download", *_missing()], downloads)
    for package in sorted(downloads.glob("*.deb")):
        _run(["dpkg", "-x", str(package), str(root)], folder)
    (folder / "complete").touch()
    return root


def _missing() -> list[str]:
    told = _run(
        ["apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in LEFT_OUT), *WANTED], Path.cwd()
    ).splitlines()
    names = sorted({line for line in told if line.startswith(LOADED)})
    if not set(WANTED) <= set(names):
        raise UnavailableError(f"apt does not know {', '.join(WANTED)}: try apt-get update")
    return [name for name in names if name in WANTED or not _is_installed(name)]


def _is_installed(name: str) -> bool:
    asked = subprocess.run(["dpkg-query", "-W", "-f=${Status}", name], capture_output=True, text=True, check=False)
    return asked.stdout == "install ok installed"


def _run(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=LONGEST_SECONDS)
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:]
        raise UnavailableError(f"{' '.join(command[:2])} failed: {' '.join(last)}") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{' '.join(command[:2])} took more than {LONGEST_SECONDS} s") from None
    return done.stdout
