"""SQL over what committed runs landed: DuckDB, a view a stream of a config, and nothing else of the machine."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from ingest_core.codes import Code
from ingest_core.errors import IngestError, StopError, UsageError
from ingest_core.interruption import Interruption
from ingest_core.lake import LAKE_THREADS
from ingest_core.query.filesystem import SCHEME, LakeFiles
from ingest_core.query.staging import Origin
from ingest_core.query.streams import landed_streams
from ingest_core.query.structure import quoted
from ingest_core.query.view import View

T = TypeVar("T")
MEMORY = "1GB"
DAYS_AT_ONCE = 4  # threads that wait for S3 need no core
ROUNDS = 5  # of learning within one statement; each needs records that widen what was known
_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": MEMORY,
    "python_enable_replacements": "false",
    "threads": str(max(DAYS_AT_ONCE, os.cpu_count() or 1)),
}
_ASKS_FOR_ALL = re.compile(r"\bshow\b|\binformation_schema\b|\bduckdb_\w+|\bsys\b|\bpg_\w+", re.IGNORECASE)
_KEEPS = {"SELECT", "EXPLAIN", "MULTI", "SET", "VARIABLE_SET", "PRAGMA", "CALL", "PREPARE", "EXECUTE"}


class Session(AbstractContextManager["Session"]):
    """One connection. The records that queries need are read into a temporary folder, which goes with the session.

    SQL reaches that folder and the views alone: no file of the machine, no network. A day is as it was when it was
    first read. `interruption` ends what is being read; `on_record` is called at each record.
    """

    def __init__(
        self,
        origins: Iterable[Origin],
        window: Callable[[Sequence[date]], Sequence[date]] = lambda days: days,
    ) -> None:
        self.on_record: Callable[[], None] = lambda: None
        self.interruption = Interruption()
        self._home = tempfile.TemporaryDirectory(prefix="ingest-sql-")
        self.folder = Path(self._home.name)
        self._pool = ThreadPoolExecutor(LAKE_THREADS, "sql")
        self._views = [
            View(name, number, origin, self.folder, self._pool, window, self._count)
            for number, (name, origin) in enumerate(_named(list(origins)))
        ]
        self._named: dict[str, View] = {}
        self._told: set[str] = set()
        self._files = LakeFiles(self._days, self._staged)
        self._connection = duckdb.connect(config={**_SETTINGS, "temp_directory": str(self.folder)})
        self._connection.register_filesystem(self._files)
        allowed = ", ".join(quoted(place) for place in (str(self.folder), f"{SCHEME}://"))
        self._connection.execute(f"SET allowed_directories = [{allowed}]")
        self._connection.execute("SET enable_external_access = false")

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._pool.shutdown(cancel_futures=True)
        self._home.cleanup()

    @cached_property
    def names(self) -> list[str]:
        """The views that have records on the newest committed day; others may be asked for by name as well."""
        found = {view.origin.history: view.days for view in self._views}
        landed = {history: landed_streams(history, days, self._pool) for history, days in found.items()}
        return [view.name for view in self._views if view.origin.stream in landed[view.origin.history]]

    def statements(self, text: str) -> list[duckdb.Statement]:
        """The statements of a text. Raises UsageError where it is not SQL."""
        try:
            return self._connection.extract_statements(text)
        except duckdb.Error as error:
            raise self._as_ours(error) from None

    def run(self, sql: str, take: Callable[[duckdb.DuckDBPyConnection], T], kind: str = "SELECT") -> T:
        """What `take` makes of the executed statement; it may be called again, where records change the columns.

        Raises UsageError for what is wrong with the SQL, and whatever the lake raises.
        """
        if kind == "TRANSACTION":
            raise UsageError("each statement is a transaction of its own", Code.SQL, hint="leave BEGIN and COMMIT out")
        used = self._show(sql)
        for _ in range(ROUNDS):
            try:
                result = self._taken(sql, take, kind, used)
            except (duckdb.Error, RuntimeError) as error:
                trouble, self._files.trouble = self._files.trouble, None
                if trouble is not None:
                    raise trouble from None
                self.interruption.require_none()
                if not isinstance(error, duckdb.Error):
                    raise
                if not self._learn(used) and not self._learn_from(error, used):
                    raise self._as_ours(error) from None
            else:
                if result is not None:
                    return result[0]
        raise StopError("each time that this was run, the records had other columns", Code.SQL, hint="run it again")

    def left_out(self) -> list[str]:
        """What had to stay out of the days that were read since the last call, a sentence each."""
        every = [sentence for view in self._views for sentence in view.left_out if sentence not in self._told]
        self._told.update(every)
        return every

    def _taken(
        self, sql: str, take: Callable[[duckdb.DuckDBPyConnection], T], kind: str, used: Sequence[View]
    ) -> tuple[T] | None:
        """The result; None where what was read for it has changed the columns, and nothing of it is to stay."""
        changes = kind not in _KEEPS
        if changes:
            self._connection.begin()
        try:
            result = take(self._connection.execute(sql))
        except BaseException:
            if changes:
                self._connection.rollback()
            raise
        news = self._news(used)
        if changes and not news:
            self._connection.commit()
        elif changes:
            self._connection.rollback()
        self._make(news)
        return None if news else (result,)

    def _news(self, used: Sequence[View]) -> list[View]:
        """The views whose columns are others, by what was read since they were made."""
        return [view for view in used if view.learn(self._ask)]

    def _learn(self, used: Sequence[View]) -> bool:
        news = self._news(used)
        self._make(news)
        return bool(news)

    def _learn_from(self, error: duckdb.Error, used: Sequence[View]) -> bool:
        """Whether there is reason to try again: a column that older records have, or one that no type fits."""
        if isinstance(error, duckdb.BinderException):
            for view in used:
                view.sample(oldest=True)
            return self._learn(used)
        if isinstance(error, duckdb.ConversionException | duckdb.InvalidInputException):
            changed = [view for view in used if view.give_up_types(self._ask)]
            self._make(changed)
            return bool(changed)
        return False

    def _make(self, views: Iterable[View]) -> None:
        for view in views:
            self._connection.execute(view.sql)

    def _count(self) -> None:
        """Called at each record that is read, by DuckDB's threads, too: they know of no signal."""
        self.interruption.require_none()
        self.on_record()

    def _days(self, number: int) -> list[str]:
        return [day.isoformat() for view in self._views[number : number + 1] for day in reversed(view.days)]

    def _staged(self, number: int, day: str) -> Path:
        return self._views[number].file(date.fromisoformat(day))

    def _show(self, sql: str) -> list[View]:
        """Makes the views that the text may name; gives all that are made, as a view of the user's may use any."""
        is_for_all = _ASKS_FOR_ALL.search(sql) is not None
        for view in self._views:
            is_known = view.name in self._named
            if not is_known and re.search(rf"(?<!\w){re.escape(view.name)}(?!\w)", sql, re.IGNORECASE):
                view.sample()
                view.learn(self._ask)
                self._named[view.name] = view
                self._connection.execute(view.sql)
            elif not is_known and is_for_all and view.name in self.names:
                self._connection.execute(view.sql)
        return list(self._named.values())

    def _ask(self, sql: str) -> list[Any]:
        return self._connection.cursor().execute(sql).fetchall()

    def _as_ours(self, error: duckdb.Error) -> IngestError:
        # What stands behind the first paragraph is the place in the SQL, drawn, and advice for other programmes.
        # A file of the lake tells of its errors by a traceback, whose last line is theirs.
        text = str(error).strip()
        text = text.splitlines()[-1] if text.startswith("Traceback") else text.partition("\n\n")[0]
        what = " ".join(text.split())
        if isinstance(error, duckdb.OutOfMemoryException):
            return StopError(what, Code.SQL_SIZE, hint="ask for fewer columns or days, or: SET memory_limit = '4GB';")
        if isinstance(error, duckdb.IOException) and "No files found" not in what:
            return StopError(what, Code.SQL_SIZE, hint="TMPDIR names a folder with more room for what is read")
        hint = ""
        if isinstance(error, duckdb.CatalogException):
            hint = f"views: {', '.join(self.names) or 'none, as no config has landed anything'}"
        elif isinstance(error, duckdb.PermissionException):
            hint = "SQL reaches the views alone; --output writes a result to a file"
        elif isinstance(error, duckdb.BinderException):
            hint = "DESCRIBE a view for its columns; a field that only some days have is record->>'field'"
        return UsageError(what, Code.SQL, hint=hint)


def _named(origins: Sequence[Origin]) -> Iterator[tuple[str, Origin]]:
    """`tmdb_movie`: config and stream, fit to be typed without quotes. Where that names two, `config/stream`."""
    names = [f"{origin.config}_{origin.stream}".replace("-", "_") for origin in origins]
    for name, origin in zip(names, origins, strict=True):
        yield name if names.count(name) == 1 else f"{origin.config}/{origin.stream}", origin
