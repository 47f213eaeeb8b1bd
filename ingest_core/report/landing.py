"""The page in the lake itself."""

from __future__ import annotations

from collections.abc import Callable

from ingest_core.codes import Code
from ingest_core.errors import LakeError
from ingest_core.keys import page_key
from ingest_core.report.page import page
from ingest_core.report.reading import read_picture
from ingest_core.report.subject import Subject

TRIES = 3


def land_page(subject: Subject, clean: Callable[[str], str]) -> str:
    """Writes the picture of the subject's run over its label's last one; returns its key.

    `clean` masks what must not be written anywhere. On a condition, as everything that runs write.
    """
    body, key = clean(page(read_picture(subject))).encode(), page_key(subject.label)
    for _ in range(TRIES):
        seen = subject.lake.get(key)
        if subject.lake.put_if_absent(key, body, {}) if seen is None else subject.lake.swap(key, body, seen, {}):
            return key
    raise LakeError(f"{key}: written by several runs at once", Code.LAKE_RACE, hint="the next run writes it again")
