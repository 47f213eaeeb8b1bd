"""Ids in a column of a CSV file, read as it comes: the file may be larger than memory."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO, cast

from ingest_core import Context, Note, UsageError
from ingest_source_tmdb.resources import FOUND

Row = list[str]
_QUOTED = {",", ";"}
LONGEST_LINE = 1_000_000


@dataclass
class Tally:
    """What became of the rows of one file."""

    rows: int = 0
    left_out: int = 0
    empty: int = 0
    uneven: int = 0
    first_uneven: int = 0

    def __str__(self) -> str:
        told = [f"{self.rows:,} rows", f"{self.rows - self.left_out - self.empty:,} ids"]
        if self.left_out:
            told.append(f"{self.left_out:,} not of `where`")
        if self.empty:
            told.append(f"{self.empty:,} without an id")
        if self.uneven:
            told.append(
                f"{self.uneven:,} with more or fewer cells than the first line (line {self.first_uneven} is one)"
            )
        return ", ".join(told)


def read_ids(ctx: Context, file: Mapping[str, Any], kind: str) -> Iterator[str | Note]:
    """The ids of the file in its order, repeated ones included, and a Note about its rows at the end.

    Raises UsageError where the file is not as the settings say, LakeError where it cannot be read.
    """
    tally = Tally()
    with ctx.open(file["csv"]) as raw, _text(raw, file) as text:
        try:
            yield from _ids(text, file, tally)
        except (csv.Error, UnicodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            line = f" after line {tally.rows + 1:,}"
            raise _mistake(file, f"cannot be read{line}: {error}", "check separator, quote and encoding") from error
    if tally.rows == 0:
        raise _mistake(file, "has no rows", "check the file")
    about = "" if kind in FOUND else f"; IMDb's ids name {', '.join(FOUND)} alone"
    yield Note(file["csv"], f"{tally}{about}")


def _text(raw: BinaryIO, file: Mapping[str, Any]) -> TextIO:
    packed = file["csv"].endswith(".gz")
    plain = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
    encoding = "utf-8-sig" if file["encoding"] == "utf-8" else file["encoding"]
    return io.TextIOWrapper(plain, encoding=encoding, newline="")


def _ids(text: TextIO, file: Mapping[str, Any], tally: Tally) -> Iterator[str]:
    quote = file.get("quote", '"' if file["separator"] in _QUOTED else "")
    quoting = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader(_lines(text), delimiter=file["separator"], **quoting)
    header = next(reader, [])
    column = _column(header, file["column"], file)
    is_wanted = _filter(header, file)
    absent = {"", file["null"]}
    for row in reader:
        if not row:
            continue
        tally.rows += 1
        if len(row) != len(header):
            tally.uneven += 1
            tally.first_uneven = tally.first_uneven or reader.line_num
        if not is_wanted(row):
            tally.left_out += 1
            continue
        id = row[column].strip() if column < len(row) else ""
        if id in absent:
            tally.empty += 1
        else:
            yield id


def _lines(text: TextIO) -> Iterator[str]:
    """The lines of the file. A file without line ends would be read into memory as one."""
    while line := text.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise csv.Error(f"a line has more than {LONGEST_LINE:,} characters")
        yield line


def _filter(header: Row, file: Mapping[str, Any]) -> Callable[[Row], bool]:
    wanted: list[tuple[int, frozenset[str]]] = []
    for name, given in file.get("where", {}).items():
        values: Sequence[str] = [given] if isinstance(given, str) else given
        wanted.append((_column(header, name, file), frozenset(values)))

    def is_wanted(row: Row) -> bool:
        return all(number < len(row) and _has(row[number], values) for number, values in wanted)

    return is_wanted


def _has(cell: str, values: frozenset[str]) -> bool:
    return cell in values or any(word.strip() in values for word in cell.split(","))


def _column(header: Row, name: str, file: Mapping[str, Any]) -> int:
    if name in header:
        return header.index(name)
    shown = ", ".join(header)[:200] or "nothing"
    raise _mistake(file, f"has no column {name!r}; its first line says {shown}", "check column, where and separator")


def _mistake(file: Mapping[str, Any], what: str, hint: str) -> UsageError:
    return UsageError(f"{file['csv']}: {what}", hint=f"{hint} in the config's `ids`")
