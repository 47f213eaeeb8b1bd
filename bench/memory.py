"""How much memory a whole run takes, by the number of its records: python bench/memory.py [--counts 2000 20000 200000]

`ingest run tmdb` into S3, its ids from a CSV of as many rows, one object a record, with each engine. nginx answers for
the API, the same film of 1.9 KB for any id; `quick_s3.py` keeps what is landed, and is a process of its own. Each run
is one, too: its largest resident set is what the kernel says of it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest_source_tmdb.simulator import Options, Simulator
from servers import BUCKET, S3, Api, quick_s3
from static_api import static_api

HERE = Path(__file__).resolve().parent
ENGINES, LAYOUTS = ("default", "fast"), ("record", "batch")
CONFIG = """\
source: tmdb
lake: s3://{bucket}
rate: 10000
connections: 20
layout: {layout}
settings:
  base_url: {url}
  token: env:TMDB_TOKEN
  select:
    - ids: {{csv: {csv}}}
      as: movie
"""


@dataclass(frozen=True)
class Taken:
    """What one run took: MB of memory at most, CPU and wall in seconds."""

    rss_mb: float
    cpu: float
    wall: float
    puts: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/memory.py", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[2_000, 20_000, 200_000], metavar="N")
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES)
    parser.add_argument("--layouts", nargs="+", default=["record"], choices=LAYOUTS)
    asked = parser.parse_args()
    lines = [
        "# Memory, by the number of records",
        "",
        f"`python bench/memory.py --counts {' '.join(map(str, asked.counts))} --layouts {' '.join(asked.layouts)}`, "
        f"Python {platform.python_version()}, {os.cpu_count()} CPUs. One run each; ids from a CSV, 20 connections.",
        "",
        "| layout | engine | records | largest RSS, MB | CPU, ms a record | records a second | PUTs |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    with _api() as api, quick_s3() as store:
        for layout in asked.layouts:
            for engine in asked.engines:
                run(api, store, engine, layout, 100)  # fills caches (.pyc, pages)
                for count in asked.counts:
                    taken = run(api, store, engine, layout, count)
                    cells = f"{taken.rss_mb:.1f} | {taken.cpu / count * 1000:.2f} | {count / taken.wall:,.0f}"
                    lines.append(f"| {layout} | {engine} | {count:,} | {cells} | {taken.puts:,} |")
                    print(lines[-1], file=sys.stderr, flush=True)
    text = "\n".join(lines) + "\n"
    (HERE / "results" / f"{dt.datetime.now(dt.UTC).date()}-memory.md").write_text(text)
    sys.stdout.write(text)
    return 0


@contextmanager
def _api() -> Iterator[Api]:
    """nginx with one film, whatever is asked for."""
    film = Simulator(Options(movies=1)).answer("/movie/1")[1]
    with static_api({"1": film}, others="1") as api:
        yield api


def run(api: Api, store: S3, engine: str, layout: str, count: int) -> Taken:
    """One run of `count` records, and what it took. Stops the programme where it did not end well."""
    with tempfile.TemporaryDirectory(prefix="ingest-memory-") as home:
        store.empty()
        csv = Path(home, "ids.csv")
        with csv.open("w") as file:
            file.write("id,title\n")
            file.writelines(f"{number},A title of number {number}\n" for number in range(1, count + 1))
        config = Path(home, "tmdb.yaml")
        config.write_text(CONFIG.format(bucket=BUCKET, url=api.url, layout=layout, csv=csv))
        command = [sys.executable, "-m", "ingest_core", "run", str(config), "--engine", engine, "--json"]
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        ended = subprocess.run(
            [sys.executable, "-I", "-S", str(HERE / "measured.py"), str(Path(home, "cost.json")), *command],
            env={**kept, **store.environment, "TMDB_TOKEN": api.token, "LANG": "C.UTF-8"},
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
        told = json.loads(ended.stdout) if ended.returncode == 0 else {}
        if told.get("counts", {}).get("records") != count:
            sys.exit(f"{engine}, {count}: exit {ended.returncode}\n{ended.stderr[-2000:]}{ended.stdout[-1000:]}")
        cost = json.loads(Path(home, "cost.json").read_text())
    return Taken(cost["rss_mb"], cost["user"] + cost["system"], cost["wall"], store.requests()["PUT"])


if __name__ == "__main__":
    sys.exit(main())
