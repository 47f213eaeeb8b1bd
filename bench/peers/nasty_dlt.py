"""One list by dlt's own REST source into JSON lines in a folder, as its documentation shows; prints what it wrote."""

import gzip
import sys
from pathlib import Path

import dlt
from dlt.sources.rest_api import rest_api_source

source = rest_api_source(
    {
        "client": {"base_url": sys.argv[1], "paginator": "single_page"},
        "resources": [{"name": "movie", "endpoint": {"path": "movie/popular", "data_selector": "results"}}],
    }
)
pipeline = dlt.pipeline(
    "nasty",
    destination=dlt.destinations.filesystem(Path("lake").absolute().as_uri()),
    dataset_name="raw",
    pipelines_dir=str(Path("state").absolute()),
)
pipeline.run(source, loader_file_format="jsonl")
for path in sorted(Path("lake/raw").rglob("*.jsonl*")):
    if not path.parent.name.startswith("_dlt"):
        raw = path.read_bytes()
        text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        sys.stdout.write(f"{path.parent.name}: {text.decode().strip()}\n        ")
