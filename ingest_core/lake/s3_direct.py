"""A lake in S3 whose requests have one direct go each, and are boto3's where that does not settle them.

A client of boto3 spends most of its CPU on models, events and endpoint rules that say the same for each record, and a
seventh of a second on being made. What is neither plainly done nor plainly refused is left to it; it then does as it
always does: attempts, redirects, skewed clocks, errors in its own words.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO

from ingest_core.aws import Aws
from ingest_core.lake.bucket import BucketLake
from ingest_core.lake.options import S3Options
from ingest_core.lake.port import Entry, Stored, content_type
from ingest_core.lake.s3_answers import unreachable
from ingest_core.lake.s3_carrier import Answered, Carrier, NoAnswerError
from ingest_core.lake.s3_exchange import Exchange
from ingest_core.lake.s3_listing import Page, page_of
from ingest_core.lake.s3_reading import age_of, as_file
from ingest_core.lake.s3_way import NoWayError, Way, way_by_boto3, way_by_environment

if TYPE_CHECKING:
    from ingest_core.lake.s3 import S3Lake

logger = logging.getLogger(__name__)

METADATA = "x-amz-meta-"


def open_bucket(
    bucket: str,
    prefix: str,
    options: S3Options,
    connections: int,
    aws: Aws | None = None,
    *,
    is_fast: bool = False,
) -> DirectS3Lake:
    """The lake in a bucket, `connections` at once, by libcurl where it is to be fast. Makes no request.

    Where the environment alone says how to reach it, boto3 is not even imported. Raises CredentialsError where AWS's
    own configuration is wrong.
    """
    aws = aws or Aws()

    def make() -> S3Lake:
        from ingest_core.lake.s3 import S3Lake, client_of

        return S3Lake(client_of(aws, options, connections), bucket, prefix, options)

    def carry(way: Way) -> Carrier:
        if is_fast:
            from ingest_core.lake.s3_curl import CurlCarrier

            return CurlCarrier(way, connections)
        from ingest_core.lake.s3_pool import PoolCarrier  # urllib3 takes 30 ms: only where it is used

        return PoolCarrier(way, connections)

    late = Late(make)
    way = way_by_environment(bucket, options, os.environ)
    if way is not None:
        return DirectS3Lake(Exchange(lambda: way, carry), late, bucket, prefix, options)
    client, session = late().client, aws.core(options.profile, options.region)
    exchange = Exchange(lambda: way_by_boto3(bucket, session, client), carry)
    return DirectS3Lake(exchange, late, bucket, prefix, options)


class Late:
    """boto3's lake in the same place, made when it is first needed. Thread-safe."""

    def __init__(self, make: Callable[[], S3Lake]) -> None:
        self._make = make
        self._made: S3Lake | None = None
        self._making = threading.Lock()

    def __call__(self) -> S3Lake:
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def close(self) -> None:
        """Closes its connections, where it has any."""
        if self._made is not None:
            self._made.close()


