"""What several sections say in the same words."""

from __future__ import annotations

from ingest_core.report.picture import Day

_ANEW = {
    "running": "a newer run is under way",
    "unfinished": "a newer run is unfinished",
    "interrupted": "a newer run was interrupted",
    "given up": "given up since",
    "trial": "tried since",
}


def anew(day: Day) -> str:
    """Of another run that was begun after a committed one; nothing where there is none."""
    return _ANEW.get(day.anew, day.anew)
