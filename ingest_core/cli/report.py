"""`ingest report`"""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import click

from ingest_core.assembly import Use, Wish, Workspace
from ingest_core.cli.again import Typed, remember
from ingest_core.cli.options import Verb, complete_source, json_option, lake_option
from ingest_core.cli.output import data, print_json, say
from ingest_core.cli.session import open_workspace, require_lake
from ingest_core.codes import Code
from ingest_core.config import ENDINGS
from ingest_core.errors import StopError, UsageError
from ingest_core.figures import size
from ingest_core.keys import ControlKeys
from ingest_core.report import MONTHS, Subject, current_run, page, plain, read_picture

STANDARD_OUTPUT = "-"


@click.command("report", cls=Verb)
@click.argument("run", metavar="RUN|SOURCE", shell_complete=complete_source)
@click.option("--html", "file", metavar="FILE", help="Where the page goes; - is standard output.")
@click.option("--date", metavar="DATE", help="The day, where SOURCE is given; its newest where left out.")
@lake_option
@click.option(
    "--months", type=click.IntRange(1, 36), default=MONTHS, show_default=True, help="What the calendar goes back."
)
@json_option
def command(run: str, file: str | None, date: str | None, lake: str | None, months: int, as_json: bool) -> int:
    """A picture of a run, in one HTML file: did it land, how it went, what failed, what changed in the records.

    RUN is a run's name as `ingest runs` prints it, such as tmdb/2026-11-23/g1; for SOURCE, the newest one.
    """
    source, _, rest = (run, "", "") if run.endswith(ENDINGS) else run.partition("/")
    remember({"source": source, "lake": lake})
    if file is None and not as_json:
        day = "" if date is None else f" --date {shlex.quote(date)}"
        again = f"{Typed(run, lake).command('report')}{day}"
        raise UsageError("where should the page go?", Code.OPTIONS, hint=f"{again} --html report.html")
    workspace = open_workspace()
    wish = Wish(date=date, lake=lake)
    subject = replace(_subject(workspace, workspace.use(source, wish), wish, run if rest else ""), months=months)
    picture = read_picture(subject)
    if as_json:
        print_json(plain(picture))
    if file is not None:
        _write(file, workspace.redactor.clean(page(picture)))
    return 0


def _subject(workspace: Workspace, use: Use, wish: Wish, run: str) -> Subject:
    """The run of that name; without one, of the day that is wished for, or the newest.

    Raises UsageError where it is no run, StopError where there is none of that day.
    """
    where = workspace.lake(use.config)
    if not run:
        day = None if wish.date is None else workspace.date(use, wish)
        keys = current_run(where, use.config.label, use.config.name, day)
        if keys is None and day is not None:
            raise _none(use, f"{use.config.name} has no run of {day}")
        if keys is None:
            require_lake(workspace, wish.lake)
        return workspace.subject(use, where, keys)
    keys = ControlKeys.of_run(use.config.label, run)
    if keys is None or wish.date is not None:
        raise UsageError(
            f"{run!r} is no name of a run, or a --date stands beside it",
            Code.RUN_UNKNOWN,
            hint=f"ingest runs {use.config.name} prints them, such as {use.config.name}/2026-11-23/g1",
        )
    if next(iter(where.entries(keys.root)), None) is None:
        raise _none(use, f"there is no run {run}")
    return workspace.subject(use, where, keys)


def _none(use: Use, what: str) -> StopError:
    return StopError(
        f"{what} in {use.config.lake}", Code.RUN_UNKNOWN, hint=f"ingest runs {use.config.name} lists what there is"
    )


def _write(file: str, text: str) -> None:
    if file == STANDARD_OUTPUT:
        data().write(text)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file}: {error.strerror}", Code.FOLDER, hint="name a file in a folder that there is"
        ) from None
    say(f"{file}: {size(len(text.encode()))}")
