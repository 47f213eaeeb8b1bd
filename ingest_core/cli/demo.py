"""`ingest demo`: the simulator on loopback, an S3 in this process, one real run, and what landed."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import yaml
from rich.console import Console
from rich.markup import escape
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.tree import Tree

from ingest_core.assembly import Wish, Workspace
from ingest_core.cli.console import console, print_report
from ingest_core.cli.options import Verb
from ingest_core.cli.palette import COLOURS
from ingest_core.codes import Code
from ingest_core.config import config_folder, config_names
from ingest_core.errors import UsageError
from ingest_core.figures import size
from ingest_core.lake import Entry, Lake
from ingest_core.model import Report
from ingest_core.plugins import Plugins

BUCKET = "demo-lake"
FILES_SHOWN = 3
DEMO = "demo"
# YAML and JSON on whatever ground the terminal has: what is not named keeps the terminal's own colour.
SYNTAX = ANSISyntaxTheme(
    {
        ("Name", "Tag"): Style(color=COLOURS["blue"]),
        ("Literal",): Style(color=COLOURS["green"]),
        ("Literal", "Number"): Style(color=COLOURS["yellow"]),
        ("Keyword",): Style(color=COLOURS["magenta"]),
        ("Comment",): Style(color=COLOURS["dim"]),
    }
)


@click.command("demo", cls=Verb)
@click.argument("source", default="tmdb")
def command(source: str) -> int:
    """The whole thing without a key: a simulator of the API, an S3 of its own, one run of SOURCE, its lake."""
    out = console()
    workspace = Workspace()
    found = workspace.plugins.find(source)
    if found.demo is None:
        raise UsageError(f"the source {source!r} has no demo", Code.NOT_OFFERED, hint=_demos(workspace.plugins))
    out.rule("[bold]1  a simulator of the API, and an S3 server, both on loopback", align="left", style="dim")
    with (
        found.demo() as settings,
        embedded_s3() as endpoint,
        tempfile.TemporaryDirectory(prefix="ingest-demo-") as home,
    ):
        out.print(f"API  {settings.get('base_url', 'none')}\nS3   {endpoint}   bucket {BUCKET}")
        out.rule("[bold]2  the config", align="left", style="dim")
        path = Path(home) / f"{source}.yaml"
        text = yaml.safe_dump(
            {"source": source, "lake": f"s3://{BUCKET}", "settings": dict(settings)},
            sort_keys=False,
            allow_unicode=True,
        )
        path.write_text(text, encoding="utf-8")
        out.print(Syntax(text.strip(), "yaml", theme=SYNTAX, background_color="default"))
        out.rule(f"[bold]3  ingest run {source}", align="left", style="dim")
        report, lake = _run(workspace.plugins, path)
        print_report(report, [])
        out.rule("[bold]4  what landed", align="left", style="dim")
        out.print(_tree(lake))
        _show_one(out, lake)
        for step in _next_steps(source):
            out.print(f"[dim]next[/] {escape(step)}")
    return report.exit_code


def _next_steps(source: str) -> Iterator[str]:
    """From the demo to a run of one's own, from where the command was called."""
    if shutil.which("ingest") is None:
        activate = Path(sys.prefix) / "bin/activate"
        if activate.is_file():
            shown = os.path.relpath(activate)
            yield f". {shown}   and the command `ingest` is there"
    folder = config_folder(os.environ)
    if source not in config_names(folder):
        keys = f"`source: {source}`, `lake:` and `settings:`"
        yield f"write {folder / source}.yaml: {keys}; ingest schema {source} explains them"
    yield f"ingest check {source}   says what a run still needs; then ingest run {source} --dry-run --limit 20"


@contextmanager
def embedded_s3() -> Iterator[str]:
    """moto's S3 server on loopback with one empty bucket; the environment points boto3 at it meanwhile.

    Yields its endpoint. Raises UsageError where moto is not installed.
    """
    try:
        from moto.server import ThreadedMotoServer
    except ModuleNotFoundError:
        raise UsageError(
            "the demo brings its own S3 by moto", Code.EXTRA, hint="pip install 'ingest-core[demo]'"
        ) from None
    import boto3

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    ours = {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": DEMO,
        "AWS_SECRET_ACCESS_KEY": DEMO,
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    before = {name: os.environ.get(name) for name in [*ours, "AWS_PROFILE"]}
    try:
        os.environ.update(ours)
        os.environ.pop("AWS_PROFILE", None)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield endpoint
    finally:
        server.stop()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _demos(plugins: Plugins) -> str:
    names = [name for name, installed in sorted(plugins.sources.items()) if installed.source.demo is not None]
    if not names:
        return "a source that has: pip install 'ingest-core[demo]'"
    return f"these have: {', '.join(f'ingest demo {name}' for name in names)}"


def _run(plugins: Plugins, config: Path) -> tuple[Report, Lake]:
    """The run, in a workspace that sees the environment of the demo."""
    workspace = Workspace(environment=os.environ, plugins=plugins)
    use = workspace.use(str(config), Wish())
    *_, report = workspace.runs(use, Wish())
    return report, workspace.lake(use.config)


def _tree(lake: Lake) -> Tree:
    """The lake as a tree: every folder with its count and size, the first files of each."""
    tree = Tree(f"[bold]{escape(lake.uri)}[/]")
    folders: dict[str, list[Entry]] = {}
    for entry in (*lake.entries("Raw/"), *lake.entries("_ingest/")):
        folders.setdefault(entry.key.rpartition("/")[0], []).append(entry)
    branches: dict[str, Tree] = {"": tree}
    for folder, entries in folders.items():
        branch = _branch(branches, folder)
        for entry in entries[:FILES_SHOWN]:
            branch.add(f"{escape(entry.key.rpartition('/')[2])}  [dim]{size(entry.size)}[/]")
        if len(entries) > FILES_SHOWN:
            rest = entries[FILES_SHOWN:]
            branch.add(f"[dim]… {len(rest)} more, {size(sum(entry.size for entry in rest))}[/]")
    return tree


def _branch(branches: dict[str, Tree], folder: str) -> Tree:
    if folder not in branches:
        parent, _, name = folder.rpartition("/")
        branches[folder] = _branch(branches, parent).add(f"[blue]{escape(name)}/[/]")
    return branches[folder]


def _show_one(out: Console, lake: Lake) -> None:
    entry = next(iter(lake.entries("Raw/")), None)
    stored = lake.get(entry.key) if entry is not None else None
    if entry is None or stored is None:
        return
    out.rule(f"[bold]5  one record: {escape(entry.key)}", align="left", style="dim")
    whole: Mapping[str, Any] = json.loads(stored.body)
    shown = {name: value for name, value in whole.items() if not isinstance(value, dict | list)}
    out.print(Syntax(json.dumps(shown, ensure_ascii=False, indent=2), "json", theme=SYNTAX, background_color="default"))
    hidden = [name for name in whole if name not in shown]
    out.print(f"[dim]… and {', '.join(hidden)}; in the lake it is as the API sent it, byte for byte[/]")
