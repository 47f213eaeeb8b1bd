"""A plugin that somebody else packaged: installed with pip, found, run."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "somebodys-things"
version = "3.2.1"
dependencies = ["ingest-core"]

[project.entry-points.ingest_core]
things = "somebodys_things"

[tool.hatch.build.targets.wheel]
only-include = ["somebodys_things.py"]
"""
MODULE = """
from ingest_core import Connection, Record, Slice, Source, hookimpl

SCHEMA = {"type": "object", "additionalProperties": False, "properties": {
    "pages": {"type": "integer", "default": 3}, "base_url": {"type": "string"}}}

def connect(settings):
    return Connection(settings["base_url"])

def plan(ctx):
    for page in range(1, ctx.settings["pages"] + 1):
        yield Slice(f"things-{page}", {"page": page})

def fetch(ctx, slice):
    answer = ctx.api.get("/things", page=slice.params["page"])
    for row in answer.rows("items"):
        yield Record("thing", row.field("id"), row.body, answer)

@hookimpl
def ingest_sources():
    return [Source("things", "Things", SCHEMA, plan, fetch, connect=connect)]
"""
PAGES = {
    "/v1/things?page=1": b'{"items": [{"id":"a-1",  "n": 1.50},{"id": 2, "name": "caf\\u00e9 \xc3\xa9"}]}',
    "/v1/things?page=2": b'{"items": [\n {"id": 3,\n  "big": 12345678901234567890123}\n]}',
    "/v1/things?page=3": b'{"items": []}',
}
RAW = "Raw/Things/JSON/2026/11/23"


class Things(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def api() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Things) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("somebodys-things")
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "somebodys_things.py").write_text(MODULE)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    told = subprocess.run(
        [*command, "--target", str(project / "site"), str(project)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return project / "site"


def ingest(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "ingest_core", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_plugin_of_somebody_else_is_found_and_lands_what_its_api_says(site: Path, api: str, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/things.yaml").write_text(f"source: things\nlake: s3://nowhere\nsettings: {{base_url: {api}}}\n")
    ended = ingest(site, tmp_path, "run", "things", "--dry-run", "--date", "2026-11-23")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lake = tmp_path / "dry-run"
    found = {path.relative_to(lake).as_posix(): path.read_bytes() for path in lake.glob("Raw/**/*") if path.is_file()}
    assert found == {
        f"{RAW}/a-1.json": b'{"id":"a-1",  "n": 1.50}',
        f"{RAW}/2.json": b'{"id": 2, "name": "caf\\u00e9 \xc3\xa9"}',
        f"{RAW}/3.json": b'{"id": 3,\n  "big": 12345678901234567890123}',
    }


def test_a_plugin_of_somebody_else_is_listed_with_where_it_came_from(site: Path, tmp_path: Path) -> None:
    ended = ingest(site, tmp_path, "list")
    assert ended.returncode == 0, ended.stderr
    line = next(line for line in ended.stdout.splitlines() if line.startswith("things"))
    assert line.split() == ["things", "Things", "3.2.1", "somebodys-things"]
