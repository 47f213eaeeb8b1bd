"""What every page of the documents shows: commands that `ingest` takes, configs that are right, Python that compiles.

Pages that can be followed to the letter have tests of their own beside; this holds for all.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

from ingest_core.cli.app import ingest
from ingest_core.config import config_schema
from ingest_core.config.document import parse_document
from ingest_core.plugins import load_plugins

ROOT = Path(__file__).parents[2]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sources/*/README.md")})
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*ingest (?!-)(.*?)(?:\s{2,}#.*)?$")
INSTALLED = load_plugins().sources


def blocks(*kinds: str) -> Iterator[Any]:
    for page in PAGES:
        for number, (indent, kind, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8"))):
            if kind in kinds:
                yield pytest.param(
                    re.sub(f"^{indent}", "", text, flags=re.MULTILINE), id=f"{page.relative_to(ROOT)}-{number}"
                )


def commands() -> Iterator[Any]:
    for block in blocks("", "console", "bash", "sh"):
        text = str(block.values[0]).replace("\\\n", " ")
        for number, line in enumerate(text.splitlines()):
            found = COMMAND.match(line)
            if found and "…" not in found[1]:
                yield pytest.param(found[1].partition(" | ")[0].partition(" > ")[0], id=f"{block.id}-{number}")


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_of_the_documents_is_one(command: str) -> None:
    words = shlex.split(command, comments=True)
    above, group = click.Context(ingest, info_name="ingest"), ingest
    while isinstance(group, click.Group):
        verb = group.get_command(above, words[0])
        assert verb is not None, words
        above, group, words = verb.make_context(words[0], words[1:], parent=above), verb, words[1:]  # type: ignore[assignment]


def configs() -> Iterator[Any]:
    """The configs that are shown whole, of sources that are installed here."""
    for block in blocks("yaml"):
        text = str(block.values[0])
        named = re.search(r"^source: (\w+)", text, re.MULTILINE)
        if named and named[1] in INSTALLED and re.search("^lake: ", text, re.MULTILINE):
            yield block


@pytest.mark.parametrize("text", list(configs()))
def test_a_whole_config_of_the_documents_is_right(text: str) -> None:
    value = parse_document(text, "page.md").value
    jsonschema.validate(value, config_schema(INSTALLED[value["source"]].source), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("text", list(blocks("python")))
def test_the_python_of_the_documents_compiles(text: str) -> None:
    compile(text, "page.md", "exec")
