"""`ingest plan`"""

from __future__ import annotations

import math

import click
from rich.markup import escape

from ingest_core.cli.console import console
from ingest_core.cli.options import Verb, json_option, source_argument, wish, wish_options
from ingest_core.cli.output import print_json
from ingest_core.cli.session import open_workspace
from ingest_core.figures import span
from ingest_core.run import plan

SHOWN = 40
SECONDS_A_REQUEST = 0.25


@click.command("plan", cls=Verb)
@source_argument
@wish_options
@json_option
def command(source: str, date: str | None, lake: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """The slices of SOURCE as a run would begin with them, and an estimate. Fetches no record, writes nothing.

    The estimate is an upper bound where the source cannot know: ids that two selects name are counted twice, and a
    list may be shorter than asked.
    """
    workspace = open_workspace()
    asked = wish(date, lake, overrides)
    use = workspace.use(source, asked)
    job = workspace.job(use, asked)
    slices = plan(job)
    requests, records = sum(slice.requests for slice in slices), sum(slice.records for slice in slices)
    if use.source.connect is None:
        requests = 0
    # No more than `rate` start in a second, and `connections` at a time come back after a while each.
    seconds = max(requests / job.rate, math.ceil(requests / job.connections) * SECONDS_A_REQUEST)
    # A put for each record, and about one for the part of each hundred.
    puts = records + math.ceil(records / 100) + len(slices) + 2
    if as_json:
        told = [{"name": slice.name, "params": dict(slice.params), "ids": list(slice.ids)} for slice in slices]
        estimate = {"requests": requests, "records": records, "seconds": round(seconds, 1), "puts": puts}
        print_json({"source": source, "date": job.date.isoformat(), "slices": told, "estimate": estimate})
        return
    out = console()
    out.print(f"[bold]{escape(source)}[/] {job.date}: {len(slices)} slices to begin with")
    for slice in slices[:SHOWN]:
        about = f"{len(slice.ids)} ids" if slice.ids else ", ".join(f"{k}={v}" for k, v in slice.params.items())
        out.print(f"  {escape(slice.name):<40} [dim]{escape(about)}[/]")
    if len(slices) > SHOWN:
        out.print(f"  … and {len(slices) - SHOWN} more")
    out.print(
        f"  about {requests:,} requests to begin with, "
        f"{f'{records:,}' if records else 'an unknown number of'} records, {puts:,} puts, "
        f"{span(seconds)} at {job.rate:g} requests/s"
    )
