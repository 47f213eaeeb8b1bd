"""The checkpoint of a stream: the largest value of a field, and what of it the next run asks for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ingest_core import MalformedError, Row

_DIGITS = re.compile(r"-?[0-9]{1,100}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def newest(incremental: Mapping[str, Any], rows: Iterable[Row], before: Any) -> Any:
    """The largest value among `before` and the rows, as the API wrote it. Rows without one say nothing.

    Raises MalformedError where a value is not of the type that the settings say.
    """
    field, kind = incremental["field"], incremental["type"]
    largest, rank = before, None if before is None else order(kind, before)
    for row in rows:
        value = row.field(field)
        if value is None:
            continue
        try:
            own = order(kind, value)
        except (TypeError, ValueError, OverflowError):
            raise MalformedError(f"the field {field!r} of a row is {value!r:.60}, which is no {kind}") from None
        if rank is None or own > rank:
            largest, rank = value, own
    return largest


def order(kind: str, value: Any) -> float | int:
    """What values of a kind are compared by. Raises TypeError or ValueError where `value` is none of it."""
    if kind == "timestamp":
        return _instant(value).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(value)
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            raise ValueError(value)
        return int(value)
    return value


def begin(incremental: Mapping[str, Any], checkpoint: Any) -> str | None:
    """What stands for `{checkpoint}`: the checkpoint less its lag, or where the first run starts; None: nothing."""
    if checkpoint is None:
        start = incremental.get("start")
        return None if start is None else str(start)
    if "lag" not in incremental:
        return str(checkpoint)
    lag = seconds(incremental["lag"])
    if incremental["type"] == "unix":
        return str(int(order("unix", checkpoint) - lag))
    text = str(checkpoint)
    earlier = _instant(text) - dt.timedelta(seconds=lag)
    if _DAY.fullmatch(text):
        return earlier.date().isoformat()
    written = earlier.isoformat(timespec="seconds").removesuffix("+00:00")
    return written if dt.datetime.fromisoformat(text).tzinfo is None else f"{written}Z"


def seconds(lag: str) -> float:
    """The seconds of `90s`, `15m`, `12h` or `30d`."""
    return float(lag[:-1]) * _SECONDS[lag[-1]]


def _instant(value: Any) -> dt.datetime:
    """An ISO 8601 date or time, in UTC; one without an offset is taken as UTC, so that it can be compared."""
    found = dt.datetime.fromisoformat(value)
    return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
