"""The group of verbs, and what an error looks like."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Sequence

import click

from ingest_core.cli.options import INTERRUPTED, Group
from ingest_core.cli.output import StandardError, say
from ingest_core.codes import Code
from ingest_core.errors import IngestError, UsageError
from ingest_core.logs import wanted_level

# verb → its module. Only the module of the verb that runs is imported; a short help stands here so that `ingest --help`
# imports none of them.
VERBS = {
    "list": ("ingest_core.cli.listing", "The sources installed here."),
    "schema": ("ingest_core.cli.schema", "JSON Schema, so that editors complete and explain configs."),
    "check": ("ingest_core.cli.check", "Config, secrets, API and lake: is everything ready?"),
    "plan": ("ingest_core.cli.plan", "What a run would do, and what it would cost."),
    "preview": ("ingest_core.cli.preview", "A few records on standard output, one a line."),
    "run": ("ingest_core.cli.run", "One run: what the API says, into the lake."),
    "runs": ("ingest_core.cli.runs", "The runs that there are, and how each stands."),
    "lake": ("ingest_core.cli.lake", "What lies in the lake, by config, day and stream."),
    "sql": ("ingest_core.cli.sql", "SQL over the lake: a view for each stream."),
    "show": ("ingest_core.cli.show", "One record, and where it came from."),
    "report": ("ingest_core.cli.report", "A picture of a run and of its lake, in one HTML file."),
    "verify": ("ingest_core.cli.verify", "The lake against its manifest: missing, altered, extra."),
    "replay": ("ingest_core.cli.replay", "What is in the quarantine, once more."),
    "state": ("ingest_core.cli.state", "What the next run goes on from: show, reset."),
    "prune": ("ingest_core.cli.prune", "Removes old control files."),
    "invoke": ("ingest_core.cli.invoke", "The Lambda handler, in this process."),
    "new-source": ("ingest_core.cli.new_source", "A source of your own, which runs and passes its tests at once."),
    "record": ("ingest_core.cli.record", "What an API answers, for tests and without secrets."),
    "explain": ("ingest_core.cli.explain", "What the code of an error means, and what to do."),
    "demo": ("ingest_core.cli.demo", "The whole thing without a key or an account."),
}


class Verbs(Group):
    """Imports a verb's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, about) for verb, (_, about) in VERBS.items()])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ingest-core", prog_name="ingest")
def ingest() -> None:
    """Lands what an API says, byte for byte, in a data lake.

    SOURCE is the name of a config in config/ (INGEST_CONFIG_DIR names another folder), or a path to a YAML file.
    Begin with `ingest demo`, then `ingest run tmdb --dry-run`.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING, handlers=[StandardError()])
    logging.getLogger("ingest_core").setLevel(wanted_level(os.environ, logging.WARNING))


def _as_ours(error: click.ClickException) -> UsageError:
    """What click says of a command, said as everything else is."""
    ctx = getattr(error, "ctx", None)
    return UsageError(
        error.format_message(), Code.COMMAND, hint=f"{ctx.command_path if ctx is not None else 'ingest'} --help"
    )


def _print_error(error: IngestError, arguments: Sequence[str]) -> None:
    from ingest_core.cli.console import print_error

    print_error(error, as_json="--json" in arguments)


def run_command(arguments: Sequence[str]) -> int:
    """Runs `ingest` with `arguments`; returns the exit code."""
    try:
        code = ingest.main(args=list(arguments), prog_name="ingest", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        _print_error(_as_ours(error), arguments)
        return error.exit_code
    except click.Abort:
        say("interrupted")
        return INTERRUPTED
    except IngestError as error:
        _print_error(error, arguments)
        return error.exit_code
    return code if isinstance(code, int) else 0
