"""Whose day a run is about."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest_core.codes import Code
from ingest_core.errors import UsageError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def time_zone(name: str) -> ZoneInfo | None:
    """The time zone of that IANA name, None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def logical_date(text: str | None, zone: dt.tzinfo, now: dt.datetime) -> dt.date:
    """The day that `text` names: a day as it stands, an instant as the day it is in `zone`; today without one.

    Raises UsageError where it is neither (ISO 8601; an instant needs its offset).
    """
    if text is None:
        return now.astimezone(zone).date()
    try:
        if _DAY.fullmatch(text):
            return dt.date.fromisoformat(text)
        instant = dt.datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(zone).date()
    except (ValueError, OverflowError):
        pass
    raise UsageError(
        f"date {text[:40]!r} is neither a day nor an instant with its offset",
        Code.DATE,
        hint="write 2026-11-23, or 2026-11-23T06:00:00Z",
    )
