"""A body that is too large to hold: fetched in pieces, each retried alone, into a temporary file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from typing import BinaryIO, cast

from ingest_core.codes import Code
from ingest_core.errors import MalformedError, TransientError
from ingest_core.model import Answer

PIECE_BYTES = 4 * 1024 * 1024
MOST_BYTES = 8 * 1024**3  # a disk fills up for everybody on it; what is larger is not one answer
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")

Ask = Callable[[Mapping[str, str]], Answer]


def spool(ask: Ask) -> BinaryIO:
    """The whole body as an unnamed file, read from its beginning; `ask` sends one request with further headers.

    Pieces are byte ranges (RFC 9110, section 14). A server that knows none answers with the whole, once. Raises what
    `Answer.check` raises; TransientError where the file changes meanwhile; MalformedError where the pieces do not fit,
    or would be more than MOST_BYTES.
    """
    file = cast(BinaryIO, tempfile.TemporaryFile(prefix="ingest-"))  # noqa: SIM115 -- the caller's to close
    try:
        _fill(file, ask)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _fill(file: BinaryIO, ask: Ask) -> None:
    begin, tag = 0, None
    while True:
        # Ranges count the bytes that travel: a coding for the way would shift them.
        wanted = {"Range": f"bytes={begin}-{begin + PIECE_BYTES - 1}", "Accept-Encoding": "identity"}
        answer = ask(wanted).check()
        if answer.status != 206:
            file.seek(0)
            file.truncate()
            file.write(answer.body)
            return
        if begin and answer.headers.get("etag") != tag:
            raise TransientError(
                f"GET {answer.url}: it was changed while it was read", Code.API_CHANGED, hint="run again"
            )
        tag = answer.headers.get("etag")
        total = _checked_total(answer, begin)
        file.write(answer.body)
        begin += len(answer.body)
        if begin >= total:
            return


def _checked_total(answer: Answer, begin: int) -> int:
    """The size of the whole, where the piece is the one that was asked for."""
    said = answer.headers.get("content-range", "")
    found = _RANGE.fullmatch(said)
    if found is None or int(found[1]) != begin or int(found[2]) - begin + 1 != len(answer.body) or not answer.body:
        raise MalformedError(
            f"GET {answer.url}: {len(answer.body):,} bytes came as {said!r}, from {begin:,} on", Code.API_ANSWER
        )
    if int(found[3]) > MOST_BYTES:
        raise MalformedError(f"GET {answer.url}: the body is larger than {MOST_BYTES:,} bytes", Code.API_ANSWER)
    return int(found[3])
