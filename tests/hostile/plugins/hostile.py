"""The source of the hostile API: eight lists that are walked until they are empty, and their things by reference."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ingest_core import Connection, Context, Missing, Record, Ref, Rejected, Slice, Source, bearer, hookimpl
from ingest_core import Request as Get

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["base_url", "token"],
    "properties": {
        "base_url": {"type": "string"},
        "token": {"format": "secret"},
        "walks": {"type": "integer", "default": 8},
    },
}


def connect(settings: Mapping[str, Any]) -> Connection:
    return Connection(settings["base_url"], bearer(settings["token"]))


def plan(context: Context) -> Iterator[Slice]:
    for walk in range(context.settings["walks"]):
        yield Slice(f"walk-{walk}-0", {"walk": walk, "page": 0})


def fetch(context: Context, slice: Slice) -> Iterator[Record | Missing | Rejected | Ref | Slice]:
    if slice.ids:
        asked = (Get(f"/thing/{quote(id, safe='')}") for id in slice.ids)
        for id, answer in zip(slice.ids, context.api.get_many(asked), strict=True):
            yield answer.record("thing", id)
        return
    walk, page = slice.params["walk"], slice.params["page"]
    rows = list(context.api.get(f"/list/{walk}/{page}").rows("items"))
    for row in rows:
        yield Ref("thing", row.field("id"))
    if rows:
        yield Slice(f"walk-{walk}-{page + 1}", {"walk": walk, "page": page + 1})


@hookimpl
def ingest_sources() -> list[Source]:
    return [Source("hostile", "Hostile", SCHEMA, plan, fetch, connect=connect, streams=("thing",))]
