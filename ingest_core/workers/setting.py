"""What a worker needs to know to make the job of a run again, in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ingest_core.assembly import Wish, Workspace
from ingest_core.run import Job


class Setting(msgspec.Struct, frozen=True):
    """A config by name or path, and what the command said beside it. It holds no secret, only references to some.

    `values` is a config that a program made, instead of a file, and `source` then what it is called. `overrides` are
    (path, flag, value), as in Wish; `engine` is what INGEST_ENGINE says, empty where it says nothing.
    """

    source: str
    lake: str | None = None
    overrides: tuple[tuple[tuple[str | int, ...], str, Any], ...] = ()
    engine: str = ""
    values: dict[str, Any] | None = None

    @classmethod
    def of(cls, source: str, wish: Wish, engine: str | None = None, values: Mapping[str, Any] | None = None) -> Setting:
        overrides = tuple((path, flag, value) for path, (flag, value) in wish.overrides.items())
        return cls(source, wish.lake, overrides, engine or "", None if values is None else dict(values))

    def workspace(self) -> Workspace:
        """A workspace for the worker's process."""
        environment = {**os.environ, "INGEST_ENGINE": self.engine} if self.engine else os.environ
        return Workspace(environment)

    def job(self, workspace: Workspace) -> Job:
        """The job; its date is the claim's to say. Raises UsageError or ConfigError."""
        wish = Wish(lake=self.lake, overrides={path: (flag, value) for path, flag, value in self.overrides})
        made = self.values
        use = workspace.use(self.source, wish) if made is None else workspace.use_values(made, self.source, wish)
        return replace(workspace.job(use, wish), mapper=None)
