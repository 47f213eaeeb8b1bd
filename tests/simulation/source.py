"""The source under simulation: lists of records, lists of refs, pinned refs that lead to more, and what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest_core import Checkpoint, Connection, Context, Missing, Record, Ref, Rejected, Slice, Source

from .api import BASE, Id

LABEL = "Films"
STREAMS = ("movie", "person")
SCHEMA = {"type": "object"}


@dataclass
class Asked:
    """One call of fetch that came to its end: what it said of which ids, and which refs it found."""

    run: str
    slice: str
    ids: frozenset[Id]


@dataclass
class Selects:
    """What a config of the source takes: lists of whole records, lists of refs, and movies and persons of its own."""

    pages: int
    records: tuple[str, ...]
    refs: tuple[str, ...]
    ids: tuple[int, ...]
    persons: tuple[int, ...] = ()


@dataclass
class Ear:
    """Told of each fetch, by the process that makes it."""

    run: Callable[[], str]
    begin: Callable[[str, str], None]
    planned: Callable[[Context], None]
    asked: list[Asked] = field(default_factory=list)


def source(choice: Sequence[Selects], ear: Ear, stamp: Callable[[], int]) -> Source:
    """The settings say which of the `choice` is taken. `stamp` gives a number that no other checkpoint has."""

    def plan(ctx: Context) -> Iterator[Slice | Ref | Checkpoint]:
        ear.planned(ctx)
        selects = choice[ctx.settings["choice"]]
        yield Checkpoint("plan", stamp())
        for name in (*selects.records, *selects.refs):
            yield Slice(f"{name}-1", {"list": name, "page": 1})
        for id in selects.ids:
            yield Ref("movie", id)
        for id in selects.persons:
            yield Ref("person", id)

    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        run = ear.run()
        ear.begin(run, slice.name)
        ids: set[Id] = set()
        for item in _pinned(ctx, slice) if slice.ids else _page(ctx, slice):
            if isinstance(item, Record | Missing | Rejected | Ref):
                ids.add((item.stream, str(item.id)))
            if isinstance(item, Slice):
                ear.asked.append(Asked(run, slice.name, frozenset(ids)))
            yield item
        ear.asked.append(Asked(run, slice.name, frozenset(ids)))

    def _page(ctx: Context, slice: Slice) -> Iterator[Any]:
        name, page, selects = slice.params["list"], slice.params["page"], choice[ctx.settings["choice"]]
        answer = ctx.api.get(f"/list/{name}", page=page)
        for row in answer.rows("rows"):
            id = row.field("id")
            yield Ref("movie", id) if name in selects.refs else Record("movie", id, row.body, answer)
        yield Checkpoint(name, stamp())
        if page < selects.pages:
            yield Slice(f"{name}-{page + 1}", {"list": name, "page": page + 1})

    def _pinned(ctx: Context, slice: Slice) -> Iterable[Any]:
        stream = slice.stream or ""
        answers = ctx.api.get_many(f"/{stream}/{id}" for id in slice.ids)
        for id, answer in zip(slice.ids, answers, strict=True):
            yield answer.record(stream, id)
            if stream == "movie" and int(id) % 3 == 0:
                yield Ref("person", int(id) // 3)
            elif stream == "person" and int(id) % 2 == 0:
                yield Ref("movie", int(id) + 1)

    return Source(
        "films", LABEL, SCHEMA, plan, fetch, connect=lambda settings: Connection(BASE), streams=STREAMS, dated=True
    )
