"""`ingest check`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import click
from rich.markup import escape

from ingest_core.checkup import Finding, checkup
from ingest_core.cli.console import console
from ingest_core.cli.options import Verb, json_option, source_argument, wish, wish_options
from ingest_core.cli.output import masked, print_json
from ingest_core.cli.session import open_workspace
from ingest_core.codes import Code
from ingest_core.errors import UsageError


@click.command("check", cls=Verb)
@source_argument
@wish_options
@click.option("--offline", is_flag=True, help="The config alone: no secret is read and no request made.")
@click.option("--stamp", is_flag=True, help="Note beside the config that it is well: cold starts then take its word.")
@click.option("--deployed", metavar="FUNCTION", help="Ask the deployed Lambda function instead: its name or ARN.")
@json_option
def command(  # noqa: PLR0913, PLR0917 -- one parameter an option
    source: str,
    date: str | None,
    lake: str | None,
    overrides: tuple[str, ...],
    offline: bool,
    stamp: bool,
    deployed: str | None,
    as_json: bool,
) -> int:
    """Config, secrets, one cheap request, the lake writable: each line ok, or why not.

    With --deployed, the function in AWS looks at its own: its config, secret and bucket, under its own role. Clock and
    versions are compared with those here. It fetches no record and writes nothing.
    """
    if deployed is None:
        looks = checkup(open_workspace(), source, wish(date, lake, overrides), offline=offline, stamp=stamp)
    else:
        _require_nothing_local(
            {"--date": date, "--lake": lake, "--set": overrides, "--offline": offline, "--stamp": stamp}
        )
        looks = _deployed(deployed, source)
    findings = []
    for look in looks:
        found = replace(look, about=masked(look.about), hint=masked(look.hint))
        findings.append(found)
        if not as_json:
            _print(found)
    if as_json:
        print_json(
            [
                {"what": found.what, "ok": found.ok, "about": found.about, "hint": found.hint, "code": found.code}
                for found in findings
            ]
        )
    return next((found.exit_code for found in findings if not found.ok), 0)


def _deployed(function: str, source: str) -> Iterator[Finding]:
    from ingest_core.aws import Aws
    from ingest_core.cli.deployed import check_deployed
    from ingest_core.lambda_handler import parse_event

    parse_event({"source": source, "step": "check"})
    return check_deployed(Aws(), function, source)


def _require_nothing_local(given: Mapping[str, object]) -> None:
    beside = [option for option, value in given.items() if value]
    if beside:
        raise UsageError(
            f"{beside[0]} cannot be sent to a function: --deployed looks at what lies there",
            Code.OPTIONS,
            hint=f"leave out {' and '.join(beside)}",
        )


def _print(found: Finding) -> None:
    out = console()
    mark = "[green]ok[/]    " if found.ok else "[red]not ok[/]"
    first, *others = found.about.splitlines() or [""]
    code = f" [dim]\\[{found.code}][/]" if found.code and found.code not in found.about else ""
    out.print(f"{mark} {found.what:<8} {escape(first)}{code}")
    for line in others:
        out.print(f"{'':<15} {escape(line)}")
    if found.hint:
        out.print(f"{'':<15} [dim]→[/] {escape(found.hint)}")
