"""Rounds: slices of pinned ids, made of the refs that are new; and the names that only the core gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ingest_core.model import Slice

IDS_IN_A_SLICE = 100
_RESERVED = re.compile(r"(r[0-9]+-|replay[0-9]+\.)")
_BESIDE = re.compile(r"(r[0-9]+-late|replay[0-9]+)\.")


def is_reserved(slice_name: str) -> bool:
    """Whether only the core makes slices of this name: `r<round>-…`, `replay<n>.…`."""
    return _RESERVED.match(slice_name) is not None


def is_beside_the_plan(slice_name: str) -> bool:
    """Whether a part of this name belongs to no slice of the plan: what was found late, or a replay."""
    return _BESIDE.match(slice_name) is not None


def pinned_slices(round: int, pages: Iterable[list[tuple[str, str]]]) -> Iterator[Slice]:
    """Slices of up to a hundred ids of one stream, from (stream, id) in the order of streams."""
    stream, ids, number = "", list[str](), 0
    for page in pages:
        for of, id in page:
            if ids and (of != stream or len(ids) == IDS_IN_A_SLICE):
                yield _slice(round, stream, number, ids)
                ids, number = [], number + 1 if of == stream else 0
            elif of != stream:
                number = 0
            stream = of
            ids.append(id)
    if ids:
        yield _slice(round, stream, number, ids)


def _slice(round: int, stream: str, number: int, ids: list[str]) -> Slice:
    return Slice(f"r{round}-{stream}-{number:05d}", {}, stream, tuple(ids), requests=len(ids), records=len(ids))
