"""The plugins of this process: registered through pluggy, each on its own, so that one costs nobody but itself."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import cast

import pluggy
from msgspec import Struct

from ingest_core import hooks
from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.keys import LABEL
from ingest_core.model import Report, Source, checked_stream

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LABEL = re.compile(LABEL)


class Installed(Struct, frozen=True):
    """A source and where it came from: its distribution and that one's version."""

    source: Source
    distribution: str
    version: str


class Broken(Struct, frozen=True):
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
        self._contested: dict[str, list[str]] = {}

    def add(self, plugin: object, entry_point: str, distribution: str, version: str) -> None:
        """Registers one plugin and takes its sources. What is wrong with it is noted, not raised."""
        name = f"{distribution}:{entry_point}"
        try:
            self._manager.register(plugin, name)
            self._manager.check_pending()
            sources = list(self._given_by(name))
            for source in sources:
                _require_sound(source)
        except (Exception, SystemExit) as error:
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            logger.debug("plugin %s cannot be used", name, exc_info=True)
            self.note_broken(distribution, entry_point, error)
            return
        for source in sources:
            self._take(Installed(source, distribution, version), entry_point)

    def note_broken(self, distribution: str, entry_point: str, error: BaseException) -> None:
        """Keeps why a plugin cannot be used."""
        self.broken.append(Broken(distribution, entry_point, _reason(error)))

    def add_observer(self, plugin: object) -> None:
        """Registers a plugin of the application itself, such as the one that writes the metrics line."""
        self._manager.register(plugin)

    def is_unknown(self, name: str) -> bool:
        """Whether nothing installed, sound or broken, is called `name`."""
        return name not in self.sources and all(broken.entry_point != name for broken in self.broken)

    def unusable(self) -> str:
        """What is broken and why, where an unknown source may be of that; empty where nothing is."""
        return "; ".join(f"{broken.distribution} cannot be used: {broken.why}" for broken in self.broken)

    def find(self, name: str) -> Source:
        """The source of that name. Raises UsageError, saying what is installed and what is broken."""
        if name in self.sources:
            return self.sources[name].source
        known = ", ".join(sorted(self.sources)) or "none"
        for broken in self.broken:
            if broken.entry_point == name:
                raise UsageError(
                    f"the source {name!r} of {broken.distribution} cannot be used: {broken.why}",
                    Code.SOURCE_BROKEN,
                    hint=f"mend it, or remove {broken.distribution}; `ingest list` shows every plugin",
                )
        raise UsageError(
            f"no source {name!r} is installed (installed: {known})",
            Code.SOURCE_UNKNOWN,
            hint="pip install its distribution",
        )

    def run_finished(self, report: Report, *following: Callable[[Report], None]) -> None:
        """Tells every observer, then the `following`; one that raises is logged and changes nothing."""
        for implementation in self._manager.hook.ingest_run_finished.get_hookimpls():
            try:
                implementation.function(*([report] if "report" in implementation.argnames else []))
            except (Exception, SystemExit):
                logger.exception("observer %s failed", implementation.plugin_name)
        for observer in following:
            try:
                observer(report)
            except Exception:
                logger.exception("observer %s failed", observer)

    def _given_by(self, plugin_name: str) -> Iterable[Source]:
        for implementation in self._manager.hook.ingest_sources.get_hookimpls():
            if implementation.plugin_name == plugin_name:
                yield from cast(Iterable[Source], implementation.function())

    def _take(self, installed: Installed, entry_point: str) -> None:
        """Two sources of one name are both out: which of them a config means cannot be known."""
        name = installed.source.name
        other = self.sources.pop(name, None)
        if other is not None:
            self._contested[name] = [other.distribution]
        if name not in self._contested:
            self.sources[name] = installed
            return
        self._contested[name].append(installed.distribution)
        owners = " and ".join(self._contested[name])
        self.broken = [broken for broken in self.broken if broken.entry_point != name]
        self.broken.append(Broken(owners, name, f"both give a source {name!r}: uninstall or remove one of them"))


class UnsoundError(Exception):
    """What a plugin gave is not what the contract asks for. The text says what to write instead."""


def _require_sound(source: object) -> None:
    if not isinstance(source, Source):
        raise UnsoundError(f"ingest_sources gave a {type(source).__name__}: return a list of Source")
    if not isinstance(source.name, str) or not _NAME.fullmatch(source.name):
        raise UnsoundError(f"source name {source.name!r}: write a lower-case word, such as 'things'")
    if source.label is not None and not _LABEL.fullmatch(source.label):
        raise UnsoundError(f"source {source.name}: label {source.label!r}: use letters, digits, '_' and '-'")
    if not isinstance(source.settings_schema, Mapping):
        raise UnsoundError(f"source {source.name}: settings_schema is no mapping: write a JSON Schema")
    streams: object = source.streams
    if isinstance(streams, str):
        raise UnsoundError(f"source {source.name}: streams is text: write a tuple, ({streams!r},)")
    for stream in source.streams:
        checked_stream(stream)


def _reason(error: BaseException) -> str:
    if isinstance(error, UnsoundError):
        return str(error)
    if isinstance(error, pluggy.PluginValidationError):
        return (
            f"its hooks are not ours: {str(error).splitlines()[-1]}; see ingest_core/hooks.py for names and arguments"
        )
    if isinstance(error, SystemExit):
        return f"it exits ({error.code}): a plugin returns its sources, it does not end the process"
    return f"{type(error).__name__}: {error}"
