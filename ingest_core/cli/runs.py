"""`ingest runs`"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import click
from rich.markup import escape

from ingest_core.assembly import Workspace
from ingest_core.cli.console import console
from ingest_core.cli.options import Verb, complete_source, json_option, lake_option, limit_type
from ingest_core.cli.output import print_json, say
from ingest_core.cli.session import open_workspace, require_lake, uses
from ingest_core.cli.tables import Column, print_table
from ingest_core.errors import IngestError
from ingest_core.figures import size
from ingest_core.upkeep import RunLine, lines

_STYLES = {"done": "green", "running": "cyan", "unfinished": "yellow", "interrupted": "yellow"}
_COLUMNS = (
    *(Column(heading) for heading in ("run", "")),
    Column("records", 1, is_number=True),
    Column("size", 3, is_number=True),
    Column("missing", 4, is_number=True),
    Column("rejected", 2, is_number=True),
    Column("committed (UTC)", 5),
)


@click.command("runs", cls=Verb)
@click.argument("source", required=False, shell_complete=complete_source)
@lake_option
@click.option("-n", "most", type=limit_type, default=30, show_default=True, help="Days of each config, at most.")
@json_option
def command(source: str | None, lake: str | None, most: int, as_json: bool) -> None:
    """The runs of SOURCE, newest first, as its lake knows them; without SOURCE, of every config.

    Of each day the newest committed run, and above it one that was begun since: with what it has landed so far.
    """
    workspace = open_workspace()
    require_lake(workspace, lake)
    found = list(_lines(workspace, source, lake, most))
    if as_json:
        print_json([{**asdict(line), "date": line.date.isoformat()} for line in found])
        return
    if not found:
        say("no runs yet")
        return
    print_table(console(for_table=True), _COLUMNS, [_row(line) for line in found])


def _lines(workspace: Workspace, source: str | None, lake: str | None, most: int) -> Iterator[RunLine]:
    for use in uses(workspace, () if source is None else (source,), lake):
        try:
            yield from lines(workspace.lake(use.config), use.config.label, use.config.name, most)
        except IngestError as error:
            if source is not None:
                raise
            say(f"{use.config.name}: {error.coded}")


def _row(line: RunLine) -> list[str]:
    totals = line.totals
    style = _STYLES.get(line.standing, "dim")
    told = [f"{totals.get('records', 0):,}", size(totals.get("bytes", 0))] if totals else ["", ""]
    told += [f"{totals.get(name, 0):,}" if totals else "" for name in ("missing", "rejected")]
    # What is not committed may still change: it is told, and not counted on.
    numbers = [f"[dim]{number}[/]" if number and line.manifest is None else number for number in told]
    return [
        escape(line.run),
        f"[{style}]{line.standing}[/]",
        *numbers,
        f"{line.finished:%Y-%m-%d %H:%M}" if line.finished else "",
    ]
