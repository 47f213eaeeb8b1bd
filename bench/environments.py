"""The peers' environments: each its own in bench/.venvs, of the versions pinned in peers/requirements.

`peers/requirements/<peer>.in` names what is measured; `.txt` is all of it, made by
`uv pip compile --universal --python-version 3.11 --no-annotate`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".venvs"
REQUIREMENTS = HERE / "peers" / "requirements"


@dataclass(frozen=True)
class Peer:
    """One environment: its interpreter and versions, or why it is not there."""

    name: str
    python: Path
    versions: str
    absent: str = ""


def prepare(name: str, folder: Path = FOLDER) -> Peer:
    """Makes the environment where it is not there or not of the pinned versions; `absent` tells what goes wrong."""
    home, pinned = folder / name, REQUIREMENTS / f"{name}.txt"
    versions = ", ".join((REQUIREMENTS / f"{name}.in").read_text().replace("==", " ").split("\n")).strip(", ")
    python, ready = home / "bin" / "python", home / ".ready"
    digest = hashlib.sha256(pinned.read_bytes()).hexdigest()
    if not ready.exists() or ready.read_text() != digest:
        print(f"installing {versions}", file=sys.stderr, flush=True)
        shutil.rmtree(home, ignore_errors=True)
        uv = [sys.executable, "-m", "uv", "--quiet"]
        problem = _run([*uv, "venv", "--python", sys.executable, str(home)]) or _run(
            [*uv, "pip", "install", "--compile-bytecode", "--python", str(python), "--requirement", str(pinned)]
        )
        if problem:
            return Peer(name, python, versions, problem)
        ready.write_text(digest)
    return Peer(name, python, versions)


def _run(command: list[str]) -> str:
    """Why the command failed, in a line; empty where it did not."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode == 0:
        return ""
    return " ".join(ended.stderr.split())[-300:] or f"{command[3]} ended with {ended.returncode}"
