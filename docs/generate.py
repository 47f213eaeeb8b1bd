"""Writes the pages of the reference that are made from the code: `make reference`. A test says when one is stale."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Any

import click

import ingest_core
from ingest_core.cli.app import VERBS, ingest
from ingest_core.config import config_schema
from ingest_core.errors import IngestError
from ingest_core.explanations import PREFIX, Page, pages
from ingest_core.plugins import load_plugins

DOCS = Path(__file__).parent
FAMILIES = {
    "C": "The config",
    "U": "The command, the event",
    "S": "The source",
    "A": "The API",
    "K": "Credentials",
    "L": "The lake",
    "R": "The run and its state",
    "F": "The deployed function",
}
MADE = "<!-- made by docs/generate.py: make reference -->"
KINDS = {
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
    "null": "nothing",
}
SHIPPED = ("tmdb", "rest", "twitter_stub")


def generated() -> dict[Path, str]:
    """Every page that is made, and what it says now."""
    made = {
        "errors.md": _errors(),
        "reference/cli.md": _cli(),
        "reference/config.md": _config(),
        "reference/plugin.md": _plugin(),
    }
    return {DOCS / name: "\n".join(lines) + "\n" for name, lines in made.items()}


def _errors() -> Iterator[str]:
    yield "# Error codes"
    yield ""
    yield MADE
    yield ""
    yield "Every error ends in its code; `ingest explain C012` prints its page. It stands in `--json` and in what"
    yield "the Lambda handler answers (`error.code`), and in the log. A code never changes its meaning."
    for family, found in groupby(pages(), key=_family):
        yield f"\n## {FAMILIES[family]}\n"
        yield "| code | what | why | what to do |"
        yield "|---|---|---|---|"
        for page in found:
            yield f'| <a id="{page.code.lower()}"></a>`{page.code}` | {page.what} | {page.why} | {page.do} |'


def _family(page: Page) -> str:
    return page.code.removeprefix(PREFIX)[0]


def _cli() -> Iterator[str]:
    """Each verb as click knows it."""
    yield from ("# The command `ingest`", "", MADE, "")
    yield "SOURCE is the name of a config (`config/tmdb.yaml` is `tmdb`; INGEST_CONFIG_DIR names another folder), or a"
    yield "path to a YAML file. `--json` gives data on standard output, and all else goes to standard error."
    yield ""
    yield "| exit code | means |"
    yield "|--:|---|"
    yield "| 0 | done; rejected records within `max_failed` are a warning |"
    yield "| 1 | failed: running it again does not help |"
    yield "| 2 | the command or the config is wrong |"
    yield "| 3 | partly done: run it again, it goes on |"
    yield "| 4 | a key is missing or refused |"
    yield "| 5 | another run has this date |"
    yield "| 130 | interrupted; what has landed stays |"
    ctx = click.Context(ingest, info_name="ingest")
    for verb in VERBS:
        yield from _verb(ingest.get_command(ctx, verb), verb, ctx)


def _verb(command: click.Command | None, name: str, above: click.Context) -> Iterator[str]:
    if command is None:
        raise LookupError(name)
    ctx = click.Context(command, info_name=name, parent=above)
    about = inspect.cleandoc(command.help or "").replace("\n# ", "\n    # ")
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    yield from ("", f"## `{ctx.command_path}`", "", about, "")
    yield from ("```text", usage, "```")
    if isinstance(command, click.Group):
        for below in command.list_commands(ctx):
            yield from _verb(command.get_command(ctx, below), below, ctx)
    options = [one for one in command.params if isinstance(one, click.Option)]
    shown = [record for one in options if (record := one.get_help_record(ctx))]
    if shown:
        yield from ("", "| option | |", "|---|---|")
        for option, about in shown:
            yield f"| `{option}` | {_cell(about)} |"


def _config() -> Iterator[str]:
    """The keys of a config: those that every source has, then each shipped source's settings."""
    installed = load_plugins().sources
    yield from ("# The keys of a config", "", MADE, "")
    yield "The same schemas complete and explain keys in an editor: `ingest schema`."
    yield "[configuration.md](../configuration.md) tells how they go together, with a whole config."
    yield from ("", "## Every config", "", "| key | is | default | |", "|---|---|---|---|")
    core = config_schema(installed["rest"].source)["properties"]
    yield from _rows({name: schema for name, schema in core.items() if name != "settings"}, "")
    for name in SHIPPED:
        yield from ("", f"## `settings` of `{name}`", "", "| key | is | default | |", "|---|---|---|---|")
        schema = config_schema(installed[name].source)["properties"]["settings"]
        yield from _rows(schema["properties"], "")


