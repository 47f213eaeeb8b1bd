"""What an answer of S3 tells of an object: how old it is, and its body as a file is read."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, cast

from ingest_core.errors import IngestError

BUFFER = 65536


def age_of(said: str | None, written: str | dt.datetime | None) -> float | None:
    """Seconds since an object was written, by S3's own clock at both ends: this machine's may be wrong.

    `said` is the answer's Date, `written` its Last-Modified.
    """
    if said is None or written is None:
        return None
    try:
        when = parsedate_to_datetime(written) if isinstance(written, str) else written
        return max(0.0, float((parsedate_to_datetime(said) - when).total_seconds()))
    except (TypeError, ValueError):
        return None


def as_file(body: Any, failures: tuple[type[Exception], ...], told: Callable[[Exception], IngestError]) -> BinaryIO:
    """`body`, which has `read(size)` and `close`, as Python's own file: nothing is read ahead but a buffer.

    What it raises of `failures` is raised as `told` words it.
    """
    return cast(BinaryIO, io.BufferedReader(_Raw(body, failures, told), BUFFER))


class _Raw(io.RawIOBase):
    def __init__(
        self, body: Any, failures: tuple[type[Exception], ...], told: Callable[[Exception], IngestError]
    ) -> None:
        self._body = body
        self._failures = failures
        self._told = told

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._body.read(len(buffer))
        except self._failures as error:
            raise self._told(error) from error
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._body.close()
        super().close()
