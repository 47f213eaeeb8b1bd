"""Finding sources: entry points of the group `ingest_core`, loaded through pluggy, each on its own."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any, cast

import pluggy

from ingest_core import hooks
from ingest_core.errors import UsageError
from ingest_core.keys import LABEL
from ingest_core.model import Report, Source

logger = logging.getLogger(__name__)

GROUP = "ingest_core"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LABEL = re.compile(LABEL)


@dataclass(frozen=True, slots=True)
class Installed:
    """A source and where it came from: its distribution and that one's version."""

    source: Source
    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that could not be used. It costs nobody but itself."""

    distribution: str
    entry_point: str
    why: str


class Plugins:
    """The plugins of this process: its sources, its observers, and what is broken."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(hooks.PROJECT)
        self._manager.add_hookspecs(hooks)
        self.sources: dict[str, Installed] = {}
        self.broken: list[Broken] = []

    def add(self, plugin: object, entry_point: str, distribution: str, version: str) -> None:
        """Registers one plugin and takes its sources. What is wrong with it is noted, not raised."""
        name = f"{distribution}:{entry_point}"
        try:
            self._manager.register(plugin, name)
            self._manager.check_pending()
            implementations = self._manager.hook.ingest_sources.get_hookimpls()
            own = [implementation for implementation in implementations if implementation.plugin_name == name]
            sources: list[Source] = [source for implementation in own for source in _given(implementation.function)]
            for source in sources:
                self._require_sound(source, distribution)
        except (Exception, SystemExit) as error:
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            why = str(error) if isinstance(error, _UnsoundError) else f"{type(error).__name__}: {error}"
            self.broken.append(Broken(distribution, entry_point, why))
            logger.debug("plugin %s cannot be used", name, exc_info=True)
            return
        for source in sources:
            self.sources[source.name] = Installed(source, distribution, version)

    def add_observer(self, plugin: object) -> None:
        """Registers a plugin of the application itself, such as the one that writes the metrics line."""
        self._manager.register(plugin)

    def find(self, name: str) -> Source:
        """The source of that name. Raises UsageError, saying what is installed and what is broken."""
        if name in self.sources:
            return self.sources[name].source
        known = ", ".join(sorted(self.sources)) or "none"
        for broken in self.broken:
            if broken.entry_point == name:
                raise UsageError(
                    f"the source {name!r} of {broken.distribution} cannot be used: {broken.why}",
                    hint=f"mend or remove it: pip uninstall {broken.distribution}",
                )
        raise UsageError(f"no source {name!r} is installed (installed: {known})", hint="pip install its distribution")

    def run_finished(self, report: Report) -> None:
        """Tells every observer; one that raises is logged and changes nothing."""
        for implementation in self._manager.hook.ingest_run_finished.get_hookimpls():
            try:
                implementation.function(report)
            except Exception:
                logger.exception("observer %s failed", implementation.plugin_name)

    def _require_sound(self, source: object, distribution: str) -> None:
        if not isinstance(source, Source):
            raise _UnsoundError(f"ingest_sources gave a {type(source).__name__}, not a Source")
        if not _NAME.fullmatch(source.name):
            raise _UnsoundError(f"source name {source.name!r} is not a lower-case word")
        if source.label is not None and not _LABEL.fullmatch(source.label):
            raise _UnsoundError(f"source {source.name}: label {source.label!r} is not letters, digits, '_' and '-'")
        if not isinstance(source.settings_schema, Mapping):
            raise _UnsoundError(f"source {source.name}: settings_schema is not a mapping")
        taken = self.sources.get(source.name)
        if taken is not None:
            raise _UnsoundError(f"its source {source.name!r} is also given by {taken.distribution}: uninstall one")


def _given(ingest_sources: Callable[..., object]) -> Iterable[Source]:
    return cast(Iterable[Source], ingest_sources())


class _UnsoundError(Exception):
    """What a plugin gave is not what the contract asks for."""


def load_plugins(found: Iterable[Distribution] | None = None) -> Plugins:
    """Every installed plugin of the group, in the order of distribution and entry point."""
    plugins = Plugins()
    for distribution, entry_point in _entry_points(distributions() if found is None else found):
        name, version = _named(distribution)
        try:
            plugin: Any = entry_point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- a plugin may raise anything as it is imported
            why = f"it does not import: {type(error).__name__}: {error}"
            plugins.broken.append(Broken(name, entry_point.name, why))
            continue
        plugins.add(plugin, entry_point.name, name, version)
    return plugins


def _entry_points(found: Iterable[Distribution]) -> list[tuple[Distribution, EntryPoint]]:
    points: dict[tuple[str, str], tuple[Distribution, EntryPoint]] = {}
    for distribution in found:
        for entry_point in distribution.entry_points.select(group=GROUP):
            # A distribution that sys.path shows twice counts once: the first is the one that Python would import.
            points.setdefault((_named(distribution)[0], entry_point.name), (distribution, entry_point))
    return [points[key] for key in sorted(points)]


def _named(distribution: Distribution) -> tuple[str, str]:
    return distribution.metadata["Name"], distribution.version
