"""Genres, configuration, countries, …: what other documents refer to."""

from __future__ import annotations

from collections.abc import Iterator

from ingest_core import Context, Missing, Record, Rejected, Request, Slice
from ingest_source_tmdb.resources import REFERENCE


def fetch_reference(ctx: Context, slice: Slice) -> Iterator[Record | Missing | Rejected]:
    """Each document that the slice names, as it comes."""
    documents = [document for name in slice.params["names"] for document in REFERENCE[name]]
    language = ctx.settings.get("language")
    requests = (Request(one.path, {"language": language if one.speaks else None}) for one in documents)
    for document, answer in zip(documents, ctx.api.get_many(requests), strict=True):
        yield answer.record(document.stream, document.id)
