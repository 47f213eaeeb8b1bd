"""What to do first: slices for lists, refs for ids. Asks TMDB for nothing but an export's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ingest_core import Context, Note, Ref, Slice
from ingest_source_tmdb.changes import plan_changes
from ingest_source_tmdb.discover import SPLIT_BY
from ingest_source_tmdb.exports import read_export
from ingest_source_tmdb.idfile import read_ids
from ingest_source_tmdb.pages import ROWS_ON_A_PAGE
from ingest_source_tmdb.resources import IMDB, REFERENCE
from ingest_source_tmdb.selection import MAX_PAGES, kinds_of, way_of
from ingest_source_tmdb.settings import skipped_since


def plan(ctx: Context) -> Iterator[Slice | Ref | Note]:
    """Each list begins with its first page, which tells how many there are."""
    for number, select in enumerate(ctx.settings["select"]):
        way = way_of(select)
        if way == "ids":
            yield from _ids(ctx, select)
        elif way == "export":
            yield from read_export(ctx, select)
        elif way == "changes":
            yield from plan_changes(ctx, number, select)
        elif way == "reference":
            names = list(select["reference"])
            count = sum(len(REFERENCE[name]) for name in names)
            yield Slice(f"{number}-reference", {"what": "reference", "names": names}, requests=count, records=count)
        else:
            yield _list(ctx, number, select)


def _ids(ctx: Context, select: Mapping[str, Any]) -> Iterator[Ref | Note]:
    kind, given, since = select["as"], select["ids"], skipped_since(ctx.settings, ctx.date)
    named: Iterable[object] = given if isinstance(given, list) else read_ids(ctx, given, kind)
    for id in named:
        if isinstance(id, Note):
            yield id
            continue
        text = str(id)
        is_own = text.isascii() and text.isdecimal() and text.lstrip("0")
        yield Ref(kind if is_own else f"{IMDB}{kind}", text.lstrip("0") if is_own else text, unless_landed=since)


def _list(ctx: Context, number: int, select: Mapping[str, Any]) -> Slice:
    way = way_of(select)
    wanted = select.get("pages", "all")
    path = {"list": "", "trending": "trending/", "discover": "discover/"}[way] + select[way]
    (kind,) = ("all",) if select[way].startswith("all/") else kinds_of(select)
    params: dict[str, Any] = {"path": f"/{path}", "kind": kind, "first": 1, "last": 1, "pages": wanted}
    if way == "discover":
        params |= {"what": "discover", "query": _query(select, wanted)}
    pages = MAX_PAGES if wanted == "all" else wanted
    rows = pages * ROWS_ON_A_PAGE
    return Slice(
        f"{number}-{path.replace('/', '-')}-p1",
        params,
        requests=pages + (rows if ctx.settings["detail"] else 0),
        records=rows,
    )


def _query(select: Mapping[str, Any], wanted: int | str) -> dict[str, Any]:
    """Where all is wanted, the order is nobody's concern: by date, a list shifts less while it is read."""
    order = {"sort_by": f"{SPLIT_BY[select['discover']]}.asc"} if wanted == "all" else {}
    return {**order, **select.get("params", {})}
