"""How to reach a bucket: at which address, in which region, with whose keys.

In Lambda, and wherever else the environment alone says so, it is found here; boto3 would find the same, for a sixth of
a second and twelve megabytes. With a profile, a configuration file, a proxy or an odd bucket, boto3 is asked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from msgspec import Struct

from ingest_core.lake.options import S3Options
from ingest_core.lake.sigv4 import Keys

# Of the partition `aws`; the others have other domains (botocore's partitions.json).
_REGION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]+")
_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
# Each makes boto3 look elsewhere, or go another way.
_ODD = (
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
    "AWS_SECURITY_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    *(name for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (proxy, proxy.lower())),
)


class NoWayError(Exception):
    """There is none that is ours to go: boto3 must."""


class StaticKeys(NamedTuple):
    """Keys that stay as they are."""

    access_key: str
    secret_key: str
    token: str | None


class Way(Struct, frozen=True):
    """How to reach a bucket: `origin` and `path` make the URL that a key follows.

    `keys` gives those of now, or raises NoWayError; `certificates` is the file of those to trust, None for certifi's.
    """

    origin: str
    path: str
    region: str
    keys: Callable[[], Keys]
    certificates: str | None = None


def way_by_environment(bucket: str, options: S3Options, environment: Mapping[str, str]) -> Way | None:
    """What the environment says, by boto3's own rules; None where it does not say all, or something odd."""
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    region = options.region or environment.get("AWS_DEFAULT_REGION")
    is_odd = options.profile or environment.get("AWS_PROFILE") or any(map(environment.get, _ODD))
    if not key or not secret or not region or is_odd or _has_files(environment) or not _is_plain(bucket):
        return None
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if endpoint:
        parts = urlsplit(endpoint)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/") or parts.query:
            return None
        origin, path = f"{parts.scheme}://{parts.netloc}", f"/{bucket}/"
    elif _REGION.fullmatch(region):
        own = "" if region == "us-east-1" else f".{region}"
        origin, path = f"https://{bucket}.s3{own}.amazonaws.com", "/"
    else:
        return None
    keys = StaticKeys(key, secret, environment.get("AWS_SESSION_TOKEN") or None)
    bundle = environment.get("AWS_CA_BUNDLE") or environment.get("REQUESTS_CA_BUNDLE")
    return Way(origin, path, region, lambda: keys, bundle)


def way_by_boto3(bucket: str, session: Any, client: Any) -> Way | None:
    """What boto3 would use itself; None where it would sign otherwise, or go through a proxy.

    `client` is its own for S3, made from the botocore `session`. Raises NoWayError where it has no credentials.
    """
    from botocore.exceptions import BotoCoreError
    from botocore.utils import get_environ_proxies

    def keys() -> Keys:
        try:
            return cast(Keys, credentials.get_frozen_credentials())
        except BotoCoreError as error:
            raise NoWayError from error

    config = client.meta.config
    # Directory buckets are signed by sessions of their own.
    if bucket.endswith("--x-s3") or config.signature_version not in {"s3v4", "v4"}:
        return None
    try:
        url, credentials = _address(client, bucket), session.get_credentials()
    except BotoCoreError as error:
        raise NoWayError from error
    if credentials is None:
        raise NoWayError
    if config.proxies or get_environ_proxies(url):
        return None
    parts = urlsplit(url)
    bundle = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    return Way(f"{parts.scheme}://{parts.netloc}", parts.path.removesuffix("k"), client.meta.region_name, keys, bundle)


class _Addressed(Exception):  # noqa: N818 -- no error: what a request that is not sent was to be sent to
    def __init__(self, url: str) -> None:
        self.url = url


def _address(client: Any, bucket: str) -> str:
    """Where boto3 would put the key `k`. A URL that it signs beforehand may name another host: the global one."""

    def tell(request: Any, **_: Any) -> None:
        raise _Addressed(request.url)

    event, own = "before-sign.s3.PutObject", "ingest-core-address"
    client.meta.events.register_last(event, tell, unique_id=own)
    try:
        client.put_object(Bucket=bucket, Key="k", Body=bytearray())
    except _Addressed as addressed:
        return addressed.url
    finally:
        client.meta.events.unregister(event, tell, unique_id=own)
    raise AssertionError("boto3 sends nothing that it did not sign")


def _is_plain(bucket: str) -> bool:
    """Whether its name stands in a host as it is. Dots do not under TLS, and double hyphens mean other kinds."""
    return "." not in bucket and "--" not in bucket


def _has_files(environment: Mapping[str, str]) -> bool:
    """Whether there is a configuration of AWS on this disk that says anything."""
    for name, usual in _FILES.items():
        try:
            if Path(environment.get(name) or usual).expanduser().stat().st_size:
                return True
        except (OSError, RuntimeError):
            continue
    return False
