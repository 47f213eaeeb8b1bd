"""Lambda's own paths for one process, in a mount namespace of its own: /var/task, /opt, /var/runtime and /var/lang, all
read-only, a /tmp of 512 MB, a user without rights, and no time zones but those of the layer.

It needs root. Where that is not to be had, the folders are used as they lie.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_USER = "993:990"  # Lambda's sbx_user1051
# As Lambda sets it. A Python that is built with a library of its own finds it there.
LIBRARIES = {"LD_LIBRARY_PATH": "/var/lang/lib"}
_ENTER = """
set -eu
root=$1 lang=$2 task=$3 opt=$4 runtime=$5
shift 5
mount --make-rprivate /
mount -t tmpfs -o mode=755,size=16m tmpfs "$root"
for top in bin lib lib32 lib64 libx32 sbin usr etc dev proc; do
    if [ -L "/$top" ]; then cp -P "/$top" "$root/$top"
    elif [ -d "/$top" ]; then mkdir "$root/$top"; mount --rbind "/$top" "$root/$top"
    fi
done
for name in usr etc; do mount -o remount,bind,ro "$root/$name"; done
[ ! -d "$root/usr/share/zoneinfo" ] || mount -t tmpfs -o ro tmpfs "$root/usr/share/zoneinfo"
bound() {
    mkdir -p "$root$2"
    [ ! -d "$1" ] || { mount --bind "$1" "$root$2"; mount -o remount,bind,ro "$root$2"; }
}
bound "$lang" /var/lang; bound "$task" /var/task; bound "$opt" /opt; bound "$runtime" /var/runtime
mkdir "$root/tmp"
mount -t tmpfs -o mode=1777,size=512m tmpfs "$root/tmp"
mount -o remount,ro "$root"
exec chroot --userspec="$USERSPEC" "$root" "$@"
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a process finds things: its function's package, the layer's `python`, the runtime's packages, Python."""

    task: Path
    layer: Path
    packages: Path
    python: Path


TRUE = (Path("/var/task"), Path("/opt/python"), Path("/var/runtime"))


def places(task: Path, layer: Path, packages: Path, python: Path) -> Places:
    """Lambda's own where this machine permits them, else the folders themselves."""
    if why_not(python):
        return Places(task, layer, packages, python)
    return Places(*TRUE, Path("/var/lang") / _real(python).relative_to(_prefix(python)))


def command(task: Path, layer: Path, packages: Path, python: Path, arguments: Sequence[str]) -> list[str]:
    """What starts that Python with `arguments` there."""
    seen = places(task, layer, packages, python)
    inside = [str(seen.python), *arguments]
    if why_not(python):
        return inside
    folders = [_root(), *map(str, (_prefix(python), task, layer.parent, packages))]
    return ["unshare", "--mount", "sh", "-c", _ENTER.replace("$USERSPEC", _USER), "sandbox", *folders, *inside]


@cache
def why_not(python: Path) -> str:
    """Why that Python cannot run under Lambda's paths here; nothing where it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "only root may mount"
    nothing = Path("/nonexistent")
    folders = [_root(), str(_prefix(python)), *[str(nothing)] * 3]
    inside = [f"/var/lang/{_real(python).relative_to(_prefix(python))}", "-I", "-S", "-c", "import ssl, zoneinfo"]
    script = _ENTER.replace("$USERSPEC", _USER)
    tried = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sandbox", *folders, *inside],
        env={**os.environ, **LIBRARIES},
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if tried.returncode == 0 else f"no mount namespace here: {tried.stderr.strip()[-200:]}"


@cache
def _root() -> str:
    """An empty folder: each process mounts its own root over it, which nobody else sees."""
    return tempfile.mkdtemp(prefix="lambda-root-")


def _real(python: Path) -> Path:
    """The interpreter behind a virtual environment's link."""
    return python.resolve()


def _prefix(python: Path) -> Path:
    return _real(python).parent.parent
