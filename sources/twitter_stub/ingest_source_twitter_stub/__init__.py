"""Made-up posts in the shape of the X API v2 recent search: a whole source on one page, to be read and copied.

It shows token paging (a slice that hands over its rest), a checkpoint (`since_id`), rows cut from a page's own bytes,
and a check that a schema cannot express. It makes no request: `pages.page` stands where an API would be; a source with
a network asks `ctx.api.get` instead and gives `Source(connect=…)`, as the TMDB source does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ingest_core import Checkpoint, Context, Mistake, Record, Slice, Source, field_of, hookimpl, rows_of
from ingest_source_twitter_stub.pages import page

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "query": {
            "type": "string",
            "minLength": 1,
            "maxLength": 512,
            "default": "#cinema",
            "description": "What to search for; it appears in each made-up post.",
            "examples": ["#cinema"],
        },
        "page_size": {
            "type": "integer",
            "minimum": 10,
            "maximum": 100,
            "default": 10,
            "description": "Posts on a page.",
            "examples": [25],
        },
        "allow_made_up": {
            "type": "boolean",
            "default": False,
            "description": "The posts are made up: only with true do they land in S3.",
            "examples": [True],
        },
    },
}


def check(settings: Mapping[str, Any], lake: str) -> Iterator[Mistake]:
    """A real lake should hold no invented data by mistake."""
    if lake.startswith("s3://") and not settings["allow_made_up"]:
        yield Mistake(
            ("allow_made_up",),
            "twitter_stub lands made-up posts: for an S3 lake set `allow_made_up: true`, or use --dry-run",
        )


def plan(ctx: Context) -> Iterator[Slice]:
    """One search, from its first page. Its rest is not known before that is read."""
    yield Slice("search", {"token": None}, records=40)


def fetch(ctx: Context, slice: Slice) -> Iterator[Record | Checkpoint | Slice]:
    """One page: a record a post, the newest id for the next run, and the next page as the rest of this slice."""
    since = ctx.checkpoint.get("since_id")
    body = page(ctx.settings["query"], ctx.date, since, slice.params["token"], ctx.settings["page_size"])
    if field_of(body, "meta.result_count"):
        for row in rows_of(body, "data"):
            yield Record("post", row.field("id"), row.body)
    if slice.params["token"] is None and (newest := field_of(body, "meta.newest_id")):
        yield Checkpoint("since_id", newest)
    if following := field_of(body, "meta.next_token"):
        yield Slice(f"search-{following}", {"token": following})


@hookimpl
def ingest_sources() -> list[Source]:
    return [Source("twitter_stub", "Twitter", SCHEMA, plan, fetch, check=check, dated=True)]
