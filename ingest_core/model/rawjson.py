"""JSON that stays bytes: check it, compact it, cut rows out of it, without writing a number or a string anew.

The fast path is msgspec. It refuses what RFC 8259 allows but Unicode does not, an escaped lone surrogate; documents
that it refuses take the slow path, where the standard library judges each piece and a scanner finds its bounds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec

from ingest_core.codes import Code
from ingest_core.errors import MalformedError

_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(_STRING + rb"|[\[\]{},:]", re.DOTALL)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_ANY = msgspec.json.Decoder(msgspec.Raw)


def is_json(body: bytes) -> bool:
    """True where `body` is one well-formed JSON text in UTF-8 (RFC 8259), of any number size and with no BOM."""
    try:
        _ANY.decode(body)
        body.isascii() or body.decode()
    except UnicodeDecodeError:
        return False
    except (msgspec.DecodeError, RecursionError):
        return _standard_library_accepts(body)
    return True


def _standard_library_accepts(body: bytes) -> bool:
    try:
        json.loads(body.decode(), parse_constant=_refuse_constant, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def compact(body: bytes) -> bytes:
    """`body` on one line: white space outside strings is dropped, every other byte stays."""
    try:
        return msgspec.json.format(body, indent=-1)
    except (msgspec.DecodeError, RecursionError):
        pieces = re.split(b"(" + _STRING + b")", body, flags=re.DOTALL)
        return b"".join(piece if n % 2 else re.sub(rb"[ \t\r\n]+", b"", piece) for n, piece in enumerate(pieces))


def value_at(body: bytes, path: str) -> bytes | None:
    """The bytes of the value at `path` (`"meta.next_token"`), or None where there is none.

    Raises MalformedError where `body` is not a JSON object.
    """
    raw = body
    for name in path.split("."):
        found = _member(raw, name)
        if found is None:
            return None
        raw = found
    return raw


def _member(body: bytes, name: str) -> bytes | None:
    try:
        value = _FIELDS.decode(body).get(name)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return dict(_scan_members(body)).get(name)
    return None if value is None else bytes(value)


def field_at(body: bytes, path: str) -> Any:
    """The value at `path` as Python sees it, integers exact; None where it is absent or the row is broken."""
    try:
        raw = value_at(body, path)
        return None if raw is None else json.loads(raw)
    except (MalformedError, ValueError, RecursionError):
        return None


def rows_at(body: bytes, path: str) -> list[bytes]:
    """The elements of the array at `path` (`""`: the document itself), each as its own bytes, broken ones included.

    Raises MalformedError where there is no such array.
    """
    raw = value_at(body, path) if path else body
    if raw is None or not raw.lstrip(b" \t\r\n").startswith(b"["):
        raise MalformedError(
            f"the answer has no array {path!r}" if path else "the answer is not an array", Code.API_ANSWER
        )
    try:
        return [bytes(row) for row in _ROWS.decode(raw)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [element.strip(b" \t\r\n") for element in _scan_elements(raw)]


def _scan_members(body: bytes) -> Iterator[tuple[str, bytes]]:
    for element in _scan_elements(body, opening=b"{"):
        key = _TOKEN.match(element.lstrip(b" \t\r\n"))
        if key is None or not key[0].startswith(b'"'):
            raise MalformedError("the answer is not well-formed JSON", Code.API_ANSWER)
        rest = element.lstrip(b" \t\r\n")[key.end() :].lstrip(b" \t\r\n")
        try:
            yield json.loads(key[0]), rest[1:].strip(b" \t\r\n")
        except ValueError:
            continue


def _scan_elements(body: bytes, opening: bytes = b"[") -> Iterator[bytes]:
    """Cuts what stands between the outer brackets at its commas; what an element holds is not judged here."""
    depth, start = 0, -1
    for token in _TOKEN.finditer(body):
        mark = token[0]
        if mark in b"[{":
            depth += 1
            if depth == 1:
                if mark != opening:
                    break
                start = token.end()
        elif mark in b"]}":
            depth -= 1
            if depth == 0:
                if body[start : token.start()].strip(b" \t\r\n"):
                    yield body[start : token.start()]
                return
        elif mark == b"," and depth == 1:
            yield body[start : token.start()]
            start = token.end()
    raise MalformedError("the answer is not well-formed JSON", Code.API_ANSWER)
