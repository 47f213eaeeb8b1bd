"""Finding plugins: entry points of the group `ingest_core`, and single files in the folder INGEST_PLUGINS."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.plugins.registry import Plugins, UnsoundError

GROUP = "ingest_core"
IMPORT_SECONDS = 20.0


def load_plugins(
    found: Iterable[Distribution] | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = IMPORT_SECONDS,
) -> Plugins:
    """Every plugin, in the order of distribution and entry point, then the files of the folder INGEST_PLUGINS.

    One that fails, exits or hangs for more than `seconds` as it is imported is noted as broken; the others work.
    """
    plugins = Plugins()
    for (name, version), entry_point in _entry_points(distributions() if found is None else found):
        _add(plugins, entry_point.load, entry_point.name, name, version, seconds)
    for path in _files(environment or {}):
        _add(plugins, partial(_load_file, path), path.stem, str(path), "", seconds)
    return plugins


def _add(
    plugins: Plugins, load: Callable[[], object], entry_point: str, distribution: str, version: str, seconds: float
) -> None:
    try:
        plugin = _within(seconds, load)
    except UnsoundError as error:
        plugins.note_broken(distribution, entry_point, error)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        exits = isinstance(error, SystemExit)
        what = f"exits ({error})" if exits else f"does not import: {type(error).__name__}: {error}"
        plugins.note_broken(distribution, entry_point, UnsoundError(f"it {what}"))
    else:
        plugins.add(plugin, entry_point, distribution, version)


def _within(seconds: float, load: Callable[[], object]) -> object:
    """What `load` returns or raises. Nobody can end an import that hangs, but its thread can be left behind."""
    results: list[object] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(load())
        except BaseException as error:  # noqa: BLE001 -- handed to the caller's thread
            errors.append(error)

    thread = threading.Thread(target=work, name="plugin import", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise UnsoundError(f"it hangs: its import took more than {seconds:g} s; a plugin does no work when imported")
    return results[0]


def _files(environment: Mapping[str, str]) -> list[Path]:
    """One-file plugins: trusted local code, and so never in Lambda."""
    folder = environment.get("INGEST_PLUGINS")
    if not folder or "AWS_LAMBDA_FUNCTION_NAME" in environment:
        return []
    if not Path(folder).is_dir():
        raise UsageError(f"INGEST_PLUGINS={folder}: no such folder", Code.FOLDER, hint="correct it, or unset it")
    return sorted(path for path in Path(folder).glob("*.py") if not path.name.startswith("_"))


def _load_file(path: Path) -> object:
    name = f"ingest_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _entry_points(found: Iterable[Distribution]) -> list[tuple[tuple[str, str], EntryPoint]]:
    """The plugins of all distributions, by name and version of theirs, in the order of both names."""
    points: dict[tuple[str, str], tuple[tuple[str, str], EntryPoint]] = {}
    for distribution in found:
        for named, entry_point in _declared_by(distribution):
            # A distribution that sys.path shows twice counts once: the first is the one that Python would import.
            points.setdefault((named[0], entry_point.name), (named, entry_point))
    return [points[key] for key in sorted(points)]


def _declared_by(distribution: Distribution) -> list[tuple[tuple[str, str], EntryPoint]]:
    """The distribution's plugins; none where its metadata cannot be read, as half-removed ones may be.

    Most have none, and reading a whole METADATA to learn a name costs half a millisecond each.
    """
    try:
        declared = list(distribution.entry_points.select(group=GROUP))
        named = _named(distribution) if declared else None
    except Exception:  # noqa: BLE001 -- importlib.metadata raises whatever parsing a file raises
        return []
    return [(named, entry_point) for entry_point in declared] if named else []


def _named(distribution: Distribution) -> tuple[str, str] | None:
    """Name and version, None where it has lost its name."""
    metadata = distribution.metadata
    return (metadata["Name"], metadata["Version"]) if metadata["Name"] else None
