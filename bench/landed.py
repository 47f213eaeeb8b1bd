"""What landed, compared with what the API says: the simulator's own oracle, asked in this process."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest_source_tmdb.simulator import Simulator

_MOVIE = re.compile(r"movie-(\d+)\.json")

# MD5, because S3 tells it of every object in a listing; and the size in bytes.
Print = tuple[str, int]


@dataclass(frozen=True)
class Landed:
    """`expected` ids; of them, how many have no file and how many a file of the very bytes that were sent.

    `strangers` are files that answer for no expected id. `bytes` is what lies there, `sent` what the API said.
    """

    expected: int
    lost: int
    identical: int
    strangers: int
    bytes: int
    sent: int


def bodies_of(oracle: Simulator, ids: Iterable[int], append: str) -> dict[str, bytes]:
    """Each movie's answer, by its id as text."""
    bodies = {}
    for id in ids:
        status, body = oracle.answer(f"/movie/{id}", {"append_to_response": append})
        if status != 200:
            raise RuntimeError(f"movie {id} answers {status}: take ids that exist")
        bodies[str(id)] = body
    return bodies


def truth(bodies: Mapping[str, bytes]) -> dict[str, Print]:
    """The print of each body."""
    return {id: _print(body) for id, body in bodies.items()}


def files_in(folder: Path) -> dict[str, Print]:
    """The print of every file that a contestant left where records belong, by path."""
    records = folder / "Raw"
    return {str(path): _print(path.read_bytes()) for path in records.rglob("*") if path.is_file()}


def compare(found: Mapping[str, Print], true: Mapping[str, Print]) -> Landed:
    """`found`, by path or key, against `true`, by id."""
    by_id = {}
    for key, found_print in found.items():
        name = _MOVIE.fullmatch(key.rpartition("/")[2])
        if name is not None and name[1] in true:
            by_id[name[1]] = found_print
    return Landed(
        expected=len(true),
        lost=len(true) - len(by_id),
        identical=sum(true[id] == found_print for id, found_print in by_id.items()),
        strangers=len(found) - len(by_id),
        bytes=sum(size for _, size in found.values()),
        sent=sum(size for _, size in true.values()),
    )


def _print(body: bytes) -> Print:
    return hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body)
