"""What a query gives: a table for a person; CSV, JSON or Parquet for whatever comes next."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape

from ingest_core.cli.console import console
from ingest_core.cli.options import ENDING_SIGNALS
from ingest_core.cli.output import data, printable, say
from ingest_core.cli.tables import Column, print_table
from ingest_core.cli.waiting import waiting
from ingest_core.codes import Code
from ingest_core.errors import LakeError, UsageError
from ingest_core.figures import many
from ingest_core.interruption import Interruption, handling
from ingest_core.query import Session, quoted, without_end

WIDEST = 40
WIDEST_ALONE = 200
PIPED = 100_000  # a pipe has no edge at which a column would have to go
_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UHUGEINT", "UINTEGER", "FLOAT", "DOUBLE"}
_SILENT = {
    "ALTER",
    "ATTACH",
    "CREATE",
    "DELETE",
    "DETACH",
    "DROP",
    "INSERT",
    "PREPARE",
    "SET",
    "UPDATE",
    "VARIABLE_SET",
}


class Format(StrEnum):
    """How a result is given out; a file's name may say it."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"

    @property
    def options(self) -> str:
        """What DuckDB's COPY is told."""
        return {"csv": "FORMAT csv, HEADER true", "json": "FORMAT json, ARRAY true"}.get(
            self.value, f"FORMAT {self.value}"
        )


@contextmanager
def reading(session: Session) -> Iterator[None]:
    """Shows how many records are being read meanwhile. Ctrl-C and SIGTERM end that, in whatever thread it is."""

    def stop(number: int, frame: object) -> None:
        session.interruption.request()
        raise KeyboardInterrupt

    session.interruption = Interruption(is_watched=True)
    with waiting() as count, handling(stop, *ENDING_SIGNALS):
        session.on_record = lambda: count("records read")
        yield


def show(session: Session, statement: duckdb.Statement, most: int) -> None:
    """Runs a statement and prints the first `most` rows of what it gives."""
    kind = statement.type.name
    with reading(session):
        names, types, rows = session.run(statement.query, lambda cursor: _first(cursor, most + 1), kind)
    if kind == "EXPLAIN":
        data().write("\n".join(str(row[-1]) for row in rows) + "\n")
    elif kind in _SILENT:
        say("done")
    else:
        _print(console(for_table=True), names, types, rows[:most])
        if len(rows) > most:
            say(f"the first {most:,} rows; there are more: -n, or --format csv")


def _first(cursor: duckdb.DuckDBPyConnection, most: int) -> tuple[list[str], list[str], list[tuple[Any, ...]]]:
    described = cursor.description or []
    return [name for name, *_ in described], [str(column[1]) for column in described], cursor.fetchmany(most)


def _print(out: Console, names: Sequence[str], types: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    # Of a table that does not fit, what stands on the right goes first.
    widest = WIDEST_ALONE if len(names) == 1 or not out.is_terminal else WIDEST
    if not out.is_terminal:
        out.width = PIPED
    columns = [
        Column(escape(printable(name)), number, is_number=type.partition("(")[0] in {*_NUMBERS, "DECIMAL"})
        for number, (name, type) in enumerate(zip(names, types, strict=True))
    ]
    left_out = print_table(out, columns, [[_cell(value, widest) for value in row] for row in rows])
    if left_out:
        say(f"{many(len(left_out), 'more column')}: {', '.join(left_out)}")
    if not rows:
        say("no rows")


def _cell(value: Any, widest: int) -> str:
    if value is None:
        return "[dim]NULL[/]"
    text = value if isinstance(value, str) else _text(value)
    cut = text[: widest + 1]
    return escape(printable(cut if len(cut) <= widest else cut[: widest - 1] + "…"))


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).lower() if isinstance(value, bool) else str(value)


def give(session: Session, statement: duckdb.Statement, format: Format, output: Path | None) -> None:
    """Runs a query and writes all that it gives to standard output, or to a file that appears whole or not at all."""
    if statement.type.name not in {"SELECT", "MULTI"}:
        raise UsageError(f"a statement that gives no rows cannot be written as {format}", Code.SQL, hint="SELECT …")
    made = session.folder / f"result.{format}"
    query = without_end(statement.query)
    with reading(session):
        session.run(f"COPY ({query}\n) TO {quoted(str(made))} ({format.options})", lambda cursor: cursor.fetchall())
    try:
        if output is None:
            with made.open("rb") as file:
                data().flush()
                shutil.copyfileobj(file, data().buffer)
            return
        beside = output.with_name(f".{output.name}.part")
        shutil.copyfile(made, beside)
        beside.replace(output)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LakeError(f"{output}: {error.strerror}", Code.FOLDER, hint="name a file that can be written") from error
    finally:
        made.unlink(missing_ok=True)
    say(f"written: {output}")
