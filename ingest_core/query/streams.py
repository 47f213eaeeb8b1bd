"""Which streams a config has landed, without reading all of what its runs said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import Executor
from datetime import date

from ingest_core.run.parallel import ordered_map
from ingest_core.state import DAYS_LOOKED_BACK, History

MOST_PARTS = 64


def landed_streams(history: History, days: Iterable[date], pool: Executor) -> list[str]:
    """The streams of the newest committed day among `days`, which are newest first.

    Slices that differ by numbers alone are taken to be of the same streams: one part of each kind is read.
    """
    for day, _ in zip(days, range(DAYS_LOOKED_BACK), strict=False):
        manifest = history.manifest(day)
        if manifest is None:
            continue
        kinds = {re.sub(r"\d+", "#", name): name for name in manifest.parts}
        read_part = history.store(day, manifest.generation).read_part
        parts = ordered_map(pool, read_part, list(kinds.values())[:MOST_PARTS])
        return sorted({landed.stream for part in parts if part is not None for landed in part.records})
    return []
