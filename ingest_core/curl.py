"""What HTTP looks like to libcurl, for whoever asks by it: the lines that it is given, and those that it gives."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_A_VALUE = re.compile(rb"[\r\n\0]")


def header_line(name: str, value: str) -> bytes:
    """A header as libcurl takes it. Raises ValueError for one that HTTP does not carry."""
    told, said = name.encode("latin-1"), value.encode("latin-1")
    if not _NAME.fullmatch(told) or _NOT_IN_A_VALUE.search(said):
        raise ValueError
    return told + b": " + said if said.strip() else told + b";"


def headers_in(lines: Iterable[bytes]) -> list[tuple[str, str]] | None:
    """The headers of the last answer in `lines`; None where they break off, which libcurl takes for their end."""
    told = str(b"".join(lines), "latin-1").replace("\r\n", "\n")
    head, ended, _ = told.rpartition("\nHTTP/")[2].partition("\n\n")
    if not ended:
        return None
    pairs = (line.partition(":") for line in head.split("\n")[1:])
    return [(name, value.strip()) for name, _, value in pairs]
