"""`ingest run`"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import click

from ingest_core.assembly import Use, Wish, Workspace
from ingest_core.cli.again import typed
from ingest_core.cli.live import live_view
from ingest_core.cli.options import (
    ENDING_SIGNALS,
    Verb,
    day_type,
    json_option,
    limit_type,
    source_argument,
    wish,
    wish_options,
    with_workers,
)
from ingest_core.cli.output import print_json, report_as_json
from ingest_core.cli.session import open_workspace
from ingest_core.codes import Code
from ingest_core.config import Config
from ingest_core.dryrun import FOLDER, fresh_folder, refuse_dry_folder
from ingest_core.engine import Engine
from ingest_core.errors import UsageError
from ingest_core.heap import share_heap
from ingest_core.interruption import Interruption, interruptible
from ingest_core.lake import S3_SCHEME
from ingest_core.model import Report, Status
from ingest_core.run import Mapper, Progress
from ingest_core.workers import Setting, processes

MOST_DAYS = 3660
_CHECKED = {"CredentialsError", "LakeError", "RequestRefusedError"}


@click.command("run", cls=Verb)
@source_argument
@wish_options
@click.option("--from", "first", type=day_type, metavar="DAY", help="Backfill: one run a day, from this one on.")
@click.option("--to", "last", type=day_type, metavar="DAY", help="… to this one, itself included.")
@click.option("--limit", type=limit_type, metavar="N", help="At most N records; such a run is never committed.")
@click.option("--refresh", is_flag=True, help="Land the date anew, even where it is done; what it had is superseded.")
@click.option(
    "--max-minutes",
    type=click.FloatRange(min=1),
    metavar="N",
    help="Stop in time, and say partial: the same command goes on.",
)
@click.option(
    "--workers",
    type=int,  # its bounds are the config's: one schema has them
    metavar="N",
    help="Land with N processes, which share the rate; one if neither this nor the config says more.",
)
@click.option("--map", "cluster", metavar="dask://HOST:PORT", help="Land with the workers of a Dask cluster, into S3.")
@click.option("--dry-run", is_flag=True, help="Land in ./dry-run/ instead: the same keys, no AWS, afresh each time.")
@click.option("--out", metavar="DIR", help="Another folder for the dry run.")
@click.option(
    "--engine",
    type=click.Choice([engine.value for engine in Engine]),
    help="What talks to S3; auto: the fast one where installed.",
)
@json_option
def command(  # noqa: PLR0913, PLR0917 -- one parameter an option
    source: str,
    date: str | None,
    lake: str | None,
    overrides: tuple[str, ...],
    first: dt.datetime | None,
    last: dt.datetime | None,
    limit: int | None,
    refresh: bool,
    max_minutes: float | None,
    workers: int | None,
    cluster: str | None,
    dry_run: bool,
    out: str | None,
    engine: str | None,
    as_json: bool,
) -> int:
    """One run of SOURCE: plan, land each slice, commit. With --from and --to, one for each day."""
    if out is not None and not dry_run:
        raise UsageError(
            "--out is the folder of a dry run", Code.OPTIONS, hint="add --dry-run, or use --lake for a real run"
        )
    if dry_run and lake is not None:
        raise UsageError(
            "--dry-run lands in a folder of its own", Code.OPTIONS, hint="leave --lake out; --out names the folder"
        )
    if refresh and limit is not None:
        raise UsageError(
            "--refresh and --limit do not go together",
            Code.OPTIONS,
            hint="try it with --dry-run --limit N, then refresh",
        )
    share_heap()
    folder = Path(out or FOLDER)
    workspace = open_workspace(engine)
    asked = replace(
        with_workers(wish(date, str(folder) if dry_run else lake, overrides, limit), workers),
        refresh=refresh,
        seconds=None if max_minutes is None else 60 * max_minutes,
    )
    use = workspace.use(source, asked)
    wishes = [asked] if first is None and last is None else _days(use, asked, first, last)
    if dry_run:
        fresh_folder(folder)
    else:
        refuse_dry_folder(use.config.lake)
    dates = {workspace.date(use, each) for each in wishes}
    reports = []
    with (
        interruptible(*ENDING_SIGNALS) as interruption,
        _mapper(Setting.of(source, asked, engine), cluster, use.config) as mapper,
    ):
        for report in _runs(workspace, use, wishes, interruption, mapper):
            reports.append(report)
            if not as_json:
                _print(report, _next_steps(report, date, is_trial=dry_run), was_asked=report.date in dates)
    if as_json:
        told = [report_as_json(report) for report in reports]
        # Of one run asked for, what was finished before it stands beside it.
        print_json({**told[-1], "before": told[:-1]} if wishes == [asked] else told)
    return reports[-1].exit_code


def _print(report: Report, following: list[str], *, was_asked: bool) -> None:
    from ingest_core.cli.console import console, print_report

    if not was_asked:
        console().print(
            f"first what was unfinished: the run of {report.date}; "
            f"{typed().command('state reset')} --date {report.date} gives it up",
            style="dim",
        )
    print_report(report, following)


def _mapper(setting: Setting, cluster: str | None, config: Config) -> AbstractContextManager[Mapper | None]:
    """What has slices landed elsewhere; nothing where one process is enough."""
    if cluster is not None:
        from ingest_core.workers.dask import DaskMapper, require_shared, scheduler

        require_shared(config.lake)
        return DaskMapper(setting, scheduler(cluster), config.workers)
    return processes(setting, config.workers)


def _days(use: Use, asked: Wish, first: dt.datetime | None, last: dt.datetime | None) -> list[Wish]:
    """A wish for each day of a backfill, oldest first, as checkpoints need them."""
    if first is None or last is None or asked.date is not None:
        raise UsageError(
            "a backfill has --from and --to, and no --date", Code.OPTIONS, hint="ingest run SOURCE --from DAY --to DAY"
        )
    if not use.source.dated:
        raise UsageError(
            f"{use.source.name} answers for the present alone: a backfill would file today's data under past days",
            Code.UNDATED,
            hint="leave --from and --to out",
        )
    count = (last - first).days + 1
    if not 1 <= count <= MOST_DAYS:
        raise UsageError(f"--from {first:%Y-%m-%d} --to {last:%Y-%m-%d} is no span of 1 to {MOST_DAYS} days", Code.SPAN)
    return [replace(asked, date=f"{first + dt.timedelta(days=number):%Y-%m-%d}") for number in range(count)]


def _runs(
    workspace: Workspace, use: Use, wishes: list[Wish], interruption: Interruption, mapper: Mapper | None
) -> Iterator[Report]:
    """A run for each wish, those that it leads to before it, until one does not end well."""
    for asked in wishes:
        progress = Progress()
        following = workspace.runs(use, asked, progress=progress, interruption=interruption, mapper=mapper)
        report = None
        while True:
            with live_view(progress, use.config.name):
                report, last = next(following, None), report
            if report is None:
                break
            yield report
        if last is None or last.status is not Status.DONE:
            return


def _next_steps(report: Report, date: str | None, *, is_trial: bool) -> list[str]:
    day = "" if date is None else f" --date {shlex.quote(date)}"
    if report.status is Status.PARTIAL and (is_trial or report.limited):
        return ["the same command again, later: a trial begins anew"]
    if report.status is Status.PARTIAL:
        return ["the same command again, later: it goes on from here, and nothing is doubled"]
    if report.status is Status.LOCKED:
        return ["wait until the other run has ended, then the same command again"]
    if report.error is not None and report.error.code == Code.QUARANTINE and not (is_trial or report.limited):
        # What is closed stays closed: the same command says the same again.
        named = f" --date {report.date}"
        return [
            f"{typed().command('replay')}{named} asks once more for what has an id",
            f"{typed().command('state reset')}{named}, then the same command, asks for everything anew",
        ]
    if report.status is not Status.DONE:
        # `check` looks at config, secrets, API and lake: an error that says what to do is beyond it.
        is_known = report.error is not None and report.error.hint and report.error.kind not in _CHECKED
        return ["when that is mended: the same command again" if is_known else f"{typed().command('check')}{day}"]
    if is_trial:
        return [f"look into {report.lake}; then: {typed().command('run')}{day}"]
    if report.limited:
        return [f"{typed().command('run')}{day}   (without --limit, to commit)"]
    look = "aws s3 ls" if report.lake.startswith(S3_SCHEME) else "ls"
    return [f"{look} {report.lake}/{report.prefix}"]
