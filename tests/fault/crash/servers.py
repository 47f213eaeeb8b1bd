"""The servers of a series, each in a process of its own: the made-up API, and an S3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from crash.shelf import Bucket, client
from crash.starts import with_path

# Another S3 than moto's: {"endpoint": …, "bucket": …, "access_key": …, "secret_key": …}
S3_VARIABLE = "INGEST_TEST_S3"
MOTO = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
server.stop()
"""


@dataclass(frozen=True)
class Api:
    """The made-up API."""

    url: str

    def log(self, date: str) -> dict[str, Any]:
        """What it was asked and what it sent for that date."""
        with urllib.request.urlopen(f"{self.url}/log/{date}", timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
        return told


@dataclass(frozen=True)
class S3:
    """An S3 server with a bucket that may be written to."""

    endpoint: str
    bucket: str
    keys: tuple[str, str]

    def shelf(self, through: str = "") -> Bucket:
        """A new, empty lake in it."""
        return Bucket(self.endpoint, self.bucket, f"crash/{uuid.uuid4().hex}", self.keys, through)


@contextmanager
def api() -> Iterator[Api]:
    """The made-up API, while the block runs."""
    with _serving("-m", "crash.api") as url:
        yield Api(url)


@contextmanager
def s3() -> Iterator[S3]:
    """The server that INGEST_TEST_S3 names, else a new one of moto's."""
    named = os.environ.get(S3_VARIABLE)
    if named:
        told = json.loads(named)
        yield S3(told["endpoint"], told["bucket"], (told["access_key"], told["secret_key"]))
        return
    with _serving("-c", MOTO) as endpoint:
        made = S3(endpoint, "crash-lake", ("crash", "crash-secret"))
        setup = client(endpoint, made.keys)
        setup.create_bucket(Bucket=made.bucket)
        setup.close()
        yield made


@contextmanager
def _serving(*arguments: str) -> Iterator[str]:
    """A Python process that says its URL in one line and ends with its standard input."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        env=with_path(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:  # moto waits for clients that keep their connections
                process.kill()
