"""Spans of time and sizes as a config writes them: `90s`, `15m`, `12h`, `30d`; `10MB`, `500KB`."""

from __future__ import annotations

import datetime as dt
import re

DURATION_PATTERN = r"^(?!0+(\.0+)?[smhd]$)[0-9]{1,6}(\.[0-9]{1,3})?(s|m|h|d)$"
_DURATION = re.compile(DURATION_PATTERN)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> dt.timedelta:
    """The span that `text` names. Raises ValueError where it has no such form."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration such as 90s, 15m, 12h or 30d")
    return dt.timedelta(**{_UNITS[text[-1]]: float(text[:-1])})


def size(text: str) -> int:
    """The bytes that `10MB` or `500KB` names; a kilobyte has 1,000."""
    return int(text[:-2]) * {"KB": 1_000, "MB": 1_000_000}[text[-2:]]
