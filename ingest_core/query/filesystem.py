"""The lake as DuckDB sees it: a file a day, which comes about when it is opened.

DuckDB leaves out, by the date in a path, the files that a query cannot need: only the days that it asks for are read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem

from ingest_core.errors import IngestError

SCHEME = "lake"
_PATH = re.compile(rf"(?:{SCHEME}://)?(\d{{1,9}})/(\*|date=\d{{4}}-\d\d-\d\d)/records\.json")


class LakeFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """`lake://<number of a view>/date=YYYY-MM-DD/records.json`.

    `days(number)` says which a view has, `staged(number, day)` gives the file of one. DuckDB's threads call in here,
    and tell of an error by its text alone: `trouble` is the first one itself.
    """

    protocol = SCHEME
    cachable = False  # fsspec else hands the files of one session to the next

    def __init__(self, days: Callable[[int], Sequence[str]], staged: Callable[[int, str], Path]) -> None:
        super().__init__()
        self._days = days
        self._staged = staged
        self.trouble: BaseException | None = None

    def glob(self, path: str, **options: Any) -> list[str]:
        named = _PATH.fullmatch(path)
        days = () if named is None else self._days(int(named[1]))
        return [_path(int(named[1]), day) for day in days if named[2] in {"*", f"date={day}"}] if named else []

    def open(self, path: str, mode: str = "rb", **options: Any) -> io.FileIO:
        if mode != "rb":
            raise PermissionError(f"{path}: the lake is only read")
        try:
            return _Opened(self._file(path))
        except (IngestError, KeyboardInterrupt) as error:
            self.trouble = self.trouble or error
            raise

    def size(self, path: str) -> int:
        return self._file(path).stat().st_size

    def isdir(self, path: str) -> bool:
        return False

    def _file(self, path: str) -> Path:
        named = _PATH.fullmatch(path)
        if named is None or named[2] == "*":
            raise FileNotFoundError(path)
        return self._staged(int(named[1]), named[2].removeprefix("date="))


class _Opened(io.FileIO):
    """DuckDB drops a file without closing it."""

    def __del__(self) -> None:
        self.close()


def _path(number: int, day: str) -> str:
    return f"{number}/date={day}/records.json"


def pattern(number: int) -> str:
    """What names every file of a view."""
    return f"{SCHEME}://{number}/*/records.json"
