"""A lake in S3, through boto3."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, cast

from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from ingest_core.aws import Aws
from ingest_core.clock import Clock, SystemClock
from ingest_core.errors import CredentialsError, IngestError, LakeError
from ingest_core.lake.options import S3Options
from ingest_core.lake.port import Entry, Stored, content_type
from ingest_core.lake.s3_direct import DirectPut
from ingest_core.lake.s3_errors import as_ours, code_of, status_of

logger = logging.getLogger(__name__)

PROBES = ("_ingest/check", "Raw/check")  # a right may be given for one folder and not for the other
CONFLICT_ATTEMPTS = 5
CONFLICT_PAUSE_SECONDS = 0.05
CONFLICT_SECONDS = 5.0  # all attempts together: a claim counts on no write being on its way for long
READ_ATTEMPTS = 3
HEADERS = {"IfNoneMatch": "If-None-Match", "IfMatch": "If-Match"}
ABSENT = {"NoSuchKey", "404", "NotFound"}


def open_bucket(bucket: str, prefix: str, options: S3Options, connections: int, aws: Aws | None = None) -> S3Lake:
    """The lake in a bucket, `connections` at once. Makes no request."""
    aws = aws or Aws()
    session = aws.core(options.profile, options.region)
    client = _client(aws, options, connections)
    headers = {
        "x-amz-server-side-encryption": "aws:kms" if options.kms_key else "",
        "x-amz-server-side-encryption-aws-kms-key-id": options.kms_key or "",
        "x-amz-expected-bucket-owner": options.bucket_owner or "",
    }
    direct = DirectPut(session, client, bucket, {name: value for name, value in headers.items() if value})
    return S3Lake(client, bucket, prefix, options, direct=direct)


def new_client(options: S3Options, connections: int) -> Any:
    """A boto3 S3 client with its retries and timeouts set, not left to the default of the day.

    boto3 itself honours AWS_ENDPOINT_URL_S3.
    """
    return _client(Aws(), options, connections)


def _client(aws: Aws, options: S3Options, connections: int) -> Any:
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
        raise CredentialsError(
            f"AWS is not set up: {error}", hint="aws configure, or correct AWS_PROFILE, AWS_REGION and the config's s3:"
        ) from None


class S3Lake:
    """Objects below `prefix` in one bucket. `clock` measures how long a write that met a 409 may be sent again."""

    def __init__(
        self,
        client: Any,
        bucket: str,
        prefix: str = "",
        options: S3Options | None = None,
        clock: Clock | None = None,
        direct: DirectPut | None = None,
    ) -> None:
        options = options or S3Options()
        self._client = client
        self._clock = clock or SystemClock()
        self._direct = direct
        self._bucket = bucket
        self._bare_tags = False
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._common = {"ExpectedBucketOwner": options.bucket_owner} if options.bucket_owner else {}
        self._sealed = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": options.kms_key} if options.kms_key else {}
        ) | self._common

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()
        if self._direct is not None:
            self._direct.close()

    @property
    def uri(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """S3's `If-None-Match: *`: of racing creators one wins, the others get 412."""
        return self._put_on_condition(key, body, metadata, IfNoneMatch="*")

    def swap(self, key: str, body: bytes, seen: Stored | None, metadata: Mapping[str, str]) -> bool:
        if seen is None:
            return self.put_if_absent(key, body, metadata)
        if not self._bare_tags and self._put_on_condition(key, body, metadata, IfMatch=seen.version):
            return True
        return self._swap_by_bare_tag(key, body, seen, metadata)

    def _swap_by_bare_tag(self, key: str, body: bytes, seen: Stored, metadata: Mapping[str, str]) -> bool:
        """Some servers (Ceph's RGW is one) give an ETag in quotes, as RFC 9110 has it, and want it back without them.

        They are told from the others by a refusal while the key still has the very version that was asked for.
        """
        bare = seen.version.strip('"')
        if not self._bare_tags:
            now = self.get(key) if bare != seen.version else None
            if now is None or now.version != seen.version:
                return False
        if not self._put_on_condition(key, body, metadata, IfMatch=bare):
            return False
        self._bare_tags = True
        return True

    @property
    def holds(self) -> bool:
        return False

    def hold(self, key: str) -> Callable[[], None] | None:
        return lambda: None

    def tidy(self, prefix: str) -> None:
        """S3 never shows part of an object: there is nothing to remove."""

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key, **self._common)
        except (ClientError, BotoCoreError) as error:
            raise self._error("DeleteObject", key, error) from error

    def _put_on_condition(self, key: str, body: bytes, metadata: Mapping[str, str], **condition: str) -> bool:
        """False where the condition does not hold: 412, or 404 for a version of a key that is gone.

        A 409 says that another conditional write is under way; botocore never retries it, so it is done here.
        """
        if self._direct is not None:
            headers = {HEADERS[name]: value for name, value in condition.items()}
            written = self._direct.put(self._prefix + key, body, metadata, headers)
            if written is not None:
                return written
        began, never = self._clock.monotonic(), threading.Event()
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            try:
                self._put(key, body, Metadata=dict(metadata), **condition)
            except ClientError as error:
                if status_of(error) == 412 or code_of(error) == "NoSuchKey":
                    return False
                if status_of(error) == 409 and attempt < CONFLICT_ATTEMPTS:
                    logger.info("%s: 409, another write is under way; attempt %d", key, attempt + 1)
                    self._clock.pause(CONFLICT_PAUSE_SECONDS * attempt, never)
                    # After the pause: a machine that stood still in it has no claim to write under any more.
                    if self._clock.monotonic() - began < CONFLICT_SECONDS:
                        continue
                raise self._error("PutObject", key, error) from error
            except BotoCoreError as error:
                raise self._error("PutObject", key, error) from error
            else:
                return True
        raise AssertionError("the loop returns or raises")

    def put(self, key: str, body: bytes) -> None:
        try:
            self._put(key, body)
        except (ClientError, BotoCoreError) as error:
            raise self._error("PutObject", key, error) from error

    def get(self, key: str) -> Stored | None:
        for attempt in range(1, READ_ATTEMPTS + 1):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key, **self._common)
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
            body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key, **self._common)["Body"]
        except (ClientError, BotoCoreError) as error:
            raise self._error("GetObject", key, error) from error
        return cast(BinaryIO, io.BufferedReader(_Body(body, lambda error: self._error("GetObject", key, error)), 65536))

    def entries(self, prefix: str) -> Iterator[Entry]:
        for page in self._pages(prefix, Prefix=self._prefix + prefix):
            for found in page.get("Contents", []):
                yield Entry(found["Key"].removeprefix(self._prefix), found["Size"])

    def folders(self, prefix: str) -> list[str]:
        top = self._prefix + prefix
        pages = self._pages(prefix, Prefix=top, Delimiter="/")
        return sorted(
            found["Prefix"].removeprefix(top).rstrip("/") for page in pages for found in page.get("CommonPrefixes", [])
        )

    def settle(self) -> None:
        """Nothing to wait for: a PutObject that was answered is durable, and seen by whoever looks after it."""

    def check_writable(self) -> None:
        """A write that must fail: `If-Match` with an ETag that nothing has. 404 or 412 says that a real one would do.

        It leaves nothing behind, and it finds out servers that ignore conditional writes.
        """
        for key in PROBES:
            if self._put_on_condition(key, b"", {}, IfMatch='"00000000000000000000000000000000"'):
                raise LakeError(
                    f"{self.uri}: this S3 server ignores conditional writes",
                    hint="use one that honours If-Match and If-None-Match; without them records could be doubled",
                )

    def _put(self, key: str, body: bytes, **more: Any) -> None:
        # A bytearray instead of bytes: botocore then sends no `Expect: 100-continue`, which costs a round trip a PUT.
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + key,
            Body=bytearray(body),
            ContentType=content_type(key),
            **more,
            **self._sealed,
        )

    def _pages(self, prefix: str, **arguments: Any) -> Iterator[Any]:
        try:
            paginator = self._client.get_paginator("list_objects_v2")
            yield from paginator.paginate(Bucket=self._bucket, **arguments, **self._common)
        except (ClientError, BotoCoreError) as error:
            raise self._error("ListObjectsV2", prefix, error) from error

    def _error(self, action: str, key: str, error: Exception) -> IngestError:
        return as_ours(action, f"{self.uri}/{key}".rstrip("/"), self._bucket, error)


def _age(answer: Mapping[str, Any]) -> float | None:
    """Seconds since the object was written, by S3's own clock at both ends: this machine's may be wrong."""
    said = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    written = answer.get("LastModified")
    if said is None or written is None:
        return None
    try:
        return max(0.0, float((parsedate_to_datetime(said) - written).total_seconds()))
    except (TypeError, ValueError):
        return None


class _Body(io.RawIOBase):
    """botocore's streaming body as Python's own raw file, its errors as ours."""

    def __init__(self, body: Any, told: Callable[[Exception], IngestError]) -> None:
        self._body = body
        self._told = told

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._body.read(len(buffer))
        except (BotoCoreError, HTTPError) as error:
            raise self._told(error) from error
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._body.close()
        super().close()
