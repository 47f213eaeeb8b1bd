"""Noticing that pages go round in circles, without remembering all of them.

A slice is told by its params alone, so what is remembered travels in them. Brent's algorithm keeps one page, that of
the last power of two, and compares each later one with it: a circle is met before three times its length was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ingest_core import Row, StopError

Mark = Mapping[str, Any]


def mark_after(mark: Mark | None, page: int, rows: Sequence[Row], following: object) -> Mark:
    """The mark to go on with after `page`, which has `rows` and leads to `following`.

    Raises StopError where the page of `mark` has the same rows, or leads to the same place.
    """
    here = {"page": page, "rows": _digest(*(row.body for row in rows)), "next": _digest(repr(following).encode())}
    if mark is not None:
        if rows and mark["rows"] == here["rows"]:
            raise StopError(
                f"page {page} has the very rows of page {mark['page']}: the paging does not advance",
                hint="does the API know the paging's parameter under another name?",
            )
        if mark["next"] == here["next"]:
            raise StopError(f"page {page} leads where page {mark['page']} did: the API's paging goes round in circles")
    is_power_of_two = page & (page - 1) == 0
    return here if mark is None or is_power_of_two else mark


def _digest(*pieces: bytes) -> str:
    whole = hashlib.sha256()
    for piece in pieces:
        whole.update(len(piece).to_bytes(8, "big") + piece)
    return whole.hexdigest()[:16]