class DirectS3Lake(BucketLake):
    """Objects below `prefix` in one bucket, by `exchange` where that settles it, else by what `boto3` gives."""

    def __init__(
        self, exchange: Exchange, boto3: Late, bucket: str, prefix: str = "", options: S3Options | None = None
    ) -> None:
        super().__init__(bucket, prefix)
        options = options or S3Options()
        self._exchange = exchange
        self._boto3 = boto3
        self._common = {"x-amz-expected-bucket-owner": options.bucket_owner} if options.bucket_owner else {}
        self._sealed = dict(self._common)
        if options.kms_key:
            self._sealed["x-amz-server-side-encryption"] = "aws:kms"
            self._sealed["x-amz-server-side-encryption-aws-kms-key-id"] = options.kms_key

    def close(self) -> None:
        """Closes the connections."""
        self._exchange.close()
        self._boto3.close()

    def _attempt(self, key: str, body: bytes, metadata: Mapping[str, str], *, unless: str, match: str) -> bool | None:
        condition = {"if-none-match": unless} if unless else {"if-match": match}
        written = self._put(key, body, metadata, condition)
        if written is None:
            return self._boto3()._attempt(key, body, metadata, unless=unless, match=match)
        return written

    def put(self, key: str, body: bytes) -> None:
        if not self._put(key, body, {}, {}):
            self._boto3().put(key, body)

    def get(self, key: str) -> Stored | None:
        answer = self._asked("GET", self._prefix + key, self._common)
        if answer is not None and answer.status == 200:
            return _stored(answer)
        if answer is not None and answer.status == 404 and b"<Code>NoSuchKey</Code>" in answer.body:
            return None
        return self._boto3().get(key)

    def delete(self, key: str) -> None:
        answer = self._asked("DELETE", self._prefix + key, self._common)
        if answer is None or answer.status != 204:
            self._boto3().delete(key)

    def stream(self, key: str) -> BinaryIO:
        """The object's body as a file is read: by bytes or by lines, buffered, nothing read ahead but a buffer."""
        try:
            status, body = self._exchange.open(self._prefix + key, self._common)
        except (NoWayError, NoAnswerError, OSError, ValueError) as error:
            _say("GET", key, _kind(error))
            return self._boto3().stream(key)
        if status != 200:
            body.close()
            return self._boto3().stream(key)
        where = self._where(key)
        return as_file(body, (NoAnswerError,), lambda error: unreachable("GetObject", where, _kind(error)))

    def entries(self, prefix: str) -> Iterator[Entry]:
        last: str | None = None
        for page in self._pages([("prefix", self._prefix + prefix)]):
            if page is None:
                yield from self._boto3().entries(prefix, after=last)
                return
            for found in page.entries:
                last = found.key.removeprefix(self._prefix)
                yield Entry(last, found.size)

    def folders(self, prefix: str) -> list[str]:
        top = self._prefix + prefix
        found: list[str] = []
        for page in self._pages([("delimiter", "/"), ("prefix", top)]):
            if page is None:
                return self._boto3().folders(prefix)
            found += [folder.removeprefix(top).rstrip("/") for folder in page.folders]
        return sorted(found)

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str], condition: Mapping[str, str]) -> bool | None:
        """True where it was written, False where the `condition` does not hold, None where boto3 must say."""
        # S3 refuses a body that arrives otherwise than this says, and keeps it.
        digest = hashlib.sha256(body).digest()
        headers = {
            "content-type": content_type(key),
            "x-amz-checksum-sha256": base64.b64encode(digest).decode(),
            **self._sealed,
            **condition,
        }
        for name, value in metadata.items():
            headers[METADATA + name] = value
        answer = self._asked("PUT", self._prefix + key, headers, body, digest)
        return {200: True, 412: False}.get(answer.status) if answer is not None else None

    def _pages(self, query: list[tuple[str, str]]) -> Iterator[Page | None]:
        """Each page of a listing; None and no more where boto3 must go on."""
        token: str | None = ""
        while token is not None:
            more = [("continuation-token", token)] if token else []
            asked = [("encoding-type", "url"), ("list-type", "2"), *query, *more]
            answer = self._asked("GET", "", self._common, query=asked)
            page = _page(answer) if answer is not None and answer.status == 200 else None
            yield page
            token = page.token if page is not None else None

    def _asked(
        self,
        method: str,
        name: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        digest: bytes | None = None,
        query: Iterable[tuple[str, str]] = (),
    ) -> Answered | None:
        """What S3 answered, None where nothing came. What will be so each time is left to boto3 from now on."""
        try:
            answer = self._exchange.send(method, name, headers, body, digest, query)
        except (NoWayError, NoAnswerError, OSError, ValueError) as error:
            _say(method, name, _kind(error))
            return None
        if answer.status not in {200, 204, 404, 412}:
            _say(method, name, str(answer.status))
        if 300 <= answer.status <= 403:  # another region, another kind of signature, a right that is missing
            self._exchange.leave()
        return answer


def _say(method: str, key: str, what: str) -> None:
    logger.info("%s %s: %s; boto3 goes on", method, key, what)


def _kind(error: Exception) -> str:
    return str(error) if isinstance(error, NoAnswerError) else type(error).__name__


def _page(answer: Answered) -> Page | None:
    try:
        return page_of(answer.body)
    except ValueError:
        return None


def _stored(answer: Answered) -> Stored:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    metadata = {name.removeprefix(METADATA): value for name, value in headers.items() if name.startswith(METADATA)}
    return Stored(
        answer.body, metadata, headers.get("etag", ""), age_of(headers.get("date"), headers.get("last-modified"))
    )
