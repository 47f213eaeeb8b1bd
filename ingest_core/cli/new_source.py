"""`ingest new-source`"""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from ingest_core.cli.console import console
from ingest_core.cli.options import Verb
from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.plugins import load_plugins
from ingest_core.scaffold import Kind, write_source


@click.command("new-source", cls=Verb)
@click.argument("name")
@click.option("--rest", is_flag=True, help="A YAML file for the source `rest`, and no Python.")
@click.option("--label", metavar="LABEL", help="The folder in the lake; NAME in CamelCase if left out.")
@click.option("--to", "folder", metavar="DIR", help="Where; ./ingest-source-NAME, or ./NAME with --rest.")
def command(name: str, rest: bool, label: str | None, folder: str | None) -> int:
    """A source of your own, which runs and passes its contract tests at once. Then make it yours, file by file."""
    kind = Kind.REST if rest else Kind.PLUGIN
    plugins = load_plugins()
    if kind is Kind.PLUGIN and name in plugins.sources:
        installed = plugins.sources[name].distribution
        raise UsageError(
            f"a source {name!r} is installed already, by {installed}", Code.NAME, hint="choose another name"
        )
    if kind is Kind.REST and "rest" not in plugins.sources:
        raise UsageError(
            "the source `rest` is not installed", Code.SOURCE_UNKNOWN, hint="pip install ingest-source-rest"
        )
    place = Path(folder or (name if rest else f"ingest-source-{name.replace('_', '-')}"))
    shown = label or "".join(word.capitalize() for word in name.split("_"))
    written = write_source(place, name, shown, kind)
    out = console()
    for path in written:
        out.print(f"  {path}", markup=False)
    install = "" if rest else "pip install -e . && "
    out.print(f"cd {shlex.quote(str(place))} && {install}ingest run {name} --dry-run && python -m pytest", markup=False)
    return 0
