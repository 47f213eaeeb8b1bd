"""AWS Signature Version 4, in its form for S3: one Authorization header.

By "Authenticating Requests: Using the Authorization Header" of the S3 API Reference. Paths are encoded once, and the
digest of the body is signed and sent.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Protocol
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
# Space that is signed otherwise than it is sent; also where a value holds just that, which costs nothing but time.
_ODD_SPACE = ("  ", ": ", " \n", "\t", "\r", "\v", "\f")


class Keys(Protocol):
    """Whose signature it is; `token` where they are temporary."""

    @property
    def access_key(self) -> str: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def token(self) -> str | None: ...


class Signer:
    """Signs requests to one host. Thread-safe; a day's key is derived once."""

    def __init__(self, host: str, region: str) -> None:
        self._host = host
        self._region = region
        self._derived = ("", "", b"")

    def sign(
        self, method: str, path: str, query: str, headers: Mapping[str, str], digest: str, keys: Keys, now: str
    ) -> dict[str, str]:
        """`headers`, whose names are in lower case, and those that sign them.

        `path` and `query` are as they are sent (`encoded`, `query_of`), `digest` is the SHA-256 of the body in
        hexadecimal, `now` an instant as 20261123T060000Z.
        """
        signed = {**headers, "host": self._host, "x-amz-content-sha256": digest, "x-amz-date": now}
        if keys.token:
            signed["x-amz-security-token"] = keys.token
        pairs = sorted(signed.items())
        names = ";".join([name for name, _ in pairs])
        lines = "".join([f"{name}:{value}\n" for name, value in pairs])
        if any(odd in lines for odd in _ODD_SPACE):
            lines = "".join([f"{name}:{' '.join(value.split())}\n" for name, value in pairs])
        request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{digest}"
        scope = f"{now[:8]}/{self._region}/s3/aws4_request"
        text = f"{ALGORITHM}\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._key(keys.secret_key, now[:8]), text.encode(), "sha256").hex()
        signed["authorization"] = (
            f"{ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return signed

    def _key(self, secret: str, day: str) -> bytes:
        of, when, key = self._derived
        if (of, when) != (secret, day):
            key = f"AWS4{secret}".encode()
            for step in (day, self._region, "s3", "aws4_request"):
                key = hmac.digest(key, step.encode(), "sha256")
            self._derived = (secret, day, key)
        return key


def encoded(path: str) -> str:
    """A path as S3 signs it and is sent it."""
    return quote(path, safe="/~")


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """A query as S3 signs it and is sent it."""
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(pairs))
