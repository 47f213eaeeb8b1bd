"""`ingest replay`"""

from __future__ import annotations

import click

from ingest_core.cli.console import print_report
from ingest_core.cli.live import live_view
from ingest_core.cli.options import ENDING_SIGNALS, Verb, json_option, source_argument, wish, wish_options
from ingest_core.cli.output import print_json, report_as_json
from ingest_core.cli.session import open_workspace
from ingest_core.interruption import interruptible
from ingest_core.run import Progress


@click.command("replay", cls=Verb)
@source_argument
@wish_options
@json_option
def command(source: str, date: str | None, lake: str | None, overrides: tuple[str, ...], as_json: bool) -> int:
    """What a run of SOURCE put into the quarantine, once more.

    Only the ids that were rejected are asked for. What is well now lands, in the same day, and a supplement to the
    manifest says so. A run that its quarantine kept from being committed is committed where enough of it is well.
    """
    workspace = open_workspace()
    asked = wish(date, lake, overrides)
    progress = Progress()
    with interruptible(*ENDING_SIGNALS) as interruption, live_view(progress, f"{source} replay"):
        report = workspace.replay(workspace.use(source, asked), asked, progress, interruption)
    if as_json:
        print_json(report_as_json(report))
    else:
        print_report(report, [])
    return report.exit_code
