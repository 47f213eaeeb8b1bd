"""One day of one stream, from the lake into a temporary file that DuckDB reads: the committed records, a line each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec

from ingest_core.lake import LAKE_THREADS, Lake
from ingest_core.model.rawjson import compact
from ingest_core.run.parallel import ordered_map
from ingest_core.state import History
from ingest_core.upkeep import DamagedError, Holding, bodies, holdings

_text = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the records of a view come from: one stream of one config."""

    source: str
    stream: str
    history: History
    lake: Lake

    @property
    def config(self) -> str:
        return self.history.config


@dataclass(slots=True)
class Staged:
    """What was written: records, the longest line in bytes, whether that is all there is, and what had to stay out."""

    records: int = 0
    longest: int = 0
    is_whole: bool = True
    left_out: list[str] = field(default_factory=list)


def stage(
    origin: Origin,
    day: date,
    to: Path,
    pool: Executor,
    most: int | None = None,
    on_record: Callable[[], None] = lambda: None,
) -> Staged:
    """Writes the day's records to a file, no more than about `most` of them. Nothing of a day that is not committed.

    A line has `id`, `key` and the `record` itself. Objects that are gone or altered are left out, and named.
    """
    staged = Staged()
    with to.open("wb") as file:
        for holding, lines in _read(origin, day, pool, staged):
            for landed, body in zip(holding.records, lines, strict=True):
                line = b'{"id":%b,"key":%b,"record":%b}\n' % (_text(landed.id), _text(landed.key), _readable(body))
                file.write(line)
                staged.records += 1
                staged.longest = max(staged.longest, len(line))
                on_record()
            if most is not None and staged.records >= most:
                staged.is_whole = False
                break
    return staged


def _read(origin: Origin, day: date, pool: Executor, staged: Staged) -> Iterator[tuple[Holding, list[bytes]]]:
    """The day's objects, and the records in each; a few are read ahead."""

    def read(holding: Holding) -> tuple[Holding, list[bytes] | DamagedError]:
        try:
            return holding, bodies(origin.lake, holding)
        except DamagedError as error:
            return holding, error

    for holding, found in ordered_map(pool, read, _holdings(origin, day, pool, staged), ahead=LAKE_THREADS):
        if isinstance(found, DamagedError):
            staged.left_out.append(f"{found.what} (ingest verify {origin.config} --date {day})")
        else:
            yield holding, found


def _holdings(origin: Origin, day: date, pool: Executor, staged: Staged) -> Iterator[Holding]:
    manifest = origin.history.manifest(day)
    if manifest is None:
        return
    read_part = origin.history.store(day, manifest.generation).read_part
    pruned = 0
    for part in ordered_map(pool, read_part, manifest.parts, ahead=LAKE_THREADS):
        if part is None:
            pruned += 1
        else:
            yield from (found for found in holdings(part) if found.records and found.records[0].stream == origin.stream)
    if pruned:
        staged.left_out.append(
            f"{origin.config} {day}: what {pruned:,} of {len(manifest.parts):,} parts named, which were pruned"
        )


def _readable(body: bytes) -> bytes:
    """The record on one line. A surrogate without its partner, which JSON may spell and DuckDB refuses, is replaced."""
    line = compact(body)
    if b"\\u" not in line:
        return line
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        text = json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    return line
