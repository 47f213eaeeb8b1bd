"""A view over one stream of one config: its days, the files they were staged in, and what is known of its records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest_core.codes import Code
from ingest_core.errors import StopError
from ingest_core.query.filesystem import pattern
from ingest_core.query.staging import Origin, Staged, stage
from ingest_core.query.structure import RECORD, Column, columns, identifier, merged, parsed, quoted
from ingest_core.state import DAYS_LOOKED_BACK

SAMPLE = 1000
_LONGEST_LINE = 16 * 1024 * 1024  # DuckDB's own default
_COLUMNS = "{id: 'VARCHAR', key: 'VARCHAR', record: 'JSON'}"


class View:
    """Its columns follow from the records that were read: a sample to begin with, then every day that was opened.

    `window` picks among the days that have files; a day that is not committed has no records.
    """

    def __init__(
        self,
        name: str,
        number: int,
        origin: Origin,
        folder: Path,
        pool: Executor,
        window: Callable[[Sequence[date]], Sequence[date]],
        on_record: Callable[[], None],
    ) -> None:
        self.name = name
        self.origin = origin
        self.number = number
        self.left_out: list[str] = []
        self._folder = folder
        self._pool = pool
        self._window = window
        self._on_record = on_record
        self._lock = threading.Lock()
        self._locks: dict[date, threading.Lock] = {}
        self._sampled: set[bool] = set()
        self._staged: dict[date, Path] = {}
        self._news: list[Path] = []
        self._known: list[Path] = []
        self._structure: dict[str, Any] = {}
        self._has_whole_ids: bool | None = None
        self._longest = 0
        self._as_json: frozenset[str] = frozenset()

    @cached_property
    def days(self) -> list[date]:
        """The days that have files, newest first, as of when they are first asked for."""
        return list(self._window(self.origin.history.days()))

    def file(self, day: date) -> Path:
        """The records of a day; read from the lake the first time. DuckDB's threads open several days at once."""
        with self._lock:
            of_the_day = self._locks.setdefault(day, threading.Lock())
        with of_the_day:
            if day not in self._staged:
                self._stage(day)
            return self._staged[day]

    def sample(self, *, oldest: bool = False) -> None:
        """Reads some records of the newest day that has any, or of the oldest; once."""
        if oldest in self._sampled:
            return
        self._sampled.add(oldest)
        for day in (self.days[::-1] if oldest else self.days)[:DAYS_LOOKED_BACK]:
            if day in self._staged or self._stage(day, SAMPLE).records:
                return

    def _stage(self, day: date, most: int | None = None) -> Staged:
        path = self._folder / f"{self.number}-{day}{'' if most is None else '-sample'}.json"
        try:
            staged = stage(self.origin, day, path, self._pool, most, self._on_record)
        except OSError as error:
            raise StopError(
                f"{path}: {error.strerror or error}", Code.SQL_SIZE, hint="TMPDIR names a folder with more room"
            ) from error
        with self._lock:
            if staged.is_whole:
                self._staged[day] = path
                self.left_out += staged.left_out
            if staged.records:
                self._news.append(path)
            self._longest = max(self._longest, staged.longest)
        return staged

    def learn(self, ask: Callable[[str], Sequence[Any]]) -> bool:
        """Takes in what was read since the last call; whether the view is another by that. `ask` runs SQL."""
        with self._lock:
            news, self._news = self._news, []
        before = self.sql
        for path in news:
            rows = self._reading(quoted(str(path)))
            for (text,) in ask(
                f"SELECT DISTINCT json_structure({RECORD}) FROM {rows} WHERE json_type({RECORD}) = 'OBJECT'"
            ):
                found = parsed(text)
                if isinstance(found, dict):  # of an object without a field, DuckDB says that it is JSON
                    self._structure = merged(self._structure, found)
            ((whole,),) = ask(
                f"SELECT bool_and(coalesce(CAST(try_cast(id AS BIGINT) AS VARCHAR) = id, false)) FROM {rows}"
            )
            self._has_whole_ids = bool(whole) and self._has_whole_ids is not False
            self._known.append(path)
        return self.sql != before

    def give_up_types(self, ask: Callable[[str], Sequence[Any]]) -> bool:
        """Makes columns JSON that hold what their type cannot, such as 1e999; whether there were any."""
        typed = [column for column in columns(self._structure, self._as_json) if column.type is not None]
        if not typed or not self._known:
            return False
        files = ", ".join(quoted(str(path)) for path in self._known)
        counts = ", ".join(f"count(nullif({column.untyped}, 'null')) - count(TRY({column.sql}))" for column in typed)
        (lost,) = ask(f"SELECT {counts} FROM {self._reading(f'[{files}]')}")
        wrong = {column.name for column, number in zip(typed, lost, strict=True) if number}
        self._as_json |= wrong
        return bool(wrong)

    @property
    def columns(self) -> list[Column]:
        """The fields that are columns."""
        return list(columns(self._structure, self._as_json))

    @property
    def sql(self) -> str:
        """What makes the view, as far as its records are known."""
        id = "CAST(id AS BIGINT)" if self._has_whole_ids else "id"
        source, config = quoted(self.origin.source), quoted(self.origin.config)
        where_from = [f"{source} AS source", f"{config} AS config", "key", RECORD]
        fields = [f"{column.sql} AS {identifier(column.name)}" for column in self.columns]
        rows = (
            self._reading(quoted(pattern(self.number)), "hive_partitioning = true, hive_types = {date: DATE}")
            if self.days
            else "(SELECT NULL::DATE AS date, '' AS id, '' AS key, NULL::JSON AS record WHERE false)"
        )
        selected = ", ".join(["date", f"{id} AS id", *fields, *where_from])
        return f"CREATE OR REPLACE VIEW {identifier(self.name)} AS SELECT {selected} FROM {rows}"

    def _reading(self, files: str, more: str = "") -> str:
        longest = max(self._longest, _LONGEST_LINE)
        options = f"format = 'newline_delimited', columns = {_COLUMNS}, maximum_object_size = {longest}"
        return f"read_json({files}, {options}{', ' if more else ''}{more})"
