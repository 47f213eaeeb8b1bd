"""From a URI to a lake, or to one file."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from ingest_core.aws import Aws
from ingest_core.codes import Code
from ingest_core.engine import Engine
from ingest_core.errors import LakeError, UsageError
from ingest_core.lake.disk import DiskLake
from ingest_core.lake.options import S3Options
from ingest_core.lake.port import Lake

if TYPE_CHECKING:
    from ingest_core.lake.s3_direct import DirectS3Lake

S3_SCHEME = "s3://"
LAKE_THREADS = 16
MOST_LAKE_THREADS = 128
CONNECTIONS = MOST_LAKE_THREADS + 2  # the threads of a run's lake, its own, and the timer that renews its claim
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:/")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def lake_threads(connections: int) -> int:
    """How many put while `connections` ask: enough to keep up where a put takes no more than half as long as an answer.

    Tried with 64 connections, 50 ms for an answer and 15 for a put: 16 threads hold the run up, and what waits for
    them is in memory.
    """
    return min(max(LAKE_THREADS, connections // 2), MOST_LAKE_THREADS)


def open_lake(uri: str, options: S3Options, engine: Engine = Engine.AUTO, aws: Aws | None = None) -> Lake:
    """The lake that `uri` names: `s3://bucket[/prefix]` or a folder; boto3 shares `aws`. Makes no request.

    Raises UsageError where the URI is neither, or the engine cannot be had.
    """
    wrong = mistake_in(uri)
    if wrong is not None:
        raise UsageError(wrong, Code.CONFIG_LAKE)
    if not uri.startswith(S3_SCHEME):
        return DiskLake(Path(uri).expanduser())
    bucket, prefix = _split(uri)
    from ingest_core.lake.s3_direct import open_bucket

    return open_bucket(bucket, prefix, options, CONNECTIONS, aws, is_fast=engine.is_fast())


def open_file(uri: str, options: S3Options, engine: Engine = Engine.AUTO) -> BinaryIO:
    """One file as a binary stream: `s3://bucket/key`, or a path. Nothing is read ahead of the caller.

    Raises LakeError where it cannot be read.
    """
    if not uri.startswith(S3_SCHEME):
        try:
            return Path(uri).expanduser().open("rb")
        except OSError as error:
            raise LakeError(f"{uri}: {error.strerror or error}", Code.LAKE_DISK, hint="check the path") from error
    bucket, key = _split(uri)
    return _opened(bucket, options, engine.is_fast()).stream(key)


@cache
def _opened(bucket: str, options: S3Options, is_fast: bool) -> DirectS3Lake:
    """One lake for all files of a bucket that a process opens."""
    from ingest_core.lake.s3_direct import open_bucket

    return open_bucket(bucket, "", options, CONNECTIONS, is_fast=is_fast)


def mistake_in(uri: str) -> str | None:
    """What is wrong with a lake's URI, None where nothing is; makes no request."""
    try:
        if uri.startswith(S3_SCHEME):
            _split(uri)
        elif _SCHEME.match(uri):
            raise UsageError(f"lake {uri!r}: give s3://bucket/prefix, or a folder", Code.CONFIG_LAKE)
        else:
            Path(uri).expanduser()
    except (UsageError, RuntimeError, ValueError) as error:
        return error.what if isinstance(error, UsageError) else f"{uri!r}: {error}"
    return None


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    if not _BUCKET.fullmatch(parts.netloc) or parts.query or parts.fragment:
        raise UsageError(f"{uri!r}: give s3://bucket/prefix with a real bucket name", Code.CONFIG_LAKE)
    return parts.netloc, parts.path.strip("/")
