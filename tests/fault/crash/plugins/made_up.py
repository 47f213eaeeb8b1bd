"""The source of the made-up API: a list that hands over page after page, things by reference, rows within pages."""

from collections.abc import Iterator, Mapping
from typing import Any

from ingest_core import Checkpoint, Connection, Context, Missing, Record, Ref, Rejected, Slice, Source, hookimpl
from ingest_core import Request as Get

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["base_url"],
    "properties": {
        "base_url": {"type": "string"},
        "things": {"type": "integer", "default": 60},
        "rows": {"type": "integer", "default": 40},
        "edition": {"type": "integer", "default": 1},
    },
}
ROWS_ON_A_PAGE = 20


def connect(settings: Mapping[str, Any]) -> Connection:
    return Connection(settings["base_url"])


def plan(context: Context) -> Iterator[Slice | Checkpoint]:
    yield Slice("list", {"page": 1})
    for page in range(1, -(-context.settings["rows"] // ROWS_ON_A_PAGE) + 1):
        yield Slice(f"rows-{page}", {"rows": page})
    yield Checkpoint("planned", context.date.isoformat())


def fetch(context: Context, slice: Slice) -> Iterator[Record | Missing | Rejected | Ref | Checkpoint | Slice]:
    root = "/{things}-{rows}-{edition}-".format(**context.settings) + context.date.isoformat()
    if slice.ids:
        for id, answer in zip(
            slice.ids, context.api.get_many(Get(f"{root}/thing/{id}") for id in slice.ids), strict=True
        ):
            yield answer.record("thing", id)
    elif "rows" in slice.params:
        answer = context.api.get(f"{root}/rows/{slice.params['rows']}")
        for row in answer.rows("items"):
            yield Record("row", row.field("id"), row.body, answer)
    else:
        page = slice.params["page"]
        answer = context.api.get(f"{root}/list/{page}")
        for row in answer.rows("items"):
            yield Ref("thing", row.field("id"))
        yield Checkpoint("listed", page)
        if page < answer.field("pages"):
            yield Slice(f"list-{page + 1}", {"page": page + 1})


@hookimpl
def ingest_sources() -> list[Source]:
    return [Source("made_up", "Made", SCHEMA, plan, fetch, connect=connect, streams=("thing", "row"))]
