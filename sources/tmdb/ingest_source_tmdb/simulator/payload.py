"""An answer made ready to send: its body packed or not, with the headers that depend on the body alone."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from ingest_source_tmdb.simulator.refusals import Answer

# Below this, gzip makes a body longer.
_WORTH_PACKING: Final = 200
# A gzip wrapper without a file name or a time (zlib, deflateInit2), so that equal bodies stay equal when packed.
_GZIP: Final = 31


@dataclass(frozen=True, slots=True)
class Payload:
    """``headers`` are whole lines, Content-Length included."""

    status: int
    headers: str
    body: bytes
    type: str = "application/json;charset=utf-8"


def pack(answer: Answer, *, gzip: bool) -> Payload:
    """The answer with TMDB's weak ETag and Cache-Control where it is a 200."""
    status, body = answer
    headers = ""
    if status == 200:
        digest = blake2b(body, digest_size=16).hexdigest()
        # Ages as recorded from TMDB, 2588 to 22812 s, fixed by the body like the tag.
        headers = f'Cache-Control: public, max-age={2588 + int(digest[:8], 16) % 20_225}\r\nETag: W/"{digest}"\r\n'
    if gzip and len(body) > _WORTH_PACKING:
        body = zlib.compress(body, 1, _GZIP)
        headers += "Content-Encoding: gzip\r\n"
    return Payload(status, f"{headers}Content-Length: {len(body)}\r\n", body)


class Shelf:
    """Payloads kept for the next time they are asked for, up to a number of bytes in all; then no more are added.

    Answers never change within a simulator, so nothing on the shelf goes stale, and without eviction a benchmark's
    second pass costs the same for every request.
    """

    def __init__(self, room: int = 128 * 1024 * 1024) -> None:
        self._room = room
        self._kept: dict[tuple[object, ...], Payload] = {}

    def find(self, key: tuple[object, ...]) -> Payload | None:
        return self._kept.get(key)

    def keep(self, key: tuple[object, ...], payload: Payload) -> None:
        if len(payload.body) <= self._room:
            self._room -= len(payload.body)
            self._kept[key] = payload
