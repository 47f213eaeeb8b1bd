"""A lake in S3, through boto3."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from ingest_core.aws import Aws
from ingest_core.clock import Clock
from ingest_core.errors import IngestError
from ingest_core.lake.bucket import BucketLake
from ingest_core.lake.options import S3Options
from ingest_core.lake.port import Entry, Stored, content_type
from ingest_core.lake.s3_answers import not_set_up
from ingest_core.lake.s3_errors import as_ours, code_of, status_of
from ingest_core.lake.s3_reading import age_of, as_file

logger = logging.getLogger(__name__)

READ_ATTEMPTS = 3
ABSENT = {"NoSuchKey", "404", "NotFound"}


def client_of(aws: Aws, options: S3Options, connections: int) -> Any:
    """A boto3 S3 client of a session of `aws`, with its retries and timeouts set, not left to the default of the day.

    boto3 itself honours AWS_ENDPOINT_URL_S3. Raises CredentialsError where AWS's own configuration is wrong.
    """
    config = BotoConfig(
        # Together under a minute: a claim counts on no write being on its way for longer (state/claim.py).
        retries={"mode": "standard", "total_max_attempts": 3},
        connect_timeout=5,
        read_timeout=10,
        max_pool_connections=connections,
        s3={"addressing_style": "auto"},
    )
    try:
        session = aws.session(options.profile, options.region)
        return session.client("s3", config=config, region_name=session.region_name or "us-east-1")
    except (BotoCoreError, ValueError) as error:
        raise not_set_up(error) from None


class S3Lake(BucketLake):
    """Objects below `prefix` in one bucket, through boto3's `client`."""

    def __init__(
        self,
        client: Any,
        bucket: str,
        prefix: str = "",
        options: S3Options | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(bucket, prefix, clock)
        options = options or S3Options()
        self.client = client
        self._common = {"ExpectedBucketOwner": options.bucket_owner} if options.bucket_owner else {}
        self._sealed = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": options.kms_key} if options.kms_key else {}
        ) | self._common

    def close(self) -> None:
        """Closes the connections."""
        self.client.close()

    def delete(self, key: str) -> None:
        try:
            self.client.delete_object(Bucket=self._bucket, Key=self._prefix + key, **self._common)
        except (ClientError, BotoCoreError) as error:
            raise self._error("DeleteObject", key, error) from error

    def _attempt(self, key: str, body: bytes, metadata: Mapping[str, str], *, unless: str, match: str) -> bool | None:
        condition = {"IfNoneMatch": unless} if unless else {"IfMatch": match}
        try:
            self._put(key, body, Metadata=dict(metadata), **condition)
        except ClientError as error:
            if status_of(error) == 412 or code_of(error) == "NoSuchKey":
                return False
            if status_of(error) == 409:
                return None
            raise self._error("PutObject", key, error) from error
        except BotoCoreError as error:
            raise self._error("PutObject", key, error) from error
        return True

    def put(self, key: str, body: bytes) -> None:
        try:
            self._put(key, body)
        except (ClientError, BotoCoreError) as error:
            raise self._error("PutObject", key, error) from error

    def get(self, key: str) -> Stored | None:
        for attempt in range(1, READ_ATTEMPTS + 1):
            try:
                answer = self.client.get_object(Bucket=self._bucket, Key=self._prefix + key, **self._common)
                return Stored(answer["Body"].read(), answer.get("Metadata", {}), answer["ETag"], _age(answer))
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise self._error("GetObject", key, error) from error
            except (BotoCoreError, HTTPError) as error:
                # botocore retries the request, but not a body that breaks off.
                if attempt == READ_ATTEMPTS:
                    raise self._error("GetObject", key, error) from error
        raise AssertionError("the loop returns or raises")

    def stream(self, key: str) -> BinaryIO:
        """The object's body as a file is read: by bytes or by lines, buffered, nothing read ahead but a buffer."""
        try:
            body = self.client.get_object(Bucket=self._bucket, Key=self._prefix + key, **self._common)["Body"]
        except (ClientError, BotoCoreError) as error:
            raise self._error("GetObject", key, error) from error
        return as_file(body, (BotoCoreError, HTTPError), lambda error: self._error("GetObject", key, error))

    def entries(self, prefix: str, after: str | None = None) -> Iterator[Entry]:
        """As every lake's; from the first key `after` another one."""
        start = {} if after is None else {"StartAfter": self._prefix + after}
        for page in self._pages(prefix, Prefix=self._prefix + prefix, **start):
            for found in page.get("Contents", []):
                yield Entry(found["Key"].removeprefix(self._prefix), found["Size"])

    def folders(self, prefix: str) -> list[str]:
        top = self._prefix + prefix
        pages = self._pages(prefix, Prefix=top, Delimiter="/")
        return sorted(
            found["Prefix"].removeprefix(top).rstrip("/") for page in pages for found in page.get("CommonPrefixes", [])
        )

    def _put(self, key: str, body: bytes, **more: Any) -> None:
        # A bytearray instead of bytes: botocore then sends no `Expect: 100-continue`, which costs a round trip a PUT.
        self.client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + key,
            Body=bytearray(body),
            ContentType=content_type(key),
            **more,
            **self._sealed,
        )

    def _pages(self, prefix: str, **arguments: Any) -> Iterator[Any]:
        try:
            paginator = self.client.get_paginator("list_objects_v2")
            yield from paginator.paginate(Bucket=self._bucket, **arguments, **self._common)
        except (ClientError, BotoCoreError) as error:
            raise self._error("ListObjectsV2", prefix, error) from error

    def _error(self, action: str, key: str, error: Exception) -> IngestError:
        return as_ours(action, self._where(key), self._bucket, error)


def _age(answer: Mapping[str, Any]) -> float | None:
    return age_of(answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date"), answer.get("LastModified"))
