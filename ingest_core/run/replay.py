"""The quarantine again: what was rejected is fetched once more, and what is well now lands.

Each slice that has rejected records gets a slice of its own, `replay<n>.<slice>`: of pinned ids only those that were
rejected are asked for; another slice is read again, and of what it gives only those are taken.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace

import msgspec
from msgspec import Struct

from ingest_core.keys import id_text
from ingest_core.model import Context, Fetched, Missing, Record, Rejected, Slice, Source
from ingest_core.run.parallel import ordered_map
from ingest_core.state import Inventory, Part, RunStore

LONGEST_NAME = 120
_REPLAY = re.compile(r"replay([0-9]+)\.")
Key = tuple[str, str]


class Retry(Struct, frozen=True):
    """A slice that is tried again for the sake of `wanted`, up to where its part had ended."""

    slice: Slice
    wanted: frozenset[Key]
    ends_before: frozenset[str]


def retries(store: RunStore, inventory: Inventory, pool: Executor, number: int) -> list[Retry]:
    """What is in the quarantine of a generation, slice by slice; what has no id cannot be asked for, and stays."""
    rejected: dict[str, set[Key]] = {}
    recovered: set[Key] = set()
    following: dict[str, Slice] = {}
    ends: dict[str, frozenset[str]] = {}
    for part in filter(None, ordered_map(pool, store.read_part, inventory.parts)):
        recovered.update(part.recovered)
        wanted = {(absent.stream, absent.id) for absent in part.rejected if absent.id}
        if wanted and not _REPLAY.match(part.slice):
            rejected[part.slice] = wanted
            ends[part.slice] = frozenset(slice.name for slice in part.next)
        following.update((slice.name, slice) for slice in part.next)
    return [
        Retry(_again(slice, wanted, number), frozenset(wanted), ends[slice.name])
        for slice in _planned(store, inventory, following)
        if (wanted := rejected.get(slice.name, set()) - recovered)
        and _name(slice, number) not in inventory.parts  # tried in this very replay, before it was cut short
    ]


def _planned(store: RunStore, inventory: Inventory, following: dict[str, Slice]) -> Iterator[Slice]:
    for number in sorted(inventory.planned_rounds):
        round = store.read_round(number)
        if round is not None:
            yield from store.slices_of(round)
    yield from following.values()


def _again(slice: Slice, wanted: set[Key], number: int) -> Slice:
    ids = tuple(id for id in slice.ids if (slice.stream, id) in wanted)
    return replace(slice, name=_name(slice, number), ids=ids)


def _name(slice: Slice, number: int) -> str:
    name = f"replay{number}.{slice.name}"
    if len(name) > LONGEST_NAME:
        name = f"{name[:80]}.{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return name


def next_number(inventory: Inventory) -> int:
    """The number of the next replay of a generation: that of one that was cut short, else a new one."""

    def last(names: Iterable[str]) -> int:
        return max((int(match[1]) for match in map(_REPLAY.match, names) if match), default=0)

    is_open = {name for name in inventory.intents if _REPLAY.match(name)} - set(inventory.parts)
    newest = max(last(inventory.parts), last(inventory.intents))
    # A replay that died goes on under its own number: what it put is known by the names of its slices.
    return newest if is_open and last(is_open) == newest else max(newest, inventory.supplements) + 1


def only_wanted(source: Source, retry: Retry) -> Source:
    """`source`, whose fetch gives nothing but what the retry is for, and the one rest that leads on to it."""

    def fetch(ctx: Context, slice: Slice) -> Iterator[Fetched]:
        rest: list[Slice] = []
        for item in source.fetch(ctx, slice):
            if isinstance(item, Record | Missing | Rejected):
                if (item.stream, id_text(item.id) or "") in retry.wanted:
                    yield item
            elif isinstance(item, Slice):
                rest.append(item)
        if len(rest) == 1 and rest[0].name not in retry.ends_before:
            yield rest[0]

    return replace(source, fetch=fetch)


def recovering(retry: Retry) -> Callable[[Part], Part]:
    """Makes the part of a replayed slice tell what left the quarantine; the rest of the run is not its matter."""

    def close(part: Part) -> Part:
        landed = {(record.stream, record.id) for record in part.records if record.outcome != "conflict"}
        gone = {(absent.stream, absent.id) for absent in part.missing}
        return msgspec.structs.replace(
            part,
            rejected=(),
            unaccounted=(),
            refs=(),
            checkpoints={},
            next=(),
            recovered=tuple(sorted((landed | gone) & retry.wanted)),
        )

    return close
