"""The first five minutes: from an empty folder to the first record of a given API, by ours, dlt and a Singer tap.

    .venv/bin/python bench/first_record.py --rounds 3

For each tool: an environment made from nothing (pip, without its cache), the file that its documentation leads to, and
one run. The API is on loopback: `GET /v1/books?page=2`, a bearer token, rows under `books`, the next page's number
under `next`. A round is done when all three books have been read; timed is what a person waits for, not the writing.
"""

from __future__ import annotations

import argparse
import gzip
import http.server
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

HERE = Path(__file__).parent
ROOT = HERE.parent
TOKEN = "a-token-for-books"
PAGES = {1: {"books": [{"id": 1}, {"id": 2}], "next": 2}, 2: {"books": [{"id": 3}], "next": None}}
YAML = """source: rest
label: Shelf
lake: lake
settings:
  base_url: {base}/v1
  auth: {{bearer: env:SHELF_TOKEN}}
  streams:
    - name: book
      path: /books
      rows: books
      paging: {{cursor: {{param: page, at: next}}}}
"""
DLT = """import os

import dlt
from dlt.sources.rest_api import rest_api_source

source = rest_api_source(
    {{
        "client": {{
            "base_url": "{base}/v1",
            "auth": {{"type": "bearer", "token": os.environ["SHELF_TOKEN"]}},
            "paginator": {{"type": "cursor", "cursor_path": "next", "cursor_param": "page"}},
        }},
        "resources": [{{"name": "book", "endpoint": {{"path": "books", "data_selector": "books"}}}}],
    }}
)
pipeline = dlt.pipeline("shelf", destination=dlt.destinations.filesystem("lake"), dataset_name="shelf")
pipeline.run(source, loader_file_format="jsonl")
"""
TAP = """import os

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator


class Books(RESTStream):
    name = "book"
    url_base = "{base}/v1"
    path = "/books"
    records_jsonpath = "$.books[*]"
    next_page_token_jsonpath = "$.next"
    primary_keys = ("id",)
    schema = th.PropertiesList(th.Property("id", th.IntegerType), additional_properties=True).to_dict()

    @property
    def authenticator(self):
        return BearerTokenAuthenticator(token=os.environ["SHELF_TOKEN"])

    def get_url_params(self, context, next_page_token):
        return {{"page": next_page_token}} if next_page_token else {{}}


class TapShelf(Tap):
    name = "tap-shelf"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Books(self)]


TapShelf.cli()
"""


@dataclass(frozen=True)
class Way:
    """How a tool's documentation leads there: what pip installs, the one file to write, the command that runs it."""

    tool: str
    install: tuple[str, ...]
    file: str
    text: str
    run: tuple[str, ...]
    seen: Callable[[Path, str], int]


def _ours(folder: Path, said: str) -> int:
    return len(list((folder / "lake/Raw").rglob("*.json")))


def _dlt(folder: Path, said: str) -> int:
    return sum(
        len(gzip.decompress(path.read_bytes()).splitlines()) for path in (folder / "lake").rglob("book/*.jsonl.gz")
    )


def _tap(folder: Path, said: str) -> int:
    return sum('"RECORD"' in line for line in said.splitlines())


WAYS = (
    Way(
        "ingest-core",
        (str(ROOT), str(ROOT / "sources/rest")),
        "shelf.yaml",
        YAML,
        ("ingest", "run", "shelf.yaml"),
        _ours,
    ),
    Way("dlt", ("dlt[filesystem]==1.31.0",), "shelf.py", DLT, ("python", "shelf.py"), _dlt),
    Way("singer-sdk", ("singer-sdk==0.54.9",), "tap.py", TAP, ("python", "tap.py"), _tap),
)


class _Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}" and asked.path == "/v1/books"
        page = int(parse_qs(asked.query).get("page", ["1"])[0])
        body = json.dumps(PAGES[page] if allowed else {}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def _api() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _timed(command: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[float, str]:
    began = time.monotonic()
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}\n{ended.stderr[-2000:]}")
    return time.monotonic() - began, ended.stdout


def measure(way: Way, base: str) -> dict[str, float]:
    """One round: seconds of the environment and of the run, what is installed in MB and distributions, records seen."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        bin = folder / "venv/bin"
        kept = {
            "HOME": home,
            "PATH": f"{bin}:{os.environ['PATH']}",
            "SHELF_TOKEN": TOKEN,
            "DLT_DATA_DIR": f"{home}/dlt",
        }
        quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DO_NOT_TRACK": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        index = {
            name: value for name, value in os.environ.items() if name.startswith("PIP_") or "proxy" in name.lower()
        }
        environment = {**index, **kept, **quiet}
        made, _ = _timed([sys.executable, "-m", "venv", "venv"], folder, environment)
        pip = [str(bin / "pip"), "install", "--quiet", "--no-cache-dir", *way.install]
        installed, _ = _timed(pip, folder, environment)
        (folder / way.file).write_text(way.text.format(base=base))
        first, said = _timed([str(bin / way.run[0]), *way.run[1:]], folder, environment)
        packages = list((folder / "venv/lib").rglob("*.dist-info"))
        size = sum(path.stat().st_size for path in (folder / "venv/lib").rglob("*") if path.is_file())
        records = way.seen(folder, said)
        if records != 3:
            raise SystemExit(f"{way.tool} read {records} of 3 books\n{said[-1000:]}")
        return {"install": made + installed, "first": first, "MB": size / 1e6, "packages": len(packages) - 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with _api() as base:
        seen = {way.tool: [] for way in WAYS}  # type: dict[str, list[dict[str, float]]]
        for _ in range(rounds):
            for way in WAYS:
                seen[way.tool].append(measure(way, base))
                print(way.tool, seen[way.tool][-1], file=sys.stderr, flush=True)
    print(
        "| | commands | files | lines | s to install | s to run | distributions | MB |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|"
    )
    for way in WAYS:
        told = {name: statistics.median(one[name] for one in seen[way.tool]) for name in seen[way.tool][0]}
        lines = sum(bool(line.strip()) for line in way.text.splitlines())
        print(
            f"| {way.tool} | 3 | 1 | {lines} | {told['install']:.0f} | {told['first']:.1f} "
            f"| {told['packages']:.0f} | {told['MB']:.0f} |"
        )


if __name__ == "__main__":
    main()
