"""One attempt at a PutObject without boto3's layers: botocore's signer, urllib3's pool, and nothing between.

`client.put_object` spends most of its CPU on models, events and endpoint rules that say the same for each record. Here
they are asked once, for the address. What is neither plainly written nor plainly refused is left to boto3, which then
does as it always does: attempts, redirects, skewed clocks, errors in its own words.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import get_cert_path
from botocore.session import Session
from botocore.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, Timeout, connection_from_url
from urllib3.exceptions import HTTPError

from ingest_core.lake.port import content_type

logger = logging.getLogger(__name__)

# Together with boto3's own attempts after it still under a minute (s3.py).
CONNECT_SECONDS = 3
READ_SECONDS = 5
WRITTEN, REFUSED, NO_WAY = 200, 412, 0
BEFORE_SEND = "before-send.s3.PutObject"


@dataclass(frozen=True, slots=True)
class _Way:
    """How to reach a bucket: `origin` and `path` make the URL that a key follows."""

    origin: str
    path: str
    region: str
    credentials: Any
    pool: HTTPConnectionPool


class DirectPut:
    """Puts objects into one bucket, one attempt each. Thread-safe; makes no request before the first.

    `client` is boto3's for the same bucket, made from `session`; `headers` are what every request carries.
    """

    def __init__(self, session: Session, client: Any, bucket: str, headers: Mapping[str, str]) -> None:
        self._session = session
        self._client = client
        self._bucket = bucket
        self._headers = dict(headers)
        self._way: _Way | None = None
        self._finding = threading.Lock()
        # Directory buckets are signed by sessions of their own.
        self._is_off = bucket.endswith("--x-s3") or client.meta.config.signature_version not in {"s3v4", "v4"}

    def put(self, key: str, body: bytes, metadata: Mapping[str, str], condition: Mapping[str, str]) -> bool | None:
        """True where it was written, False where the `condition` (headers) does not hold, None where boto3 must say."""
        if self._is_off:
            return None
        # S3 refuses a body that arrives otherwise than this says, and keeps it.
        headers = {
            "Content-Type": content_type(key),
            "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
        }
        headers.update((f"x-amz-meta-{name}", value) for name, value in metadata.items())
        try:
            status = self._send(key, body, {**self._headers, **headers, **condition})
        except (BotoCoreError, HTTPError, OSError) as error:
            logger.info("PUT %s: %s; boto3 goes on", key, type(error).__name__)
            return None
        if status in {WRITTEN, REFUSED}:
            return status == WRITTEN
        logger.info("PUT %s: %d; boto3 goes on", key, status)
        # A proxy, another region, another kind of signature: so it will be each time.
        self._is_off = status == NO_WAY or 300 <= status <= 403
        return None

    def close(self) -> None:
        """Closes the connections."""
        if self._way is not None:
            self._way.pool.close()

    def _send(self, key: str, body: bytes, headers: Mapping[str, str]) -> int:
        way = self._way
        if way is None:
            with self._finding:  # all threads begin at once: the first finds it for all
                way = self._way = self._way or self._find_way()
            if way is None:
                return NO_WAY
        path = way.path + quote(key, safe="/~")
        request = AWSRequest("PUT", way.origin + path, headers=headers, data=body)
        S3SigV4Auth(way.credentials.get_frozen_credentials(), "s3", way.region).add_auth(request)
        prepared = request.prepare()
        # Whoever answers in the network's place, as moto does, is asked here as it is for boto3's own requests.
        for _, answer in self._client.meta.events.emit(BEFORE_SEND, request=prepared):
            if answer is not None:
                return int(answer.status_code)
        signed = dict(prepared.headers.items())
        return way.pool.urlopen("PUT", path, body=body, headers=signed, retries=False, redirect=False).status

    def _find_way(self) -> _Way | None:
        """Asks boto3 for what it would use itself; None where there is a proxy between, which is boto3's to talk to.

        Raises BotoCoreError where it has no credentials.
        """
        url = self._client.generate_presigned_url("put_object", Params={"Bucket": self._bucket, "Key": "k"})
        parts, config = urlsplit(url), self._client.meta.config
        if config.proxies or get_environ_proxies(url):
            return None
        origin = f"{parts.scheme}://{parts.netloc}"
        bundle = self._session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True
        verified = {"cert_reqs": "CERT_REQUIRED", "ca_certs": get_cert_path(bundle)}
        pool = connection_from_url(
            origin,
            maxsize=config.max_pool_connections,
            timeout=Timeout(CONNECT_SECONDS, READ_SECONDS),
            **(verified if parts.scheme == "https" else {}),
        )
        credentials = self._session.get_credentials()
        return _Way(origin, parts.path.removesuffix("k"), cast(str, self._client.meta.region_name), credentials, pool)
