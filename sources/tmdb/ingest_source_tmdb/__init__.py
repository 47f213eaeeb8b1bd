"""The Movie Database (TMDB) as a source: lists, queries, ids, changes and exports, as details or as list rows."""

from ingest_core import Source, hookimpl
from ingest_source_tmdb.connection import connect
from ingest_source_tmdb.demo import demo
from ingest_source_tmdb.fetch import fetch
from ingest_source_tmdb.plan import plan
from ingest_source_tmdb.resources import STREAMS
from ingest_source_tmdb.settings import SCHEMA, check

NOTICE = "This product uses the TMDB API but is not endorsed or certified by TMDB."

SOURCE = Source(
    "tmdb",
    "TMDB",
    SCHEMA,
    plan,
    fetch,
    connect=connect,
    check=check,
    demo=demo,
    streams=STREAMS,
    notice=NOTICE,
    rate=40,
    connections=20,
)


@hookimpl
def ingest_sources() -> list[Source]:
    return [SOURCE]
