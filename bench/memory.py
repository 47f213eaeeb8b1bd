"""How much memory a whole run takes, by the number of its records: python bench/memory.py [--counts 2000 20000 200000]

`ingest run tmdb` into S3, its ids from a CSV of as many rows, one object a record, with each engine. nginx answers for
the API, the same film of 1.9 KB for any id; `quick_s3.py` keeps what is landed, and is a process of its own. Each run
is one, too: its largest resident set is what the kernel says of it. With --tls both are behind nginx and TLS, their
certificate one of certifi's file.
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

from behind_tls import behind_tls
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
network: {network}
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
    parser.add_argument("--tls", action="store_true", help="both servers by TLS")
    asked = parser.parse_args()
    tls = " --tls" if asked.tls else ""
    lines = [
        "# Memory, by the number of records",
        "",
        f"`python bench/memory.py --counts {' '.join(map(str, asked.counts))} --layouts {' '.join(asked.layouts)}"
        f"{tls}`, "
        f"Python {platform.python_version()}, {os.cpu_count()} CPUs. One run each; ids from a CSV, 20 connections.",
        "",
        "| layout | engine | records | largest RSS, MB | CPU, ms a record | records a second | PUTs |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    with _api() as api, quick_s3() as store, _ways(api, store, is_tls=asked.tls) as ways:
        for layout in asked.layouts:
            for engine in asked.engines:
                run(ways, store, engine, layout, 100)  # fills caches (.pyc, pages)
                for count in asked.counts:
                    taken = run(ways, store, engine, layout, count)
                    cells = f"{taken.rss_mb:.1f} | {taken.cpu / count * 1000:.2f} | {count / taken.wall:,.0f}"
                    lines.append(f"| {layout} | {engine} | {count:,} | {cells} | {taken.puts:,} |")
                    print(lines[-1], file=sys.stderr, flush=True)
    text = "\n".join(lines) + "\n"
    (HERE / "results" / f"{dt.datetime.now(dt.UTC).date()}-memory{'-tls' if tls else ''}.md").write_text(text)
    sys.stdout.write(text)
    return 0


@contextmanager
def _api() -> Iterator[Api]:
    """nginx with one film, whatever is asked for."""
    film = Simulator(Options(movies=1)).answer("/movie/1")[1]
    with static_api({"1": film}, others="1") as api:
        yield api


@dataclass(frozen=True)
class Ways:
    """How the API and S3 are reached, and by which certificates; none where it is without TLS."""

    api: str
    s3: str
    bundle: Path | None = None


@contextmanager
def _ways(api: Api, store: S3, *, is_tls: bool) -> Iterator[Ways]:
    endpoint = store.environment["AWS_ENDPOINT_URL_S3"]
    if not is_tls:
        yield Ways(api.url, endpoint)
        return
    with behind_tls([api.url, endpoint]) as ((secure_api, secure_s3), bundle):
        yield Ways(secure_api, secure_s3, bundle)


def run(ways: Ways, store: S3, engine: str, layout: str, count: int) -> Taken:
    """One run of `count` records, and what it took. Stops the programme where it did not end well."""
    with tempfile.TemporaryDirectory(prefix="ingest-memory-") as home:
        store.empty()
        csv = Path(home, "ids.csv")
        with csv.open("w") as file:
            file.write("id,title\n")
            file.writelines(f"{number},A title of number {number}\n" for number in range(1, count + 1))
        config, network = Path(home, "tmdb.yaml"), "{}"
        environment = {**store.environment, "AWS_ENDPOINT_URL_S3": ways.s3}
        if ways.bundle is not None:
            network = f"{{ca_bundle: {ways.bundle}}}"
            environment["AWS_CA_BUNDLE"] = str(ways.bundle)
        config.write_text(CONFIG.format(bucket=BUCKET, url=ways.api, layout=layout, csv=csv, network=network))
        command = [sys.executable, "-m", "ingest_core", "run", str(config), "--engine", engine, "--json"]
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        ended = subprocess.run(
            [sys.executable, "-I", "-S", str(HERE / "measured.py"), str(Path(home, "cost.json")), *command],
            env={**kept, **environment, "TMDB_TOKEN": "none-is-asked-for", "LANG": "C.UTF-8"},
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
