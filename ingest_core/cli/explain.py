"""`ingest explain`"""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.markup import escape
from rich.table import Table

from ingest_core.cli.console import console
from ingest_core.cli.options import Verb, json_option
from ingest_core.cli.output import print_json
from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.explanations import PREFIX, Page, page, pages


@click.command("explain", cls=Verb)
@click.argument("code", required=False)
@json_option
def command(code: str | None, as_json: bool) -> int:
    """What the CODE of an error means, why it comes about, and what to do. Without one: every code.

    The first part of a code may be left out: C012 is INGEST-C012.
    """
    found = pages() if code is None else [_found(code)]
    if as_json:
        told = [asdict(one) for one in found]
        print_json(told if code is None else told[0])
    elif code is None:
        table = Table(box=None, show_header=False)
        for one in found:
            table.add_row(f"[bold]{one.code}[/]", escape(one.what))
        console(for_table=True).print(table)
    else:
        out, one = console(), found[0]
        out.print(f"[bold]{one.code}[/]  {escape(one.what)}")
        out.print(f"[dim]{'why':<12}[/]  {escape(one.why)}")
        out.print(f"[dim]{'what to do':<12}[/]  {escape(one.do)}")
    return 0


def _found(code: str) -> Page:
    found = page(code)
    if found is None:
        raise UsageError(
            f"there is no code {code[:40]!r}",
            Code.CODE,
            hint=f"a code looks like {PREFIX}C001; ingest explain lists them all",
        )
    return found
