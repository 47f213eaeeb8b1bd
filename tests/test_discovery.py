"""Plugins that hang, exit, print or stand in a single file."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from ingest_core.plugins import load_plugins

GOOD = """
from ingest_core import Record, Slice, Source, hookimpl

SCHEMA = {"type": "object", "additionalProperties": False, "properties": {}}

def plan(ctx):
    yield Slice("only")

def fetch(ctx, slice):
    print("a word from the plugin")
    yield Record("thing", 1, b'{"id":1}')

@hookimpl
def ingest_sources():
    print("another")
    return [Source("single", "Single", SCHEMA, plan, fetch)]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/single.py").write_text(GOOD)
    return tmp_path / "plugins"


def installed(tmp_path: Path, name: str, code: str) -> Distribution:
    """A distribution whose module `name` has `code`."""
    (tmp_path / f"{name}.py").write_text(code)
    info = tmp_path / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[ingest_core]\n{name} = {name}\n")
    return Distribution.at(info)


def test_a_file_in_the_folder_of_plugins_is_a_plugin(folder: Path) -> None:
    plugins = load_plugins([], {"INGEST_PLUGINS": str(folder)})
    assert plugins.broken == []
    assert plugins.sources["single"].distribution == str(folder / "single.py")


def test_single_files_are_never_loaded_in_lambda(folder: Path) -> None:
    environment = {"INGEST_PLUGINS": str(folder), "AWS_LAMBDA_FUNCTION_NAME": "ingest"}
    assert load_plugins([], environment).sources == {}


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise RuntimeError('made up')", "does not import: RuntimeError: made up"),
        ("import sys; sys.exit(3)", "exits (3)"),
        ("def broken(:", "SyntaxError"),
        ("import no_such_module_at_all", "no_such_module_at_all"),
    ],
)
def test_a_file_that_fails_costs_itself_alone(folder: Path, code: str, why: str) -> None:
    (folder / "aaa.py").write_text(code)
    plugins = load_plugins([], {"INGEST_PLUGINS": str(folder)})
    assert set(plugins.sources) == {"single"}
    assert why in plugins.broken[0].why
    assert plugins.broken[0].distribution == str(folder / "aaa.py")


def test_a_plugin_that_hangs_as_it_is_imported_is_left_behind(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    hanging = installed(tmp_path, "ingest_test_hanging", "import threading\nthreading.Event().wait()\n")
    plugins = load_plugins([hanging], {"INGEST_PLUGINS": str(folder)}, seconds=0.2)
    assert set(plugins.sources) == {"single"}
    assert "hangs" in plugins.broken[0].why
    assert plugins.broken[0].distribution == "ingest_test_hanging"


def test_what_a_plugin_prints_does_not_mix_with_data(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "single.yaml").write_text("source: single\nlake: lake\n")
    ended = subprocess.run(
        [sys.executable, "-m", "ingest_core", "preview", "./single.yaml"],
        cwd=tmp_path,
        env={**os.environ, "INGEST_PLUGINS": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == '{"id":1}\n'
    assert "a word from the plugin" in ended.stderr


def test_the_command_ends_although_a_plugin_hangs(folder: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from ingest_core.plugins import load_plugins, discovery;"
        f"print(sorted(load_plugins([], {{'INGEST_PLUGINS': {str(folder)!r}}}, seconds=0.2).sources))"
    )
    (folder / "zzz.py").write_text("import threading\nthreading.Event().wait()\n")
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.splitlines()[-1] == "['single']"


LEAKY = """
from ingest_core import Connection, Slice, Source, bearer, hookimpl

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"token": {"type": "string", "format": "secret", "default": "env:LEAKY_TOKEN"}},
}

def connect(settings):
    return Connection("https://127.0.0.1:1", bearer(settings["token"]), probe="/")

def plan(ctx):
    raise ValueError("the token is " + ctx.settings["token"].reveal())

def fetch(ctx, slice):
    return ()

@hookimpl
def ingest_sources():
    return [Source("leaky", "Leaky", SCHEMA, plan, fetch, connect=connect)]
"""


@pytest.mark.parametrize("verb", [["plan"], ["plan", "--json"], ["run"], ["run", "--json"], ["preview"]])
def test_a_secret_that_a_plugin_puts_into_an_exception_is_masked_in_every_verb(
    folder: Path, tmp_path: Path, verb: list[str]
) -> None:
    (folder / "leaky.py").write_text(LEAKY)
    (tmp_path / "leaky.yaml").write_text("source: leaky\nlake: lake\n")
    ended = subprocess.run(
        [sys.executable, "-m", "ingest_core", *verb, "./leaky.yaml"],
        cwd=tmp_path,
        env={**os.environ, "INGEST_PLUGINS": str(folder), "LEAKY_TOKEN": "s3cr3t-in-a-sentence"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "the token is ***" in ended.stdout + ended.stderr
    assert "s3cr3t" not in ended.stdout + ended.stderr
