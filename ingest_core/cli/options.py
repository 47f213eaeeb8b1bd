"""Options that several verbs share, and what they ask for."""

from __future__ import annotations

import datetime as dt
import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import click

from ingest_core.assembly import Wish
from ingest_core.cli.again import remember
from ingest_core.cli.output import data, data_apart, say
from ingest_core.codes import Code
from ingest_core.config import Path_, config_folder, config_names, did_you_mean, duration, parse_override
from ingest_core.errors import UsageError
from ingest_core.interruption import handling

F = TypeVar("F", bound=Callable[..., Any])


INTERRUPTED = 130
_ONLY_READ = {"lake", "list", "runs", "show", "sql", "verify"}
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Verb(click.Command):
    """A verb of `ingest`: what plugins print while it works does not mix with its data."""

    def invoke(self, ctx: click.Context) -> Any:
        remember(ctx.params)
        try:
            with data_apart(), handling(_stop, signal.SIGTERM):  # as Ctrl-C: schedulers and containers send it
                code = super().invoke(ctx)
                data().flush()  # here a reader who has left is still noticed
                return code
        except KeyboardInterrupt:
            if self.name in _ONLY_READ:
                say("interrupted")
                return INTERRUPTED
            say("interrupted: what has landed stays, and nothing is doubled")
            say(f"  → {shlex.join(['ingest', *sys.argv[1:]])} {_what_comes_of_it_again(sys.argv)}")
            return INTERRUPTED
        except BrokenPipeError:
            # Whoever read our output has enough (`ingest preview … | head`); Python would complain again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 0


class Group(click.Group):
    """Verbs under one word: alone it says what there is, and of a word that is no verb, which was meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word, known = args[0], self.list_commands(ctx)
        if word not in known and not word.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"{ctx.command_path} has no verb {word[:40]!r}{did_you_mean(word, known)}")
        return super().resolve_command(ctx, args)


def _what_comes_of_it_again(command: Sequence[str]) -> str:
    """What the same command does where it was interrupted: trials begin anew."""
    is_trial = any(word.startswith(("--dry-run", "--limit")) for word in command)
    return "begins anew" if is_trial else "goes on from here"


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def complete_source(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of the configs, for the shell."""
    return [name for name in config_names(config_folder(os.environ)) if name.startswith(incomplete)]


source_argument = click.argument("source", shell_complete=complete_source)
lake_option = click.option("--lake", metavar="URI", help="Another lake: s3://bucket[/prefix], or a folder.")
json_option = click.option("--json", "as_json", is_flag=True, help="Data as JSON on standard output.")
limit_type = click.IntRange(min=1)
day_type = click.DateTime(["%Y-%m-%d"])
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def as_duration(ctx: click.Context, parameter: click.Parameter, value: str) -> dt.timedelta:
    """The span that an option's text names, for `callback=`."""
    try:
        return duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _as_day(ctx: click.Context, parameter: click.Parameter, value: dt.datetime | None) -> dt.date | None:
    return None if value is None else value.date()


def window_options(function: F) -> F:
    """--from and --to, as `first` and `last`."""
    for option in (
        click.option(
            "--to", "last", type=day_type, callback=_as_day, metavar="DAY", help="Up to this day, itself included."
        ),
        click.option("--from", "first", type=day_type, callback=_as_day, metavar="DAY", help="From this day on."),
    ):
        function = option(function)
    return function


class Window:
    """Days from `first` to `last`, both included; of those the newest `most`. None leaves a bound out."""

    def __init__(self, first: dt.date | None, last: dt.date | None, most: int | None = None) -> None:
        if first is not None and last is not None and first > last:
            raise UsageError(f"--from {first} is after --to {last}", Code.SPAN, hint="the older day goes first")
        self._first = first or dt.date.min
        self._last = last or dt.date.max
        self.most = most

    def of(self, days: Sequence[dt.date]) -> list[dt.date]:
        """Those of `days`, which are newest first, that are in it."""
        return [day for day in days if self._first <= day <= self._last][: self.most]


def wish_options(function: F) -> F:
    """--date, --lake and --set."""
    for option in (
        click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting; repeatable."),
        lake_option,
        click.option("--date", metavar="DATE", help="The logical date: a day, or an instant with its offset."),
    ):
        function = option(function)
    return function


def wish(date: str | None, lake: str | None, overrides: Sequence[str], limit: int | None = None) -> Wish:
    """What the options ask for. Raises UsageError for a malformed --set."""
    return Wish(date=date, limit=limit, lake=lake, overrides=dict(parse_override(text) for text in overrides))


def with_workers(asked: Wish, workers: int | None) -> Wish:
    """`asked`, with so many workers instead of the config's."""
    said: dict[Path_, tuple[str, Any]] = {} if workers is None else {("workers",): ("--workers", workers)}
    return replace(asked, overrides={**asked.overrides, **said})
