"""`ingest state`"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import click
from rich.markup import escape

from ingest_core.assembly import Wish
from ingest_core.cli.again import typed
from ingest_core.cli.console import console
from ingest_core.cli.options import Group, Verb, json_option, lake_option, source_argument, yes_option
from ingest_core.cli.output import print_json, say
from ingest_core.cli.session import open_workspace
from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.run import Job, abandon, forget_checkpoint
from ingest_core.state import History
from ingest_core.upkeep import newest_committed, standing


@click.group("state", cls=Group)
def command() -> None:
    """What the next run of a config goes on from, in plain words; and how to change that."""


@command.command("show", cls=Verb)
@source_argument
@lake_option
@json_option
def show(source: str, lake: str | None, as_json: bool) -> None:
    """Unfinished runs, who is at them, the newest committed day, and the checkpoint that the next run begins with."""
    job = _job(source, lake, None)
    history = History(job.lake, job.label, job.config)
    unfinished = [
        (state, standing(job.lake, history.keys(dt.date.fromisoformat(state.date)))) for state in history.unfinished()
    ]
    newest = newest_committed(job.lake, job.label, job.config)
    checkpoint = history.checkpoint_before(job.date + dt.timedelta(days=1))
    if as_json:
        told = [
            {"date": state.date, "standing": word, "generation": state.generation, "holder": state.holder}
            for state, word in unfinished
        ]
        committed = None if newest is None else newest.isoformat()
        print_json({"source": source, "unfinished": told, "committed": committed, "checkpoint": checkpoint})
        return
    out = console()
    out.print(f"[bold]{escape(job.config)}[/] in {escape(job.lake.uri)}")
    for state, word in unfinished:
        by = f", at it: {state.holder}" if word == "running" else ""
        begun = f"begun {state.begun:%Y-%m-%d %H:%M} UTC"
        out.print(f"  [yellow]{word:<11}[/] {state.date}, generation {state.generation}, {begun}{escape(by)}")
    if unfinished:
        out.print(
            f"  [dim]{'next':<11}[/] a run finishes that first, as it was begun; "
            f"or give it up: {escape(typed().command('state reset'))} --date {unfinished[0][0].date}"
        )
    out.print(f"  [dim]{'committed':<11}[/] {newest or 'nothing yet'}")
    out.print(f"  [dim]{'checkpoint':<11}[/] {escape(json.dumps(checkpoint, ensure_ascii=False, default=str))}")


@command.command("reset", cls=Verb)
@source_argument
@lake_option
@click.option("--date", metavar="DATE", help="The day; where one run alone is unfinished, it may be left out.")
@click.option("--checkpoint", is_flag=True, help="Forget the checkpoint instead: the next run begins from nothing.")
@yes_option
def reset(source: str, lake: str | None, date: str | None, checkpoint: bool, yes: bool) -> int:
    """Gives up the run of a day: the next run of that day begins anew, and supersedes what landed.

    What has landed stays until then. With --checkpoint, later runs forget what the newest committed one told them.
    """
    job = _job(source, lake, date)
    if checkpoint:
        day = newest_committed(job.lake, job.label, job.config)
        what = f"forget the checkpoint that {job.config} committed on {day}"
    else:
        day = job.date if date is not None else _only_unfinished(job)
        what = f"give up the run of {job.config} for {day}"
    if day is None:
        say("nothing is committed: there is no checkpoint")
        return 0
    if not yes:
        click.confirm(f"{what}?", abort=True, err=True)
    changed = (forget_checkpoint if checkpoint else abandon)(replace(job, date=day))
    say(f"done: {what}" if changed else "there was nothing to change")
    return 0


def _job(source: str, lake: str | None, date: str | None) -> Job:
    workspace = open_workspace()
    asked = Wish(date=date, lake=lake)
    return workspace.job(workspace.use(source, asked), asked)


def _only_unfinished(job: Job) -> dt.date:
    unfinished = History(job.lake, job.label, job.config).unfinished()
    if len(unfinished) != 1:
        days = ", ".join(state.date for state in unfinished) or "none"
        raise UsageError(f"unfinished runs of {job.config}: {days}", Code.WHICH_DAY, hint="name the day with --date")
    return dt.date.fromisoformat(unfinished[0].date)
