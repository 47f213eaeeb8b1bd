"""`ingest sql`"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest_core.assembly import Use, Workspace
from ingest_core.cli.again import Typed
from ingest_core.cli.options import Verb, Window, complete_source, json_option, lake_option, limit_type, window_options
from ingest_core.cli.output import say
from ingest_core.cli.session import open_workspace, require_lake, uses
from ingest_core.codes import Code
from ingest_core.config import config_folder, config_names
from ingest_core.errors import UsageError
from ingest_core.keys import labels_root
from ingest_core.lake import LAKE_THREADS
from ingest_core.state import History

if TYPE_CHECKING:
    from ingest_core.query import Origin

ROWS = 40
FORMATS = ("table", "csv", "json", "parquet")


@click.command("sql", cls=Verb)
@click.argument("query", required=False)
@click.option(
    "--source",
    "sources",
    multiple=True,
    shell_complete=complete_source,
    metavar="SOURCE",
    help="This config; repeatable.",
)
@lake_option
@window_options
@click.option("--format", "format", type=click.Choice(FORMATS), help="What the result is written as.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; its ending may say the format."
)
@click.option("-n", "most", type=limit_type, default=ROWS, show_default=True, metavar="N", help="Rows of a table.")
@json_option
def command(  # noqa: PLR0913, PLR0917 -- one parameter an option
    query: str | None,
    sources: tuple[str, ...],
    lake: str | None,
    first: dt.date | None,
    last: dt.date | None,
    format: str | None,
    output: Path | None,
    most: int,
    as_json: bool,
) -> None:
    """SQL over the lake: a view for each stream of each config, such as tmdb_movie. Without QUERY, a prompt.

    A view has the columns date, id, source, config and key, the record's fields, and the record itself as JSON. It
    shows what committed runs landed, and nothing else. Only the days that a query asks for are read.
    """
    kind = _format(format, output, as_json=as_json)
    try:
        from ingest_core.cli.sql_prompt import converse
        from ingest_core.cli.sql_results import Format, give, show
        from ingest_core.query import Session
    except ModuleNotFoundError as error:
        raise UsageError(
            f"ingest sql needs {error.name}, which is not installed", Code.EXTRA, hint="pip install 'ingest-core[sql]'"
        ) from None
    workspace = open_workspace()
    require_lake(workspace, lake)
    window = Window(first, last)
    found = list(uses(workspace, sources, lake))
    for where in dict.fromkeys(workspace.lake(use.config) for use in found):
        if next(iter(where.folders(labels_root())), None) is None:
            say(f"{where.uri}: no runs yet")
    origins = [origin for use in found for origin in _origins(workspace, use)]
    with Session(origins, window.of) as session:

        def run(text: str) -> None:
            statements = session.statements(text)
            for number, statement in enumerate(statements, 1):
                if kind == Format.TABLE:
                    show(session, statement, most)
                elif number == len(statements):
                    give(session, statement, Format(kind), output)
                else:
                    session.run(statement.query, lambda cursor: None, statement.type.name)
            for sentence in session.left_out():
                say(f"left out: {_as_typed(sentence, sources, lake)}")

        if query is not None:
            run(query)
        elif sys.stdin.isatty() and kind == Format.TABLE:
            converse(run, session.names, os.environ)
        else:
            run(sys.stdin.read())


def _as_typed(text: str, sources: tuple[str, ...], lake: str | None) -> str:
    """A command in `text` as it has to be typed: a config by the path that was given, with --lake."""
    for source in sources or config_names(config_folder(os.environ)):
        text = Typed(source, lake).completed(text)
    return text


def _format(format: str | None, output: Path | None, *, as_json: bool) -> str:
    """What the options come to. Raises UsageError where they say two things, or nothing of a file."""
    if as_json and format not in {None, "json"}:
        raise UsageError(f"--json and --format {format} do not go together", Code.OPTIONS, hint="leave one of them out")
    ending = "" if output is None else output.suffix.removeprefix(".")
    found = "json" if as_json else format or (ending if ending in FORMATS else None)
    if output is not None and found in {None, "table"}:
        raise UsageError(
            f"{output}: which format?", Code.OPTIONS, hint="--format csv, json or parquet; or end its name so"
        )
    if found == "parquet" and output is None:
        raise UsageError("Parquet is written to a file", Code.OPTIONS, hint="-o FILE")
    return found or "table"


def _origins(workspace: Workspace, use: Use) -> Iterator[Origin]:
    """The streams of a config: those that its source declares, or those of the newest committed day."""
    from ingest_core.query import Origin, landed_streams

    lake = workspace.lake(use.config)
    history = History(lake, use.config.label, use.config.name)
    with ThreadPoolExecutor(LAKE_THREADS, "streams") as pool:
        for stream in use.source.streams or landed_streams(history, history.days(), pool):
            yield Origin(use.source.name, stream, history, lake)
