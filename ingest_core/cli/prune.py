"""`ingest prune`"""

from __future__ import annotations

import datetime as dt

import click
from rich.markup import escape

from ingest_core.assembly import Wish
from ingest_core.cli.console import console
from ingest_core.cli.options import Verb, as_duration, json_option, lake_option, source_argument, yes_option
from ingest_core.cli.output import print_json, say
from ingest_core.cli.session import open_workspace
from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.figures import size
from ingest_core.lake import S3_SCHEME
from ingest_core.upkeep import lifecycle_rules, prunable, prune

LIFECYCLE_DAYS = 365


@click.command("prune", cls=Verb)
@source_argument
@lake_option
@click.option(
    "--older-than",
    "age",
    callback=as_duration,
    default="90d",
    show_default=True,
    metavar="SPAN",
    help="Of days older than that.",
)
@click.option("--lifecycle", is_flag=True, help="Print the S3 lifecycle rule instead, for the whole of _ingest/.")
@yes_option
@json_option
def command(source: str, lake: str | None, age: dt.timedelta, lifecycle: bool, yes: bool, as_json: bool) -> int:
    """Removes old control files of SOURCE: plans, intents, parts and quarantine of days that are done.

    Records are never touched. The state and the manifests of a day stay, so that it is known to be done; what it landed
    can no more be verified, and its quarantine is gone. Unfinished runs and the newest committed day stay whole.
    """
    workspace = open_workspace()
    use = workspace.use(source, Wish(lake=lake))
    if lifecycle:
        print_json(lifecycle_rules(_prefix(use.config.lake), LIFECYCLE_DAYS))
        return 0
    job = workspace.job(use, Wish(lake=lake))
    before = job.date - age
    days = prunable(job.lake, job.label, job.config, before)
    files, weight = sum(day.files for day in days), sum(day.bytes for day in days)
    if not as_json:
        out = console()
        for day in days:
            out.print(f"  {day.date}  {day.files:,} files, {size(day.bytes)}")
    if days and not yes:
        click.confirm(f"remove {files:,} control files of {escape(job.config)} ({size(weight)})?", abort=True, err=True)
    for day in days:
        prune(job.lake, job.label, job.config, day.date)
    if as_json:
        print_json({"source": job.config, "days": len(days), "files": files, "bytes": weight})
    else:
        say(f"removed {files:,} files" if days else f"no day before {before} has anything that may go")
    return 0


def _prefix(lake: str) -> str:
    if not lake.startswith(S3_SCHEME):
        raise UsageError(
            "a lifecycle rule is for an S3 bucket",
            Code.NOT_OFFERED,
            hint="on a disk, run ingest prune from time to time",
        )
    return lake.removeprefix(S3_SCHEME).partition("/")[2]
