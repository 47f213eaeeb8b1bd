"""From templates to files. A template is `<file>.txt`; NAME in its path and words such as $name in it are filled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.keys import LABEL

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LABEL = re.compile(LABEL)
_ENDING = ".txt"


class Kind(Enum):
    """A distribution of its own, in Python; or a YAML for the source `rest`."""

    PLUGIN = "plugin"
    REST = "rest"


def write_source(folder: Path, name: str, label: str, kind: Kind) -> list[Path]:
    """Writes the files and returns them. Raises UsageError for a name or label that is none, or a folder in use."""
    if not _NAME.fullmatch(name):
        better = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        raise UsageError(
            f"{name!r} is no name of a source", Code.NAME, hint=f"write a lower-case word: {better or 'things'}"
        )
    if not _LABEL.fullmatch(label):
        raise UsageError(
            f"label {label!r}: use letters, digits, '_' and '-'", Code.NAME, hint="it is a folder of the lake"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already", Code.FOLDER, hint="choose another folder with --to")
    words = {"name": name, "label": label, "upper": name.upper(), "dashed": name.replace("_", "-")}
    written = []
    for template, place in _templates(files(__package__) / "templates" / kind.value):
        path = folder / place.replace("NAME", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(template.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
        written.append(path)
    return written


def _templates(folder: Traversable, inside: str = "") -> Iterator[tuple[Traversable, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _templates(entry, f"{inside}{entry.name}/")
        elif entry.name.endswith(_ENDING):
            yield entry, inside + entry.name.removesuffix(_ENDING)
