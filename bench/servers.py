"""The two servers, each in a process of its own: TMDB's simulator and moto's S3."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import requests

BUCKET = "bench-lake"
STARTING_SECONDS = 30


@dataclass
class Api:
    """A running simulator. `served` is known once it has stopped."""

    url: str
    token: str
    served: int = 0

    def warm_up(self, ids: Sequence[int], append: str) -> None:
        """Asks for every id once: the simulator draws an answer when it is first asked for, and keeps it."""
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {self.token}"
            for id in ids:
                session.get(f"{self.url}/movie/{id}", params={"append_to_response": append}).raise_for_status()


@contextmanager
def simulator(**options: float) -> Iterator[Api]:
    """A simulator with these of its options."""
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "ingest_source_tmdb.simulator", "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        api = Api(_said(process.stdout, r"at (http\S+)"), _said(process.stdout, r"TMDB_TOKEN=(\S+)"))
        try:
            yield api
        finally:
            process.send_signal(signal.SIGINT)
            api.served = int(_said(process.stdout, r"Served (\d+)"))


def _said(stdout: IO[str], pattern: str) -> str:
    line = stdout.readline()
    found = re.search(pattern, line)
    if found is None:
        raise RuntimeError(f"the simulator said {line!r}, not {pattern}")
    return found[1]


class S3:
    """A running S3 server: moto's, or `quick_s3.py`."""

    def __init__(self, endpoint: str, reset: str = "moto-api/reset") -> None:
        self._reset = reset
        self.environment = {
            "AWS_ENDPOINT_URL_S3": endpoint,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        self._endpoint = endpoint
        self._client = _client(self.environment)

    def empty(self) -> None:
        """Nothing but one empty bucket."""
        requests.post(f"{self._endpoint}/{self._reset}", timeout=30).raise_for_status()
        self._client.create_bucket(Bucket=BUCKET)

    def objects(self) -> dict[str, tuple[str, int]]:
        """The MD5 (which is the ETag of a plain PUT) and the size of every object below Raw/, by key."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="Raw/")
        found = [entry for page in pages for entry in page.get("Contents", [])]
        return {entry["Key"]: (entry["ETag"].strip('"'), entry["Size"]) for entry in found}


def _client(environment: dict[str, str]) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )


@contextmanager
def s3() -> Iterator[S3]:
    """moto's S3 server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            await_port(port)
            yield S3(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


@contextmanager
def quick_s3(latency: float = 0.0) -> Iterator[S3]:
    """An S3 that costs a tenth of moto: what bounds a run is then the client."""
    command = [sys.executable, str(Path(__file__).parent / "quick_s3.py"), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield S3(_said(process.stdout, r"at (http\S+)"), reset="-/reset")
        finally:
            process.terminate()


def await_port(port: int) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
