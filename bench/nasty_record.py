"""What becomes of a nasty record on its way: through `rest` and `tmdb`, through dlt and through a Singer tap.

    .venv/bin/python bench/nasty_record.py --dlt DLT_PYTHON --singer SINGER_PYTHON

A server on loopback gives one list of records at a time; each tool reads it with its own means, as its documentation
says, and what it wrote is compared with what was sent. The peers run in environments of their own.
"""

from __future__ import annotations

import argparse
import http.server
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest_core.assembly import Wish, Workspace

HERE = Path(__file__).parent
DATE = "2026-11-23"
OTHER_MESSAGES = ('{"type":"SCHEMA"', '{"type":"STATE"')
RECORDS: Mapping[str, bytes] = {
    "a decimal": b'{"id": 1, "price": 1.50}',
    "an integer past 64 bits": b'{"id": 1, "big": 12345678901234567890123}',
    "a decimal past a double": b'{"id": 1, "exact": 0.1000000000000000055511151231257827}',
    "a number past a double": b'{"id": 1, "huge": 1e400}',
    "nulls and empty values": b'{"id": 1, "gone": null, "empty": {}, "none": []}',
    "odd keys": b'{"id": 1, "Some Key": 1, "some_key": 2, "$ref": 3, "": 4}',
    "a key twice": b'{"id": 1, "twice": 1, "twice": 2}',
    "escapes": rb'{"id": 1, "text": "caf\u00e9 \ud83d\ude00 \/"}',
    "lists in a mapping": b'{"id": 1, "deep": {"list": [{"a": 1}, {"a": [1, 2]}]}}',
    "text that looks like a time": b'{"id": 1, "at": "2026-11-23T10:00:00.000Z"}',
}


class _Pages(http.server.BaseHTTPRequestHandler):
    record = b""

    def do_GET(self) -> None:
        body = b'{"page": 1, "results": [' + self.record + b'], "total_pages": 1, "total_results": 1}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def _serving(record: bytes) -> Iterator[str]:
    pages = type("Pages", (_Pages,), {"record": record})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _ours(source: str, base_url: str, folder: Path) -> str:
    """The bytes of the one record that a run of the config landed."""
    stream = {"name": "movie", "path": "/movie/popular", "rows": "results"}
    settings: dict[str, dict[str, Any]] = {
        "rest": {"base_url": base_url, "streams": [stream]},
        "tmdb": {"base_url": base_url, "detail": False, "select": [{"list": "movie/popular", "pages": 1}]},
    }
    document = {"source": source, "lake": str(folder / "lake"), "settings": settings[source]}
    if source == "rest":
        document["label"] = "Rest"
    path = folder / f"{source}.yaml"
    path.write_text(repr(document).replace("False", "false"))
    Workspace({"TMDB_TOKEN": "a-token"}).run(str(path), Wish(date=DATE))
    return "\n".join(found.read_text() for found in (folder / "lake/Raw").rglob("*.json"))


def _peer(python: str, script: str, base_url: str, folder: Path) -> str:
    """What a peer wrote, or how it failed: the last line of its error."""
    environment = {**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false", "DO_NOT_TRACK": "1"}
    command = [str(Path(python).absolute()), str(HERE / "peers" / script), base_url]
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    if ended.returncode == 0:
        # Of a tap's messages the records; SCHEMA and STATE go with each of them.
        return "\n".join(line for line in ended.stdout.strip().splitlines() if not line.startswith(OTHER_MESSAGES))
    last = [line for line in ended.stderr.splitlines() if line.strip()]
    return f"fails: {last[-1].strip() if last else ended.returncode}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dlt", metavar="PYTHON", help="of an environment with dlt[filesystem]")
    parser.add_argument("--singer", metavar="PYTHON", help="of an environment with singer-sdk")
    given = parser.parse_args()
    for name, record in RECORDS.items():
        print(f"\n## {name}\nsent    {record.decode()}")
        with _serving(record) as base_url:
            for source in ("rest", "tmdb"):
                with tempfile.TemporaryDirectory() as folder:
                    landed = _ours(source, base_url, Path(folder))
                    print(f"{source:<7} {'the same bytes' if landed.encode() == record else landed}")
            for tool, python in (("dlt", given.dlt), ("singer", given.singer)):
                if python:
                    with tempfile.TemporaryDirectory() as folder:
                        print(f"{tool:<7} {_peer(python, f'nasty_{tool}.py', base_url, Path(folder))}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
