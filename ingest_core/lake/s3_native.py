"""A lake in S3, through obstore: Rust's object_store, an eighth of boto3's CPU a PUT and a tenth of its start.

The same promises as `s3.py`: conditional writes, errors in our own words, under a minute for any one call.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, BinaryIO, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from ingest_core.aws import Aws
from ingest_core.clock import Clock
from ingest_core.errors import IngestError
from ingest_core.lake.bucket import BucketLake
from ingest_core.lake.options import S3Options
from ingest_core.lake.port import Entry, Stored, content_type
from ingest_core.lake.s3_answers import no_credentials, not_set_up, unreachable
from ingest_core.lake.s3_reading import BUFFER

CONNECT_SECONDS, REQUEST_SECONDS, RETRY_SECONDS = 5, 15, 30
RETRIES = 2
CHUNK = 1000
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>")


def open_native(bucket: str, prefix: str, options: S3Options, aws: Aws | None = None) -> NativeS3Lake:
    """The lake in a bucket. Makes no request, except where credentials are not in the environment: boto3 finds them."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    settings: dict[str, Any] = {}
    if endpoint:
        settings["endpoint"] = endpoint
    if options.region or _region():
        settings["region"] = options.region or _region()
    if options.kms_key:
        settings |= {"aws_server_side_encryption": "aws:kms", "aws_sse_kms_key_id": options.kms_key}
    store = S3Store(
        bucket,
        client_options={
            "allow_http": bool(endpoint and endpoint.startswith("http://")),
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "timeout": timedelta(seconds=REQUEST_SECONDS),
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        checksum_algorithm="sha256",
        credential_provider=_credentials(options, aws or Aws()),
        **settings,
    )
    return NativeS3Lake(store, bucket, prefix)


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""


def _credentials(options: S3Options, aws: Aws) -> Any:
    """The environment's keys, as in Lambda; all else is boto3's to find."""
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if options.profile or not key or not secret:
        return _boto3_credentials(options, aws)
    token = os.environ.get("AWS_SESSION_TOKEN") or None
    return lambda: {"access_key_id": key, "secret_access_key": secret, "token": token, "expires_at": None}


def _boto3_credentials(options: S3Options, aws: Aws) -> Any:
    from botocore.exceptions import BotoCoreError  # costs what this lake saves: only where the environment has no keys
    from obstore.auth.boto3 import Boto3CredentialProvider

    try:
        session = aws.session(options.profile, options.region)
        if session.get_credentials() is None:
            raise no_credentials("S3")
        return Boto3CredentialProvider(session)
    except BotoCoreError as error:
        raise not_set_up(error) from None


class NativeS3Lake(BucketLake):
    """Objects below `prefix` in one bucket, through obstore."""

    def __init__(self, store: S3Store, bucket: str, prefix: str = "", clock: Clock | None = None) -> None:
        super().__init__(bucket, prefix, clock)
        self._store = store

    def _attempt(self, key: str, body: bytes, metadata: Mapping[str, str], *, unless: str, match: str) -> bool | None:
        try:
            self._put(key, body, metadata, "create" if unless else {"e_tag": match})
        except (BaseError, OSError) as error:
            status, code = _told(error)
            if status == 409:
                return None
            if isinstance(error, AlreadyExistsError | PreconditionError) or code == "NoSuchKey":
                return False
            raise self._error("PutObject", key, error) from None
        return True

    def delete(self, key: str) -> None:
        try:
            obstore.delete(self._store, self._prefix + key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise self._error("DeleteObject", key, error) from None

    def put(self, key: str, body: bytes) -> None:
        try:
            self._put(key, body, {}, "overwrite")
        except (BaseError, OSError) as error:
            raise self._error("PutObject", key, error) from None

    def get(self, key: str) -> Stored | None:
        try:
            found = obstore.get(self._store, self._prefix + key)
            body = bytes(found.bytes())
        except FileNotFoundError as error:
            if _told(error)[1] == "NoSuchBucket":
                raise self._error("GetObject", key, error) from None
            return None
        except (BaseError, OSError) as error:
            raise self._error("GetObject", key, error) from None
        metadata = {name: value for name, value in found.attributes.items() if not name[:1].isupper()}
        return Stored(body, metadata, found.meta["e_tag"] or "")

    def stream(self, key: str) -> BinaryIO:
        """The object's body as a file is read: by bytes or by lines, buffered, nothing read ahead but a buffer."""
        try:
            body = iter(obstore.get(self._store, self._prefix + key).stream())
        except (BaseError, OSError) as error:
            raise self._error("GetObject", key, error) from None
        return cast(
            BinaryIO, io.BufferedReader(_Body(body, lambda error: self._error("GetObject", key, error)), BUFFER)
        )

    def entries(self, prefix: str) -> Iterator[Entry]:
        try:
            for page in obstore.list(self._store, self._prefix + prefix, chunk_size=CHUNK):
                for found in page:
                    yield Entry(found["path"].removeprefix(self._prefix), found["size"])
        except (BaseError, OSError) as error:
            raise self._error("ListObjectsV2", prefix, error) from None

    def folders(self, prefix: str) -> list[str]:
        top = self._prefix + prefix
        try:
            found = obstore.list_with_delimiter(self._store, top)
        except (BaseError, OSError) as error:
            raise self._error("ListObjectsV2", prefix, error) from None
        return sorted(folder.removeprefix(top).rstrip("/") for folder in found["common_prefixes"])

    def close(self) -> None:
        """The store closes its connections when it is let go."""

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str], mode: Any) -> None:
        attributes = {"Content-Type": content_type(key), **metadata}
        obstore.put(self._store, self._prefix + key, body, attributes=attributes, mode=mode, use_multipart=False)

    def _error(self, action: str, key: str, error: Exception) -> IngestError:
        status, code = _told(error)
        if status:
            return self._answered(action, key, status, code)
        return unreachable(action, self._where(key), type(error).__name__)


def _told(error: BaseException) -> tuple[int, str]:
    """Status and code of S3's answer, 0 and nothing where none came. obstore tells them in its text alone."""
    text = str(error)
    if "Received redirect" in text:  # S3's way to name another region, of which obstore keeps neither
        return 301, "PermanentRedirect"
    status, code = _STATUS.search(text), _CODE.search(text)
    return int(status[1]) if status else 0, code[1] if code else ""


class _Body(io.RawIOBase):
    """Chunks as Python's own raw file, their errors as ours."""

    def __init__(self, chunks: Iterator[Any], told: Callable[[Exception], IngestError]) -> None:
        self._chunks = chunks
        self._told = told
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            try:
                self._rest = memoryview(bytes(next(self._chunks)))
            except StopIteration:
                return 0
            except (BaseError, OSError) as error:
                raise self._told(error) from None
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
