"""`ingest schema`"""

from __future__ import annotations

import json
from pathlib import Path

import click

from ingest_core.cli.console import console
from ingest_core.cli.options import Verb
from ingest_core.cli.output import data
from ingest_core.cli.session import open_workspace
from ingest_core.codes import Code
from ingest_core.config import config_folder, config_schema
from ingest_core.errors import UsageError
from ingest_core.model import Source

FOLDER = "schema"


@click.command("schema", cls=Verb)
@click.argument("source", required=False)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file is missing or out of date.")
def command(source: str | None, check: bool) -> int:
    """JSON Schema for editors, which complete and explain a config as it is typed.

    With SOURCE (an installed source), on standard output. Without, one file for each installed source, in the folder
    `schema` beside the configs; a config's first line names its own:

    # yaml-language-server: $schema=schema/tmdb.json
    """
    workspace = open_workspace()
    if source is not None:
        if check:
            raise UsageError("--check looks at every schema file", Code.OPTIONS, hint="leave SOURCE out")
        data().write(_text(workspace.plugins.find(source)))
        return 0
    folder = config_folder(workspace.environment) / FOLDER
    stale = 0
    for name, installed in sorted(workspace.plugins.sources.items()):
        stale += _write(folder / f"{name}.json", _text(installed.source), check=check)
    if check and stale:
        console().print("write them anew: ingest schema")
    return 1 if check and stale else 0


def _text(source: Source) -> str:
    return json.dumps(config_schema(source), ensure_ascii=False, indent=2) + "\n"


def _write(path: Path, text: str, *, check: bool) -> bool:
    """Brings the file up to date, or only says whether it is; True where it was not."""
    try:
        fresh = path.is_file() and path.read_text(encoding="utf-8") == text
        if not fresh and not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", Code.FOLDER, hint="set INGEST_CONFIG_DIR") from error
    state = "up to date" if fresh else "out of date" if check else "written"
    console().print(f"{path}: {state}")
    return not fresh
