"""Things by id through dlt's own HTTP helper, which retries, into JSON lines in a folder; prints the ids it loaded."""

import gzip
import json
import sys
from pathlib import Path

import dlt
from dlt.sources.helpers import requests


@dlt.resource(name="thing", max_table_nesting=0)
def things():
    for id in range(1, int(sys.argv[2])):
        yield requests.get(f"{sys.argv[1]}/thing/{id}").json()


pipeline = dlt.pipeline(
    "hostile",
    destination=dlt.destinations.filesystem(Path("lake").absolute().as_uri()),
    dataset_name="raw",
    pipelines_dir=str(Path("state").absolute()),
)
try:
    pipeline.run(things(), loader_file_format="jsonl")
finally:
    for path in sorted(Path("lake/raw/thing").rglob("*.jsonl*")):
        raw = path.read_bytes()
        for line in (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).splitlines():
            sys.stdout.write(f"{json.loads(line)['id']}\n")
