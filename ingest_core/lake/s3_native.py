"""A lake in S3, through obstore: Rust's object_store, an eighth of boto3's CPU a PUT and a tenth of its start.

The same promises as `s3.py`: conditional writes, errors in our own words, under a minute for any one call.
"""

from __future__ import annotations

import io
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, BinaryIO, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from ingest_core.clock import Clock, SystemClock
from ingest_core.errors import IngestError, LakeError
from ingest_core.lake.options import S3Options
from ingest_core.lake.port import Entry, Stored, content_type
from ingest_core.lake.s3_answers import answered, no_credentials, unreachable

logger = logging.getLogger(__name__)

PROBES = ("_ingest/check", "Raw/check")  # a right may be given for one folder and not for the other
NO_VERSION = '"00000000000000000000000000000000"'
CONNECT_SECONDS, REQUEST_SECONDS, RETRY_SECONDS = 5, 15, 30
RETRIES = 2
CONFLICT_ATTEMPTS = 5
CONFLICT_PAUSE_SECONDS = 0.05
CONFLICT_SECONDS = 5.0
CHUNK = 1000
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>")


def open_native(bucket: str, prefix: str, options: S3Options) -> NativeS3Lake:
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
        credential_provider=_credentials(options),
        **settings,
    )
    return NativeS3Lake(store, bucket, prefix)


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""


def _credentials(options: S3Options) -> Any:
    """The environment's keys, as in Lambda; all else is boto3's to find."""
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if options.profile or not key or not secret:
        return _boto3_credentials(options)
    token = os.environ.get("AWS_SESSION_TOKEN") or None
    return lambda: {"access_key_id": key, "secret_access_key": secret, "token": token, "expires_at": None}


def _boto3_credentials(options: S3Options) -> Any:
    from boto3 import Session  # costs what this lake saves: only where the environment has no keys
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider

    from ingest_core.errors import CredentialsError

    try:
        session = Session(profile_name=options.profile)
        if session.get_credentials() is None:
            raise no_credentials("S3")
        return Boto3CredentialProvider(session)
    except BotoCoreError as error:
        raise CredentialsError(
            f"AWS is not set up: {error}", hint="aws configure, or correct AWS_PROFILE, AWS_REGION and the config's s3:"
        ) from None


class NativeS3Lake:
    """Objects below `prefix` in one bucket. `clock` measures how long a write that met a 409 may be sent again."""

    def __init__(self, store: S3Store, bucket: str, prefix: str = "", clock: Clock | None = None) -> None:
        self._store = store
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._clock = clock or SystemClock()
        self._bare_tags = False

    @property
    def uri(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """S3's `If-None-Match: *`: of racing creators one wins, the others get 412."""
        return self._put_on_condition(key, body, metadata, "create")

    def swap(self, key: str, body: bytes, seen: Stored | None, metadata: Mapping[str, str]) -> bool:
        if seen is None:
            return self.put_if_absent(key, body, metadata)
        if not self._bare_tags and self._put_on_condition(key, body, metadata, {"e_tag": seen.version}):
            return True
        return self._swap_by_bare_tag(key, body, seen, metadata)

    def _swap_by_bare_tag(self, key: str, body: bytes, seen: Stored, metadata: Mapping[str, str]) -> bool:
        """As in `s3.py`: some servers want an ETag back without its quotes."""
        bare = seen.version.strip('"')
        if not self._bare_tags:
            now = self.get(key) if bare != seen.version else None
            if now is None or now.version != seen.version:
                return False
        if not self._put_on_condition(key, body, metadata, {"e_tag": bare}):
            return False
        self._bare_tags = True
        return True

    def _put_on_condition(self, key: str, body: bytes, metadata: Mapping[str, str], mode: Any) -> bool:
        """False where the condition does not hold. A 409, another write under way, is tried again."""
        began, never = self._clock.monotonic(), threading.Event()
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            try:
                self._put(key, body, metadata, mode)
            except (BaseError, FileNotFoundError, OSError) as error:
                status, code = _told(error)
                if status == 409 and attempt < CONFLICT_ATTEMPTS:
                    logger.info("%s: 409, another write is under way; attempt %d", key, attempt + 1)
                    self._clock.pause(CONFLICT_PAUSE_SECONDS * attempt, never)
                    if self._clock.monotonic() - began < CONFLICT_SECONDS:
                        continue
                is_refused = isinstance(error, AlreadyExistsError | PreconditionError) and status != 409
                if is_refused or code == "NoSuchKey":
                    return False
                raise self._error("PutObject", key, error) from None
            else:
                return True
        raise AssertionError("the loop returns or raises")

    @property
    def holds(self) -> bool:
        return False

    def hold(self, key: str) -> Callable[[], None] | None:
        return lambda: None

    def tidy(self, prefix: str) -> None:
        """S3 never shows part of an object: there is nothing to remove."""

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
        return cast(BinaryIO, io.BufferedReader(_Body(body, lambda error: self._error("GetObject", key, error)), 65536))

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

    def settle(self) -> None:
        """Nothing to wait for: a PutObject that was answered is durable, and seen by whoever looks after it."""

    def close(self) -> None:
        """The store closes its connections when it is let go."""

    def check_writable(self) -> None:
        """As in `s3.py`: a write that must fail, and that finds out servers that ignore conditions."""
        if any(self._put_on_condition(key, b"", {}, {"e_tag": NO_VERSION}) for key in PROBES):
            raise LakeError(
                f"{self.uri}: this S3 server ignores conditional writes",
                hint="use one that honours If-Match and If-None-Match; without them records could be doubled",
            )

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str], mode: Any) -> None:
        attributes = {"Content-Type": content_type(key), **metadata}
        obstore.put(self._store, self._prefix + key, body, attributes=attributes, mode=mode, use_multipart=False)

    def _error(self, action: str, key: str, error: Exception) -> IngestError:
        status, code = _told(error)
        where = f"{self.uri}/{key}".rstrip("/")
        if status:
            return answered(action, where, self._bucket, status, code)
        logger.debug("%s %s: %s", action, where, type(error).__name__)
        return unreachable(action, where, type(error).__name__)


def _told(error: BaseException) -> tuple[int, str]:
    """Status and code of S3's answer, 0 and nothing where none came. obstore tells them in its text alone."""
    text = str(error)
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
