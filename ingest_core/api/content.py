"""A body as its sender meant it: HTTP's content codings undone (RFC 9110, 8.4), and never past a limit."""

from __future__ import annotations

import zlib

from ingest_core.api.transport import CUT_SHORT, NOT_AS_ENCODED, TransportError, body_too_large

MOST_CODINGS = 5
_GZIP = zlib.MAX_WBITS | 16
_FORMATS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}


def decoded(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """`body` without the codings that `encoding` names, the last one first; as it is from one on that is not known.

    Raises TransportError for a body that is not what it says, breaks off, or would become more than `max_bytes`: no
    more than that is ever inflated.
    """
    codings = [coding.strip().lower() for coding in encoding.split(",")] if body and encoding else []
    for coding in reversed(codings[-MOST_CODINGS:]):
        if coding not in _FORMATS:
            return body
        body = _inflated(body, _FORMATS[coding], max_bytes)
    return body


def _inflated(body: bytes, formats: tuple[int, ...], max_bytes: int) -> bytes:
    """By the first format that fits: "deflate" comes with zlib's frame, as it should, or without."""
    for number, bits in enumerate(formats, 1):
        try:
            return _members(body, bits, max_bytes)
        except zlib.error:
            if number == len(formats):
                break
    raise TransportError(NOT_AS_ENCODED)


def _members(body: bytes, bits: int, max_bytes: int) -> bytes:
    """A gzip file may be several, one after the other (RFC 1952, 2.2); what follows the last is no part of it."""
    pieces: list[bytes] = []
    size = 0
    while True:
        engine = zlib.decompressobj(bits)
        try:
            pieces.append(engine.decompress(body, max_bytes + 1 - size))
        except zlib.error:
            if not pieces:
                raise
            return b"".join(pieces)
        size += len(pieces[-1])
        if size > max_bytes:
            raise body_too_large(max_bytes)
        if not engine.eof:
            raise TransportError(CUT_SHORT)
        body = engine.unused_data
        if not body or bits != _GZIP:
            return b"".join(pieces)
