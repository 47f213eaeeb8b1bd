"""What HTTP looks like to libcurl, for whoever asks by it: the lines that it is given, and those that it gives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_A_VALUE = re.compile(rb"[\r\n\0]")
_ENDS = (b"\r\n", b"\n")


def header_line(name: str, value: str) -> bytes:
    """A header as libcurl takes it. Raises ValueError for one that HTTP does not carry."""
    if value.isascii() and value.isprintable() and not value.isspace() and value:  # as good as all are
        return _named(name) + value.encode()
    said = value.encode("latin-1")
    if _NOT_IN_A_VALUE.search(said):
        raise ValueError
    named = _named(name)
    return named + said if said.strip() else named[:-2] + b";"


@lru_cache(256)
def _named(name: str) -> bytes:
    told = name.encode("latin-1")
    if not _NAME.fullmatch(told):
        raise ValueError
    return told + b": "


def headers_in(lines: Iterable[bytes]) -> list[tuple[str, str]] | None:
    """The headers of the last answer in `lines`; None where they break off, which libcurl takes for their end."""
    headers: list[tuple[str, str]] = []
    is_over = False
    for line in lines:
        if line.startswith(b"HTTP/"):
            headers, is_over = [], False
        elif line in _ENDS:
            is_over = True
        elif not is_over:  # what comes after that are trailers
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))
    return headers if is_over else None
