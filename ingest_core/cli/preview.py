"""`ingest preview`"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import click

from ingest_core.cli.console import print_trial
from ingest_core.cli.options import Verb, limit_type, source_argument, wish, wish_options
from ingest_core.cli.output import data
from ingest_core.cli.session import open_workspace
from ingest_core.lake import DiskLake
from ingest_core.model.rawjson import compact


@click.command("preview", cls=Verb)
@source_argument
@click.option("-n", "count", type=limit_type, default=5, show_default=True, help="How many records.")
@wish_options
def command(source: str, count: int, date: str | None, lake: str | None, overrides: tuple[str, ...]) -> int:
    """A few records of SOURCE on standard output, one a line. Nothing lands in the lake."""
    workspace = open_workspace()
    with tempfile.TemporaryDirectory(prefix="ingest-preview-") as folder:
        asked = wish(date, folder if lake is None else lake, overrides, count)
        # Whatever the config lands them in: a record is shown alone.
        asked = replace(asked, overrides={**asked.overrides, ("layout",): ("ingest preview", "record")})
        own = DiskLake(Path(folder))
        *_, report = workspace.runs(workspace.use(source, asked), asked, own)
        for entry in own.entries("Raw/"):
            stored = own.get(entry.key)
            if stored is not None:
                data().buffer.write(compact(stored.body) + b"\n")
    print_trial(report)
    return report.exit_code