def _rows(properties: Mapping[str, Any], above: str) -> Iterator[str]:
    for name, schema in properties.items():
        default = f"`{json.dumps(schema['default'], ensure_ascii=False)}`" if "default" in schema else ""
        examples = ", ".join(f"`{json.dumps(one, ensure_ascii=False)}`" for one in schema.get("examples", []))
        about = f"{schema.get('description', '')}{f' For example {examples}.' if examples else ''}"
        yield f"| `{above}{name}` | {_kind(schema)} | {default} | {_cell(about)} |"
        items = schema.get("items", {})
        yield from _rows(schema.get("properties", {}), f"{above}{name}.")
        if isinstance(items, dict):
            yield from _rows(items.get("properties", {}), f"{above}{name}[].")


def _kind(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "secret":
        return "a reference to a secret"
    if "enum" in schema and len(schema["enum"]) <= 4:
        return _cell(" or ".join(f"`{one}`" for one in schema["enum"]))
    kinds = schema.get("type", "text or more" if "oneOf" in schema or "anyOf" in schema else "text")
    return " or ".join(KINDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _plugin() -> Iterator[str]:
    """What `from ingest_core import …` gives, by its own docstrings."""
    yield from ("# What a plugin imports", "", MADE, "")
    yield "All of it is `from ingest_core import …`. [tutorial-source.md](../tutorial-source.md) leads from nothing to"
    yield "a published plugin; `ingest_core.testing.SourceContract` proves one."
    values = {name: getattr(ingest_core, name) for name in ingest_core.__all__}
    errors = {name for name, value in values.items() if isinstance(value, type) and issubclass(value, IngestError)}
    for name, value in values.items():
        if name not in errors and callable(value):
            yield from ("", f"## `{name}`", "", "```text", _signature(name, value), "", inspect.getdoc(value) or "")
            yield from _methods(value)
            yield "```"
    yield from ("", "## Errors", "", "```text", (inspect.getdoc(ingest_core.errors) or "").strip(), "```")


def _methods(value: Any) -> Iterator[str]:
    for name, method in vars(value).items() if isinstance(value, type) else ():
        if inspect.isfunction(method) and not name.startswith("_") and method.__doc__:
            yield from ("", f".{_signature(name, method)}".replace("(self, ", "(").replace("(self)", "()"))
            yield from (f"    {line}".rstrip() for line in inspect.cleandoc(method.__doc__).splitlines())


def _signature(name: str, value: Any) -> str:
    if isinstance(value, type) and (issubclass(value, Enum) or getattr(value, "_is_protocol", False)):
        return name
    return f"{name}({', '.join(map(_parameter, inspect.signature(value).parameters.values()))})"


def _parameter(parameter: inspect.Parameter) -> str:
    """A parameter by name; its default where that is a plain value."""
    mark = (
        "*" if parameter.kind is parameter.VAR_POSITIONAL else "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    )
    if parameter.default is parameter.empty:
        return f"{mark}{parameter.name}"
    is_plain = isinstance(parameter.default, str | int | float | bool | None | tuple)
    return f"{mark}{parameter.name}={parameter.default!r}" if is_plain else f"{mark}{parameter.name}=…"


def _cell(text: str) -> str:
    """`text` as a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    for path, text in generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
