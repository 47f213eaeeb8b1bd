"""A bounded sample of what a committed run landed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from ingest_core.lake import Lake
from ingest_core.report.shape import Shape
from ingest_core.run.parallel import ordered_map
from ingest_core.state import Landed, Manifest, Part, RunStore

T = TypeVar("T")
PARTS = 12
RECORDS = 100
STREAMS = 12
LARGEST = 8_000_000
UNPACKED = 32_000_000
_GZIP = 31


@dataclass(frozen=True, slots=True)
class Sample:
    """The shape of each stream, and whether it is that of every record there is."""

    shapes: dict[str, Shape]
    is_whole: bool


def sample(lake: Lake, store: RunStore, manifest: Manifest, pool: Executor, is_over: Callable[[], bool]) -> Sample:
    """Looks at PARTS parts, spread over the run, and at RECORDS of each of STREAMS streams that they name.

    So it takes at most PARTS + RECORDS · STREAMS reads, of objects of LARGEST bytes at most; where `is_over` says that
    time is up, it ends with what it has.
    """
    names = _spread(manifest.parts, PARTS)
    parts = [part for part in ordered_map(pool, store.read_part, names) if part is not None]
    by_stream = _by_stream(parts)
    shapes: dict[str, Shape] = {}
    whole = len(names) == len(manifest.parts) and len(by_stream) <= STREAMS
    for stream in sorted(by_stream)[:STREAMS]:
        landed = by_stream[stream]
        chosen = _spread(landed, RECORDS)
        whole = whole and len(chosen) == len(landed)
        shapes[stream] = Shape()
        for body in _bodies(lake, parts, chosen, pool, is_over):
            if shapes[stream].records < RECORDS:
                shapes[stream].add(body)
        whole = whole and shapes[stream].records == len(landed)
    return Sample({stream: shape for stream, shape in shapes.items() if shape.records}, whole)


def _by_stream(parts: Iterable[Part]) -> dict[str, list[Landed]]:
    found: dict[str, list[Landed]] = {}
    for part in parts:
        for landed in part.records:
            if landed.is_there:
                found.setdefault(landed.stream, []).append(landed)
    return found


def _bodies(
    lake: Lake, parts: Iterable[Part], chosen: Sequence[Landed], pool: Executor, is_over: Callable[[], bool]
) -> Iterator[bytes]:
    """The records chosen; of files of many records as many, spread over PARTS of the files."""
    sizes = {file.key: file.bytes for part in parts for file in part.files}
    keys = dict.fromkeys(landed.key for landed in chosen if sizes.get(landed.key, landed.bytes) <= LARGEST)

    def read(key: str) -> tuple[str, bytes]:
        stored = None if is_over() else lake.get(key)
        return key, b"" if stored is None else stored.body

    if not sizes:
        for _, body in ordered_map(pool, read, keys):
            if body:
                yield body
        return
    files = _spread(list(keys), PARTS)
    for key, body in map(read, files):
        lines = list(_lines(_unpacked(body) if key.endswith(".gz") else body))
        yield from _spread(lines, RECORDS if len(chosen) < RECORDS else -(-RECORDS // len(files)))


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=_GZIP).decompress(body, UNPACKED)
    except zlib.error:
        return b""


def _lines(body: bytes) -> Iterator[bytes]:
    """The records of a file of many: one a line, as JSON Lines or as an array that keeps one a line."""
    text = body.strip()
    if text.startswith(b"[") and text.endswith(b"]") and text.count(b"\n") == text.count(b",\n"):
        text = text[1:-1]
    for line in text.split(b"\n"):
        if line:
            yield line.removesuffix(b",")


def _spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many of `items`, spread evenly over them."""
    if len(items) <= most:
        return list(items)
    return [items[number * len(items) // most] for number in range(most)]
