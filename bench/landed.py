"""What landed, compared with what the API says: the simulator's own oracle, asked in this process."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ingest_source_tmdb.simulator import Simulator
from servers import S3

_MOVIE = re.compile(r"movie-(\d+)\.json")
_LINES = re.compile(r"/movie/[^/]+\.jsonl(\.gz)?$")

# MD5, because S3 tells it of every object in a listing; and the size in bytes.
Print = tuple[str, int]


@dataclass(frozen=True)
class Landed:
    """`expected` ids; of them, how many did not land and how many landed as the very bytes that were sent.

    `objects` are all that lie there, a record's or not; `bytes` is what the records take, `sent` what the API said.
    """

    expected: int
    objects: int
    lost: int
    identical: int
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


def landed_in(store: S3, true: Mapping[str, Print]) -> Landed:
    """What lies below Raw/, as objects of one record each or as files of JSON lines."""
    objects = store.objects()
    prints = dict(_records(store, objects))
    found = {id: prints[id] for id in true if id in prints}
    return Landed(
        expected=len(true),
        objects=len(objects),
        lost=len(true) - len(found),
        identical=sum(true[id] == found_print for id, found_print in found.items()),
        bytes=sum(size for _, size in found.values()),
        sent=sum(size for _, size in true.values()),
    )


def _records(store: S3, objects: Mapping[str, Print]) -> Iterator[tuple[str, Print]]:
    for key, found in objects.items():
        name = _MOVIE.fullmatch(key.rpartition("/")[2])
        if name is not None:
            yield name[1], found
        elif _LINES.search(key):
            body = store.get(key)
            for line in (gzip.decompress(body) if key.endswith(".gz") else body).splitlines():
                yield str(json.loads(line)["id"]), _print(line)


def _print(body: bytes) -> Print:
    return hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body)
