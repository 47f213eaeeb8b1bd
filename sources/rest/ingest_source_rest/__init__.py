"""Any JSON API over HTTP as a source: its settings are its endpoints. Static data; who needs `if` writes Python."""

from __future__ import annotations

from dataclasses import replace

from ingest_core import Source, hookimpl
from ingest_source_rest.check import check
from ingest_source_rest.connection import connect
from ingest_source_rest.fetch import fetch
from ingest_source_rest.placing import is_dated
from ingest_source_rest.plan import plan
from ingest_source_rest.settings import SCHEMA, Settings


def adapt(source: Source, settings: Settings) -> Source:
    """The source with the streams of its config; dated where the date stands in a request."""
    streams = tuple(dict.fromkeys(stream["name"] for stream in settings["streams"]))
    return replace(source, streams=streams, dated=is_dated(settings))


@hookimpl
def ingest_sources() -> list[Source]:
    return [Source("rest", None, SCHEMA, plan, fetch, connect=connect, check=check, adapt=adapt)]
