"""`ingest new-source`: what it writes installs, runs and keeps the contract before a line of it is changed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ingest = Callable[..., Any]
PYTHON = (sys.executable, "-m")
LANDED = {
    "1": '{"id": 1, "name": "café", "price": 1.50}',
    "2": '{"id": 2, "name": "p\\u00e3o", "price": null}',
    "3": '{"id": 3, "name": "", "serial": 12345678901234567890}',
    "4": '{"id": 4, "name": "água", "tags": ["a", "b"]}',
}


def call(folder: Path, *command: str, site: Path | None = None) -> str:
    """What a command prints in `folder`, as a stranger would call it; `site` is where their plugins are installed."""
    hidden = {"INGEST_CONFIG_DIR", "PYTEST_CURRENT_TEST", "NEW_TOKEN"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"} | ({"PYTHONPATH": str(site)} if site else {})
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def landed(folder: Path, label: str) -> dict[str, str]:
    files = (folder / "dry-run/Raw" / label / "JSON/2026/11/23").glob("*.json")
    return {path.stem: path.read_text(encoding="utf-8") for path in files}


def test_a_new_plugin_installs_runs_and_keeps_the_contract(ingest: Ingest, home: Path) -> None:
    ended = ingest("new-source", "new_things")
    assert ended.code == 0, ended.err
    project, site = home / "ingest-source-new-things", home / "site"
    install = (
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        str(site),
        ".",
    )
    call(project, *PYTHON, *install)
    assert "NewThings" in call(project, *PYTHON, "ingest_core", "list", site=site)
    call(project, *PYTHON, "ingest_core", "check", "new_things", site=site)
    call(project, *PYTHON, "ingest_core", "run", "new_things", "--dry-run", site=site)
    assert landed(project, "NewThings") == LANDED
    told = call(project, *PYTHON, "pytest", "-q", "-p", "no:cacheprovider", site=site)
    assert " passed" in told
    assert "failed" not in told


def test_a_new_yaml_runs_and_keeps_the_contract(ingest: Ingest, home: Path) -> None:
    ended = ingest("new-source", "new", "--rest", "--label", "Fresh")
    assert ended.code == 0, ended.err
    project = home / "new"
    call(project, *PYTHON, "ingest_core", "run", "new", "--dry-run")
    assert landed(project, "Fresh") == LANDED
    told = call(project, *PYTHON, "pytest", "-q", "-p", "no:cacheprovider")
    assert " passed" in told
    assert "failed" not in told


def test_what_is_written_passes_the_style_of_this_project(ingest: Ingest, home: Path) -> None:
    ingest("new-source", "a_name_of_some_words")
    (project,) = home.glob("ingest-source-*")
    rules = ("--select", "E,F,I,N,UP,W,B,RUF", "--line-length", "120", "--no-cache")
    call(project, *PYTHON, "ruff", "check", *rules, ".")
    call(project, *PYTHON, "ruff", "format", "--check", "--line-length", "120", "--no-cache", ".")
    call(project, *PYTHON, "mypy", "--strict", "--cache-dir", os.devnull, *map(str, project.glob("ingest_source_*")))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("My-Things",), "write a lower-case word: my_things"),
        (("9",), "write a lower-case word: things"),
        (("../x",), "write a lower-case word: x"),
        (("tmdb",), "installed already, by ingest-source-tmdb"),
        (("fine", "--label", "../x"), "label '../x'"),
        (("fine", "--to", "conf"), "conf is there already"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    ingest: Ingest, home: Path, arguments: tuple[str, ...], told: str
) -> None:
    before = sorted(home.rglob("*"))
    ended = ingest("new-source", *arguments)
    assert ended.code == 2
    assert told in ended.err
    assert sorted(home.rglob("*")) == before
