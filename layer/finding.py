"""The Pythons of this machine; and are the sources found from the zip alone, as one of the target version sees it?"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from packing import FORBIDDEN, LayerError
from staging import MACHINES, Target

_GROUP = "ingest_core"
# Without their libraries they do not import.
_OF_FAST = ("ingest_core.api.transport_native", "ingest_core.lake.s3_curl")
_WHICH_PYTHON = "import platform, sys; print(sys.implementation.name, platform.python_version())"
# Runs with -I -S: the standard library and the layer's folder are all that Python can see.
_PROBE = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
import ingest_core.lambda_handler
from ingest_core.plugins import load_plugins
for module in sys.argv[2:]:
    importlib.import_module(module)
plugins = load_plugins()
print(json.dumps({
    "sources": sorted(plugins.sources),
    "broken": [f"{one.entry_point} of {one.distribution}: {one.why}" for one in plugins.broken],
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
}))
"""


def check_sources(layer: Path, wanted: set[str], target: Target) -> str:
    """Unzips the layer and looks for every source. Returns which kind of check was made, in words.

    Raises LayerError where a source is missing or broken.
    """
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(layer) as archive:
            archive.extractall(folder)
        tree = Path(folder, "python")
        python = find_python(target.python) if _is_this_machine(target) else None
        if python is None:
            _judge(_listed(tree), wanted)
            return (
                f"sources LISTED, not run: no Python {target.python} for {target.arch} here; entry points and modules "
                f"are in the zip: {', '.join(sorted(wanted))}"
            )
        _judge(_loaded(tree, python, _OF_FAST if target.fast else ()), wanted)
        return f"sources loaded from the zip alone by Python {target.python} on {target.arch}: " + ", ".join(
            sorted(wanted)
        )


def find_python(version: str) -> Path | None:
    """A CPython of that minor version (`3.13`) on this machine."""
    return next((path for path in _candidates(version) if _runs(path, version)), None)


def version_of(python: Path) -> str:
    """Such as `cpython 3.13.0`; nothing where it does not run.

    A name on PATH proves nothing: pyenv's shims stand there for versions that are switched off.
    """
    ended = subprocess.run([str(python), "-I", "-S", "-c", _WHICH_PYTHON], capture_output=True, text=True, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else ""


def _is_this_machine(target: Target) -> bool:
    return sys.platform == "linux" and platform.machine() == MACHINES[target.arch]


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    on_path = shutil.which(f"python{version}")
    if on_path is not None:
        yield Path(on_path)
    yield from sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))


def _runs(python: Path, version: str) -> bool:
    return version_of(python).startswith(f"cpython {version}.")


def _loaded(tree: Path, python: Path, modules: Sequence[str]) -> dict[str, Any]:
    command = [str(python), "-I", "-S", "-B", "-W", "error", "-c", _PROBE, str(tree), *modules]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise LayerError(f"the layer does not import:\n{ended.stderr.strip()}")
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def _listed(tree: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"sources": [], "broken": [], "modules": []}
    for distribution in importlib.metadata.distributions(path=[str(tree)]):
        for point in distribution.entry_points.select(group=_GROUP):
            module = tree.joinpath(*point.module.split("."))
            if module.with_suffix(".py").is_file() or (module / "__init__.py").is_file():
                found["sources"].append(point.name)
            else:
                found["broken"].append(f"{point.name}: there is no module {point.module}")
    return found


def _judge(found: dict[str, Any], wanted: set[str]) -> None:
    if found["broken"]:
        raise LayerError("broken in the layer: " + "; ".join(found["broken"]))
    missing = sorted(wanted - set(found["sources"]))
    if missing:
        raise LayerError(f"not found from the zip alone: {', '.join(missing)} (found: {', '.join(found['sources'])})")
    early = sorted(FORBIDDEN & set(found["modules"]))
    if early:
        raise LayerError(f"loading the plugins imports {', '.join(early)}: a cold start would pay for it")
