"""Everything around the function: its package, TMDB's stand-in, an S3, and what lies in its bucket."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from deployed import HANDLER, DeployedFunction
from ingest_source_tmdb.simulator import Simulator
from runtimes import Runtime

DATE = "2026-11-23"
EVENT = {"source": "tmdb", "date": DATE}
CONFIG = """\
source: tmdb
lake: s3://{bucket}
settings:
  base_url: {base_url}
  token: env:TMDB_TOKEN
  select:
    - list: movie/popular
      pages: 1
"""


@dataclass(frozen=True)
class Deployment:
    """Everything around the function: what it may reach, and where it is put together."""

    folder: Path
    layer: Path
    runtime: Runtime
    endpoint: str
    simulator: Simulator
    bucket: str

    @property
    def task(self) -> Path:
        return self.folder / "task"

    def function(self, handler: str = HANDLER, environment: Mapping[str, str] | None = None) -> DeployedFunction:
        """A cold container; `environment` is what the function's variables say beside the usual."""
        variables = {
            "TMDB_TOKEN": self.simulator.options.token,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            **(environment or {}),
        }
        log = self.folder / f"log-{uuid.uuid4()}"
        return DeployedFunction(self.task, self.layer, self.runtime, log, variables, handler)

    def probed(self, source: str, environment: Mapping[str, str] | None = None) -> DeployedFunction:
        """A cold container whose handler is `handler` of that Python text."""
        self.task.joinpath("probe.py").write_text(source, encoding="utf-8")
        return self.function("probe.handler", environment)

    def objects(self) -> dict[str, bytes]:
        """All that lies in the bucket."""
        client = s3(self.endpoint)
        keys = [found["Key"] for found in client.list_objects_v2(Bucket=self.bucket).get("Contents", [])]
        return {key: client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def expected(self) -> dict[str, bytes]:
        """The records that must lie there, by the simulator's own account."""
        _, page = self.simulator.answer("/movie/popular", {"page": "1"})
        ids = [row["id"] for row in json.loads(page)["results"]]
        return {f"Raw/TMDB/JSON/2026/11/23/movie-{id}.json": self.simulator.answer(f"/movie/{id}")[1] for id in ids}


@contextmanager
def deployment_of(config: str, folder: Path, layer: Path, runtime: Runtime, endpoint: str) -> Iterator[Deployment]:
    """One with a bucket and a simulator of its own; `config` may name {bucket} and {base_url}."""
    bucket = f"lake-{uuid.uuid4()}"
    s3(endpoint).create_bucket(Bucket=bucket)
    with Simulator() as simulator:
        made = Deployment(folder, layer, runtime, endpoint, simulator, bucket)
        path = made.task / "config" / "tmdb.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(config.format(bucket=bucket, base_url=simulator.base_url), encoding="utf-8")
        yield made


def s3(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )
