"""`ingest check`"""

from __future__ import annotations

from dataclasses import replace

import click
from rich.markup import escape

from ingest_core.checkup import Finding, checkup
from ingest_core.cli.options import Verb, json_option, source_argument, wish, wish_options
from ingest_core.cli.output import console, masked, print_json
from ingest_core.cli.session import open_workspace


@click.command("check", cls=Verb)
@source_argument
@wish_options
@click.option("--offline", is_flag=True, help="The config alone: no secret is read and no request made.")
@json_option
def command(
    source: str, date: str | None, lake: str | None, overrides: tuple[str, ...], offline: bool, as_json: bool
) -> int:
    """Config, secrets, one cheap request, the lake writable: each line ok, or why not."""
    workspace = open_workspace()
    findings = []
    for look in checkup(workspace, source, wish(date, lake, overrides), offline=offline):
        found = replace(look, about=masked(look.about), hint=masked(look.hint))
        findings.append(found)
        if not as_json:
            _print(found)
    if as_json:
        print_json(
            [{"what": found.what, "ok": found.ok, "about": found.about, "hint": found.hint} for found in findings]
        )
    return next((found.exit_code for found in findings if not found.ok), 0)


def _print(found: Finding) -> None:
    out = console()
    mark = "[green]ok[/]    " if found.ok else "[red]not ok[/]"
    first, *others = found.about.splitlines() or [""]
    out.print(f"{mark} {found.what:<8} {escape(first)}")
    for line in others:
        out.print(f"{'':<15} {escape(line)}")
    if found.hint:
        out.print(f"{'':<15} [dim]→[/] {escape(found.hint)}")
