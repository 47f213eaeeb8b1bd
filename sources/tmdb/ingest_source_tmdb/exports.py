"""TMDB's daily files of ids: https://developer.themoviedb.org/docs/daily-id-exports.

gzip, one JSON object a line, about a million lines for films; ready by 08:00 UTC, kept for three months.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from ingest_core import Context, MalformedError, Note, NotFoundError, Ref
from ingest_source_tmdb.resources import RESOURCES
from ingest_source_tmdb.settings import skipped_since

# The file of a day is not there yet early on that day.
DAYS_TRIED = 3


def read_export(ctx: Context, select: Mapping[str, Any]) -> Iterator[Ref | Note]:
    """A ref for each line that the entry of `select` wants, and a Note about the lines at the end.

    Raises NotFoundError where there is no file, MalformedError where it is not what it should be.
    """
    kind, since = select["export"], skipped_since(ctx.settings, ctx.date)
    day, file = _newest(ctx, kind)
    lines = taken = broken = 0
    with file, gzip.GzipFile(fileobj=file) as unpacked:
        try:
            for line in unpacked:
                lines += 1
                row = _row(line)
                if row is None:
                    broken += 1
                elif _is_wanted(row, select):
                    taken += 1
                    yield Ref(kind, row["id"], unless_landed=since)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise MalformedError(f"the export of {kind} of {day}: cut off after {lines:,} lines ({error})") from error
    if not lines:
        raise MalformedError(f"the export of {kind} of {day} is empty")
    spoilt = f"; {broken:,} lines could not be read" if broken else ""
    yield Note(f"export {kind}", f"{taken:,} of {lines:,} ids of the file of {day}{spoilt}")


def _newest(ctx: Context, kind: str) -> tuple[dt.date, BinaryIO]:
    days = [ctx.date - dt.timedelta(days=number) for number in range(DAYS_TRIED)]
    for day in days:
        url = f"{ctx.settings['exports_url'].rstrip('/')}/{RESOURCES[kind].export}_{day:%m_%d_%Y}.json.gz"
        try:
            return day, ctx.api.open(url)
        except NotFoundError:
            continue
    raise NotFoundError(
        f"export: TMDB has no file of {kind} ids of {days[-1]} to {days[0]}",
        hint="it keeps them for three months; check exports_url",
    )


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("id"), int) else None


def _is_wanted(row: Mapping[str, Any], select: Mapping[str, Any]) -> bool:
    least, adult = select.get("min_popularity"), select.get("adult")
    if least is not None and not (isinstance(row.get("popularity"), int | float) and row["popularity"] >= least):
        return False
    return adult is None or bool(row.get("adult")) is adult
