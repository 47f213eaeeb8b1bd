"""Bytecode for the layer: `/opt` is read-only, so that without it every cold start compiles the libraries again."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from finding import find_python, version_of
from packing import LayerError, Member
from staging import Target

# Where Lambda shows a layer's folder `python`: what a traceback calls the file.
MOUNTED = "/opt/python"


def bytecode(members: Sequence[Member], target: Target, wanted: str) -> tuple[list[Member], str]:
    """The .pyc files, and how they were made, in words. Raises LayerError where they must be and cannot."""
    python = None if wanted == "never" else find_python(target.python)
    if python is not None:
        return compiled(members, python), f"bytecode by {version_of(python)}"
    if wanted == "always":
        raise LayerError(f"no CPython {target.python} here to compile with: install it, or leave out --pyc always")
    why = "as asked" if wanted == "never" else f"no CPython {target.python} here"
    return [], f"WITHOUT BYTECODE, {why}: every cold start compiles the layer, which takes it longer"


def compiled(members: Iterable[Member], python: Path) -> list[Member]:
    """The .pyc of each module among `members`, as that Python makes it.

    They name their source by its place in Lambda, and hold its hash and no time: so that equal sources give equal
    bytes, and nothing is compared with the source where it runs ("unchecked", PEP 552).

    Raises LayerError, naming the file, for a module that does not compile.
    """
    sources = [member for member in members if member.name.endswith(".py")]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for member in sources:
            path = tree / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member.body)
        _compile(tree, python)
        return list(_beside(sources, tree))


def _compile(tree: Path, python: Path) -> None:
    mode = ["--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", MOUNTED]
    command = [str(python), "-S", "-s", "-W", "ignore", "-m", "compileall", "-q", *mode, str(tree)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONHASHSEED"] = "0"  # the order in a set of constants follows from it
    ended = subprocess.run(command, env=environment, cwd=tree, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise LayerError(f"{python} cannot compile the layer:\n{(ended.stdout + ended.stderr).strip()}")


def _beside(sources: Iterable[Member], tree: Path) -> Iterator[Member]:
    """Each .pyc as a member of its source's distribution."""
    for member in sources:
        path = Path(member.name)
        for found in sorted((tree / path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc")):
            yield replace(member, name=found.relative_to(tree).as_posix(), body=found.read_bytes())
