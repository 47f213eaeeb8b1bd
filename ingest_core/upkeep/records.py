"""The records that a run landed, as its parts name them and as they lie in the lake, whatever the layout."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest_core.codes import Code
from ingest_core.errors import LakeError
from ingest_core.lake import Lake
from ingest_core.state import BatchFile, Landed, Part

_GZIP = 31


class DamagedError(LakeError):
    """An object is gone, or is not the one that the part names. `ingest verify` says it of all of them."""

    def __init__(self, what: str) -> None:
        super().__init__(what, Code.LAKE_DAMAGED)


@dataclass(frozen=True, slots=True)
class Holding:
    """One object of the lake: the records in it, in its order. `file` is None where it is one record's own."""

    key: str
    records: tuple[Landed, ...]
    file: BatchFile | None = None


def holdings(part: Part) -> Iterator[Holding]:
    """What a part says lies in the lake, one object after the other; what others landed is not among it."""
    if not part.files:
        yield from (Holding(landed.key, (landed,)) for landed in part.records if landed.is_there)
        return
    held: dict[str, list[Landed]] = {file.key: [] for file in part.files}
    for landed in part.records:
        if landed.key in held and landed.is_there:
            held[landed.key].append(landed)
    for file in part.files:
        yield Holding(file.key, tuple(held[file.key]), file)


def bodies(lake: Lake, holding: Holding) -> list[bytes]:
    """The records' bytes as they lie there. Raises DamagedError where they are not what landed."""
    stored = lake.get(holding.key)
    if stored is None:
        raise DamagedError(f"{holding.key} is missing")
    wanted = holding.records[0].sha256 if holding.file is None else holding.file.sha256
    if hashlib.sha256(stored.body).hexdigest() != wanted:
        raise DamagedError(f"{holding.key} is not what landed: its digest is another")
    return [stored.body] if holding.file is None else _lines(stored.body, holding)


def _lines(body: bytes, holding: Holding) -> list[bytes]:
    """The lines of a file whose digest is right. JSON Lines and an array are told apart by the first record."""
    text = zlib.decompress(body, _GZIP) if holding.key.endswith(".gz") else body
    lines = text.split(b"\n")[:-1]
    if lines and not _is(lines[0], holding.records):
        lines = [line.removesuffix(b",") for line in text.removeprefix(b"[").removesuffix(b"]\n").split(b"\n")]
    if len(lines) != len(holding.records):
        raise DamagedError(f"{holding.key} has {len(lines):,} records, and its part names {len(holding.records):,}")
    return lines


def _is(line: bytes, records: Sequence[Landed]) -> bool:
    return bool(records) and hashlib.sha256(line).hexdigest() == (records[0].line or records[0].sha256)
