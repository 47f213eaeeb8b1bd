"""From a slice to records: pinned ids are documents, anything else is a list of some kind."""

from __future__ import annotations

from collections.abc import Iterator

from ingest_core import Checkpoint, Context, Missing, Note, Record, Ref, Rejected, Slice, Truncated
from ingest_source_tmdb.changes import fetch_changes
from ingest_source_tmdb.finding import fetch_found
from ingest_source_tmdb.pages import fetch_pages
from ingest_source_tmdb.reference import fetch_reference
from ingest_source_tmdb.resources import IMDB, SEASON
from ingest_source_tmdb.splitting import fetch_discovered
from ingest_source_tmdb.titles import fetch_seasons, fetch_titles

Fetched = Record | Missing | Rejected | Ref | Truncated | Checkpoint | Note | Slice
_LISTS = {"changes": fetch_changes, "discover": fetch_discovered, "reference": fetch_reference}


def fetch(ctx: Context, slice: Slice) -> Iterator[Fetched]:
    """What the slice names."""
    if not slice.ids:
        yield from _LISTS.get(slice.params.get("what", ""), fetch_pages)(ctx, slice)
    elif (slice.stream or "").startswith(IMDB):
        yield from fetch_found(ctx, slice)
    elif slice.stream == SEASON:
        yield from fetch_seasons(ctx, slice)
    else:
        yield from fetch_titles(ctx, slice)
