"""What to do first: a slice for each stream, at its first page. Makes no request."""

from __future__ import annotations

from collections.abc import Iterator

from ingest_core import Context, Slice


def plan(ctx: Context) -> Iterator[Slice]:
    """A list tells by its pages how long it is, so its other pages are the rest of this slice."""
    for number, stream in enumerate(ctx.settings["streams"]):
        yield Slice(f"{number}-{stream['name']}-p1", {"stream": number, "page": 1})
