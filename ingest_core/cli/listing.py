"""`ingest list`"""

from __future__ import annotations

from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from ingest_core.cli.console import console
from ingest_core.cli.options import Verb, json_option
from ingest_core.cli.output import print_json
from ingest_core.cli.session import open_workspace
from ingest_core.plugins import Plugins


@click.command("list", cls=Verb)
@json_option
def command(as_json: bool) -> None:
    """The sources installed here: name, label, version, where from."""
    plugins = open_workspace().plugins
    if as_json:
        print_json(_as_json(plugins))
        return
    out = console(for_table=True)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("source", "label", "version", "from"):
        table.add_column(heading)
    for name, installed in sorted(plugins.sources.items()):
        label = installed.source.label or "(the config's)"
        table.add_row(name, label, installed.version, installed.distribution)
    out.print(table)
    for installed in plugins.sources.values():
        if installed.source.notice:
            out.print(f"[dim]{escape(installed.source.notice)}[/]")
    for broken in plugins.broken:
        out.print(f"[red]broken[/] {escape(broken.distribution)} ({escape(broken.entry_point)}): {escape(broken.why)}")


def _as_json(plugins: Plugins) -> dict[str, Any]:
    return {
        "sources": [
            {
                "name": name,
                "label": installed.source.label,
                "version": installed.version,
                "distribution": installed.distribution,
                "streams": list(installed.source.streams),
                "notice": installed.source.notice,
            }
            for name, installed in sorted(plugins.sources.items())
        ],
        "broken": [
            {"distribution": broken.distribution, "entry_point": broken.entry_point, "why": broken.why}
            for broken in plugins.broken
        ],
    }
