"""The servers, each in a process of its own: TMDB's simulator, moto's S3, and an S3 that costs next to nothing."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import requests

HERE = Path(__file__).parent
BUCKET = "bench-lake"
STARTING_SECONDS = 30


@dataclass(frozen=True)
class Asked:
    """One request as the API saw it: seconds since the API's start, path, the `page` asked for, status."""

    at: float
    path: str
    page: str | None
    status: int


@dataclass(frozen=True)
class Log:
    """What an API was asked. `each` stays empty where the server keeps no more than a count."""

    requests: int
    each: tuple[Asked, ...] = ()

    @property
    def refused(self) -> int:
        """How many were answered with 429."""
        return sum(one.status == 429 for one in self.each)

    @property
    def seconds(self) -> float:
        """From the first request to the last."""
        return self.each[-1].at - self.each[0].at if self.each else 0.0


@dataclass(frozen=True)
class Api:
    """A running API. `log` tells what it was asked since it was last called."""

    url: str
    token: str
    log: Callable[[], Log]


@contextmanager
def simulator(**options: float) -> Iterator[Api]:
    """A simulator with these of its options."""
    command = [sys.executable, str(HERE / "tmdb_server.py"), json.dumps(options)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def log() -> Log:
            stdin.write("\n")
            stdin.flush()
            each = tuple(Asked(*one) for one in json.loads(stdout.readline()))
            return Log(len(each), each)

        url, token = json.loads(stdout.readline())
        yield Api(url, token, log)


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
        self.client = _client(self.environment)

    def empty(self) -> None:
        """Nothing but one empty bucket."""
        requests.post(f"{self._endpoint}/{self._reset}", timeout=30).raise_for_status()
        self.client.create_bucket(Bucket=BUCKET)

    def requests(self) -> dict[str, int]:
        """How many requests came since it was emptied, by kind. `quick_s3.py` alone counts them."""
        counted: dict[str, int] = requests.get(f"{self._endpoint}/-/requests", timeout=30).json()
        return counted

    def objects(self) -> dict[str, tuple[str, int]]:
        """The MD5 (which is the ETag of a plain PUT) and the size of every object below Raw/, by key."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="Raw/")
        found = [entry for page in pages for entry in page.get("Contents", [])]
        return {entry["Key"]: (entry["ETag"].strip('"'), entry["Size"]) for entry in found}

    def get(self, key: str) -> bytes:
        """One object."""
        body: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body


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
    command = [sys.executable, str(HERE / "quick_s3.py"), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield S3(_address(process.stdout), reset="-/reset")
        finally:
            process.terminate()


def _address(stdout: IO[str]) -> str:
    line = stdout.readline()
    found = re.search(r"at (http\S+)", line)
    if found is None:
        raise RuntimeError(f"the S3 server said {line!r}, not its address")
    return found[1]


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
