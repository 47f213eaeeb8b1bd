"""Numbers, spans and instants as a person reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

LONGEST = 200


def count(number: int) -> str:
    """1,234,567."""
    return f"{number:,}"


def many(number: int, one: str, several: str = "") -> str:
    """ "1 record", "2 records"; `several` where it is no -s."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def brief(number: int) -> str:
    """At most five characters: 999, 1.2k, 12k, 3.4M."""
    for unit, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= unit:
            short = number / unit
            return f"{short:.1f}{letter}" if short < 9.95 else f"{short:.0f}{letter}"
    return str(number)


def size(number: int) -> str:
    """Bytes, in powers of ten."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")):
        if number >= unit:
            return f"{number / unit:,.1f} {name}"
    return many(number, "byte")


def span(seconds: float) -> str:
    """How long something took."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def milliseconds(number: int) -> str:
    """A bound of a histogram."""
    return f"{number} ms" if number < 1000 else f"{number // 1000} s"


def share(part: float, whole: float) -> str:
    """A part in per cent; never "0%" of something, never "100%" of less than all."""
    if not whole or part in {0, whole}:
        return "100%" if part else "0%"
    percent = 100 * part / whole
    if percent < 1:
        return "<1%"
    return ">99%" if percent > 99 else f"{percent:.0f}%"


def day(date: dt.date) -> str:
    """23 November 2026."""
    return f"{date.day} {date:%B %Y}"


def instant(moment: dt.datetime) -> str:
    """2026-11-23 06:04 UTC."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def clock(moment: dt.datetime) -> str:
    """06:04."""
    return f"{moment.astimezone(dt.UTC):%H:%M}"


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def cut(text: str, longest: int = LONGEST) -> str:
    """`text` where it is short enough, else its beginning."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
