"""A lake as anybody else reads it: the folder itself, or the bucket by boto3. Nothing here asks ingest_core."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.config import Config


class Shelf(Protocol):
    """Everything that lies there, temporary files among it."""

    @property
    def uri(self) -> str:
        """As a config names it."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What a run needs to reach it."""
        ...

    def files(self, prefix: str) -> dict[str, bytes]:
        """Key → body of all that begins with `prefix`."""
        ...

    def clear(self, prefix: str) -> None:
        """Removes all that begins with `prefix`."""
        ...

    def read(self, key: str) -> bytes | None:
        """None where nothing lies there."""
        ...


class Folder:
    """A lake on disk."""

    def __init__(self, root: Path) -> None:
        self.uri = str(root)
        self.environment: Mapping[str, str] = {}
        self._root = root

    def files(self, prefix: str) -> dict[str, bytes]:
        found = (path for path in (self._root / prefix).rglob("*") if path.is_file())
        return {path.relative_to(self._root).as_posix(): path.read_bytes() for path in found}

    def clear(self, prefix: str) -> None:
        shutil.rmtree(self._root / prefix)

    def read(self, key: str) -> bytes | None:
        try:
            return (self._root / key).read_bytes()
        except FileNotFoundError:
            return None


class Bucket:
    """A lake in S3, below a prefix of its own. `through` is the endpoint of the runs, where that is a proxy."""

    def __init__(self, endpoint: str, bucket: str, prefix: str, keys: tuple[str, str], through: str = "") -> None:
        self.uri = f"s3://{bucket}/{prefix}"
        self.environment = aws_environment(through or endpoint, keys)
        self._bucket = bucket
        self._prefix = f"{prefix}/"
        self._client = client(endpoint, keys)

    def files(self, prefix: str) -> dict[str, bytes]:
        bodies = ((key, self.read(key)) for key in self._keys(prefix))
        return {key: body for key, body in bodies if body is not None}

    def clear(self, prefix: str) -> None:
        for key in self._keys(prefix):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def _keys(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        return [entry["Key"].removeprefix(self._prefix) for page in pages for entry in page.get("Contents", [])]

    def read(self, key: str) -> bytes | None:
        try:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None
        return body

    def close(self) -> None:
        self._client.close()


def client(endpoint: str, keys: tuple[str, str]) -> Any:
    """A client of boto3 for that endpoint."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=Config(s3={"addressing_style": "path"}),
    )


def aws_environment(endpoint: str, keys: tuple[str, str]) -> dict[str, str]:
    """What the AWS libraries of a run read."""
    return {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": keys[0],
        "AWS_SECRET_ACCESS_KEY": keys[1],
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
