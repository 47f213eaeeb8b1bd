"""Every extension point of ingest_core. A plugin implements one or both, marked with `hookimpl`."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from ingest_core.model import Report, Source

PROJECT = "ingest_core"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def ingest_sources() -> Iterable[Source]:  # type: ignore[empty-body]
    """The sources of this plugin.

    Called once for each plugin when its sources are first needed. Does no I/O and returns quickly.
    """


@hookspec
def ingest_run_finished(report: Report) -> None:
    """An observer: called once after each run, however it ended, with the whole account of it.

    What it returns is ignored; what it raises is logged and changes nothing.
    """
