"""Commands in hints: as they have to be typed to mean what the person typed, with their own config and lake."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ingest_core.config import ENDINGS

_WITH_SETTINGS = {"check", "plan", "preview", "replay", "run"}
_VERBS = r"ingest (check|lake|plan|preview|prune|replay|run|runs|show|state reset|state show|verify)"


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command was given of what its neighbours take, too: the config as it was named, --lake and --set."""

    source: str = ""
    lake: str | None = None
    overrides: Sequence[str] = ()

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Typed:
        """By the names that the verbs' parameters have."""
        given = {name: parameters.get(name) for name in ("source", "lake", "overrides")}
        return cls(given["source"] or "", given["lake"], given["overrides"] or ())

    def command(self, verb: str) -> str:
        """`ingest <verb>` with the same config, lake and settings."""
        settings = self.overrides if verb in _WITH_SETTINGS else ()
        given = [("--lake", self.lake), *(("--set", text) for text in settings)]
        flags = "".join(f" {flag} {shlex.quote(value)}" for flag, value in given if value is not None)
        return f"ingest {verb} {shlex.quote(self.source)}{flags}"

    def completed(self, text: str) -> str:
        """`text` whose commands about the config of that name are those that the person has to type; once is enough."""
        if not self.source:
            return text
        name = PurePath(self.source).stem if self.source.endswith(ENDINGS) else self.source
        command = rf"{_VERBS} {re.escape(name)}(?![\w./-])(?! --(?:lake|set) )"
        return re.sub(command, lambda found: self.command(found[1]), text)


_TYPED: ContextVar[Typed] = ContextVar("typed", default=Typed())  # noqa: B039 -- frozen


def remember(parameters: Mapping[str, Any]) -> None:
    """Keeps what the command was given, for the hints that follow."""
    _TYPED.set(Typed.of(parameters))


def typed() -> Typed:
    """What this command was given."""
    return _TYPED.get()
