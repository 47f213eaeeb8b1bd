"""`ingest record`"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ingest_core.assembly import Use
from ingest_core.cli.console import console, print_trial
from ingest_core.cli.options import Verb, source_argument, wish, wish_options
from ingest_core.cli.output import say
from ingest_core.cli.session import open_workspace
from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.figures import size
from ingest_core.guard import connection_of
from ingest_core.lake import DiskLake
from ingest_core.model import Secret, Status, without_secrets
from ingest_core.recording import RecordingTransport, Scrubber, write_recording

MOST = 200


@click.command("record", cls=Verb)
@source_argument
@click.option("--to", "folder", required=True, metavar="DIR", help="Where: a folder for this recording alone.")
@click.option(
    "--most", type=click.IntRange(min=1), default=MOST, show_default=True, metavar="N", help="Requests, at most."
)
@wish_options
def command(source: str, folder: str, most: int, date: str | None, lake: str | None, overrides: tuple[str, ...]) -> int:
    """One run of SOURCE, whose answers are kept: a file for each request, to be read, edited and replayed by tests.

    Nothing lands in a lake. Secrets are taken out by value, however they are written, and looked for once more before
    anything is written. Keep it small: `--set streams.0.stop.pages=2`.
    """
    workspace = open_workspace()
    with tempfile.TemporaryDirectory(prefix="ingest-record-") as aside:
        asked = wish(date, aside if lake is None else lake, overrides)
        asked = replace(asked, overrides={**asked.overrides, ("answers",): ("ingest record", None)})
        use = workspace.use(source, asked)
        if use.source.connect is None:
            raise UsageError(
                f"the source {use.source.name} has no network, so there is nothing to record", Code.NOT_OFFERED
            )
        scrubber = Scrubber(_secrets(use))
        recorder = RecordingTransport(workspace.network(use), most)
        *_, report = workspace.runs(use, asked, DiskLake(Path(aside)), transport=recorder)
    if report.status is not Status.DONE:
        print_trial(report)
        say("nothing was written: only a run that is done is worth replaying")
        return report.exit_code
    written = write_recording(Path(folder), use.source.name, report.date, _narrowed(use), recorder.exchanges, scrubber)
    out = console()
    for path in written:
        out.print(f"  {path}  {size(path.stat().st_size)}", markup=False)
    out.print(f"{len(written) - 1} answers to {folder}, without secrets", markup=False)
    say("read them before you commit them: what the API says about people is yours to take out")
    return 0


def _secrets(use: Use) -> list[str]:
    """The value of every secret in the settings, and what requests are signed with."""
    found = [secret.reveal() for secret in _in(use.config.settings)]
    connection = connection_of(use.source, use.config.settings)
    signing = connection.auth.secrets if connection is not None and connection.auth is not None else ()
    return [*found, *(secret.reveal() for secret in signing)]


def _in(value: Any) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _in(inner)


def _narrowed(use: Use) -> dict[str, Any]:
    """The settings that --set changed: a replay needs them, and takes all others from the config."""
    changed = {path[1] for path in use.document.overridden if len(path) > 1 and path[0] == "settings"}
    return {name: without_secrets(use.config.settings[name]) for name in sorted(map(str, changed))}
