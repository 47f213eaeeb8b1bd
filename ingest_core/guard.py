"""Calling a plugin: whatever it raises is told as its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ingest_core.codes import Code
from ingest_core.errors import IngestError, PluginError
from ingest_core.model import Connection, Settings, Source


def connection_of(source: Source, settings: Settings) -> Connection | None:
    """Where the source's requests may go; None where it has no network."""
    if source.connect is None:
        return None
    with calling(source.name, ": connect"):
        return source.connect(settings)


def adapted(source: Source, settings: Settings) -> Source:
    """The source as its settings make it."""
    if source.adapt is None:
        return source
    with calling(source.name, ": adapt"):
        return source.adapt(source, settings)


@contextmanager
def calling(source: str, what: str) -> Iterator[None]:
    """Around a call into a source: errors of ours pass, all others become a PluginError that names it and `what`."""
    try:
        yield
    except IngestError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"source {source}{what} raised {type(error).__name__}: {error}", Code.SOURCE_RAISED
        ) from error
