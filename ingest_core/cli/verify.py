"""`ingest verify`"""

from __future__ import annotations

from collections import Counter

import click
from rich.markup import escape

from ingest_core.cli.again import typed
from ingest_core.cli.console import console
from ingest_core.cli.options import Verb, json_option, lake_option, source_argument, wish
from ingest_core.cli.output import print_json
from ingest_core.cli.session import open_workspace
from ingest_core.codes import Code
from ingest_core.errors import StopError
from ingest_core.keys import RecordKeys
from ingest_core.upkeep import Subject, newest_committed, verify

SHOWN = 50


@click.command("verify", cls=Verb)
@source_argument
@lake_option
@click.option("--date", metavar="DATE", help="The day; the newest committed one where it is left out.")
@click.option("--sizes", is_flag=True, help="List the folders and compare sizes alone: quick, and reads no object.")
@json_option
def command(source: str, lake: str | None, date: str | None, sizes: bool, as_json: bool) -> int:
    """The lake against its manifest: what is missing, altered, or there without being named.

    Reads every object of the day and compares its digest. Exit 1 where something is wrong.
    """
    workspace = open_workspace()
    asked = wish(date, lake, ())
    use = workspace.use(source, asked)
    job = workspace.job(use, asked)
    day = job.date if date is not None else newest_committed(job.lake, job.label, job.config)
    if day is None:
        raise StopError(f"{job.config} has no committed run", Code.UNCOMMITTED, hint=f"ingest run {job.config}")
    keys = RecordKeys(job.label, day, job.source.streams, job.specification)
    verdict = verify(Subject(job.lake, job.label, job.config, day, keys), by_size_alone=sizes)
    if as_json:
        print_json(
            {
                "source": job.config,
                "run": verdict.manifest.run,
                "objects": verdict.objects,
                "records": verdict.records,
                "wrong": [one._asdict() for one in verdict.wrong],
            }
        )
        return 1 if verdict.wrong else 0
    out = console()
    found = f"{verdict.manifest.run}: {verdict.objects:,} objects, {verdict.records:,} records"
    if not verdict.wrong:
        out.print(f"[green]✔[/] {escape(found)}: all as the manifest says{' in size' if sizes else ''}")
        return 0
    counts = Counter(one.kind for one in verdict.wrong)
    summary = ", ".join(f"{counts[kind]:,} {kind}" for kind in ("missing", "altered", "extra") if counts[kind])
    out.print(f"[red]✘[/] {escape(found)}: {summary}")
    for one in verdict.wrong[:SHOWN]:
        out.print(f"  [red]{one.kind:<8}[/] {escape(one.key)}  [dim]{escape(one.about)}[/]")
    if len(verdict.wrong) > SHOWN:
        out.print(f"  … and {len(verdict.wrong) - SHOWN:,} more; --json names them all")
    if counts["altered"] or counts["extra"]:
        out.print("  [dim]→[/] what is altered or extra is not touched by any run: look at it, and remove it yourself")
    if counts["altered"] or counts["missing"]:
        out.print(f"  [dim]→[/] {escape(typed().command('run'))} --date {day} --refresh then lands the day anew")
    return 1
