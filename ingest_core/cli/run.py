"""`ingest run`"""

from __future__ import annotations

from pathlib import Path

import click

from ingest_core.cli.dryrun import fresh_folder
from ingest_core.cli.live import live_view
from ingest_core.cli.options import Verb, json_option, limit_type, source_argument, wish, wish_options
from ingest_core.cli.output import print_json, print_report, report_as_json
from ingest_core.cli.session import open_workspace
from ingest_core.errors import UsageError
from ingest_core.model import Report, Status
from ingest_core.run import Progress

DRY_RUN = "dry-run"


@click.command("run", cls=Verb)
@source_argument
@wish_options
@click.option("--limit", type=limit_type, metavar="N", help="At most N records; such a run is never committed.")
@click.option("--dry-run", is_flag=True, help="Land in ./dry-run/ instead: the same keys, no AWS, afresh each time.")
@click.option("--out", metavar="DIR", help="Another folder for the dry run.")
@json_option
def command(  # noqa: PLR0913, PLR0917 -- one parameter an option
    source: str,
    date: str | None,
    lake: str | None,
    overrides: tuple[str, ...],
    limit: int | None,
    dry_run: bool,
    out: str | None,
    as_json: bool,
) -> int:
    """One run of SOURCE: plan, land each slice, commit."""
    if out is not None and not dry_run:
        raise UsageError("--out is the folder of a dry run", hint="add --dry-run, or use --lake for a real run")
    if dry_run and lake is not None:
        raise UsageError("--dry-run lands in a folder of its own", hint="leave --lake out; --out names the folder")
    folder = Path(out or DRY_RUN)
    workspace = open_workspace()
    asked = wish(date, str(folder) if dry_run else lake, overrides, limit)
    use = workspace.use(source, asked)
    if dry_run:
        fresh_folder(folder)
    progress = Progress()
    with live_view(progress, source):
        report = workspace.run_use(use, asked, progress=progress)
    if as_json:
        print_json(report_as_json(report))
    else:
        print_report(report, _next_steps(report, source, dry_run))
    return report.exit_code


def _next_steps(report: Report, source: str, dry_run: bool) -> list[str]:
    if report.status is Status.PARTIAL:
        return ["the same command again, later: what has landed stays, and nothing is doubled"]
    if report.status is not Status.DONE:
        return [f"ingest check {source}"]
    if dry_run:
        return [f"look into {report.lake}; then: ingest run {source}"]
    if report.limited:
        return [f"ingest run {source}   (without --limit, to commit)"]
    return []
