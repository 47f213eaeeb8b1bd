"""How records lie in the lake: one object each, or many in a file."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

from ingest_core.model.value import Value

# A gzip wrapper without a file name or a time (zlib, deflateInit2), so that equal files stay equal when packed.
_GZIP: Final = 31


class Batch(Value, frozen=True):
    """Files of many records, one compact record a line: at most so many records **and** bytes in one.

    array  the file is a JSON array, still with a record on each line; else it is JSON Lines
    gzip   the file is packed; `bytes` bounds what is in it
    """

    records: int = 100
    bytes: int = 10_000_000
    array: bool = False
    gzip: bool = False

    @property
    def ending(self) -> str:
        """How the names of its files end."""
        return ".json.gz" if self.gzip else ".json"

    @property
    def room(self) -> int:
        """What all weights in a file may come to."""
        return self.bytes - self.array

    def weight(self, size: int) -> int:
        """What a record of `size` bytes on one line adds to a file."""
        return size + 1 + self.array


def file_body(batch: Batch, lines: Sequence[bytes]) -> bytes:
    """The file that these lines make."""
    body = b"[" + b",\n".join(lines) + b"]\n" if batch.array else b"".join(line + b"\n" for line in lines)
    if not batch.gzip:
        return body
    packer = zlib.compressobj(wbits=_GZIP)
    return packer.compress(body) + packer.flush()
