"""What to do first: a slice for each list, a ref for each id. Makes no request."""

from __future__ import annotations

from collections.abc import Iterator

from ingest_core import Context, Ref, Slice
from ingest_source_tmdb.settings import MAX_PAGES

ROWS_ON_A_PAGE = 20


def plan(ctx: Context) -> Iterator[Slice | Ref]:
    """Each list begins with its first page, which tells how many there are."""
    for number, select in enumerate(ctx.settings["select"]):
        if "ids" in select:
            yield from (Ref(select["as"], id) for id in select["ids"])
            continue
        path = select["list"] if "list" in select else f"trending/{select['trending']}"
        kind = (select.get("list") or select["trending"]).split("/")[0]
        wanted = select.get("pages", "all")
        pages = MAX_PAGES if wanted == "all" else wanted
        rows = pages * ROWS_ON_A_PAGE
        yield Slice(
            f"{number}-{path.replace('/', '-')}-p1",
            {"path": f"/{path}", "kind": kind, "first": 1, "last": 1, "pages": wanted},
            requests=pages + (rows if ctx.settings["detail"] else 0),
            records=rows,
        )
