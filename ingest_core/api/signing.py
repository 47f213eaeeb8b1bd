"""Requests get their keys here, as they leave; and a key that the API refuses is read once more."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from urllib.parse import urlencode

from ingest_core.api.redact import Redactor
from ingest_core.api.transport import HttpRequest
from ingest_core.model import Auth, Secret

USER_AGENT = "ingest-core"
OUR_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
Used = Mapping[Secret, str]


class Signer:
    """Signs the requests of one run, and tells `redactor` each value that it has used. Thread-safe.

    `headers` go along with each request, in place of ours of the same name.
    """

    def __init__(self, auth: Auth, headers: Mapping[str, str], redactor: Redactor) -> None:
        self._auth = auth
        self._headers = _with_ours(headers)
        self._redactor = redactor
        self._lock = threading.Lock()
        self._renewed: set[Secret] = set()

    def sign(self, url: str, more: Mapping[str, str], *, unsigned: bool = False) -> tuple[HttpRequest, Used]:
        """The request with `more` headers, and the values it was signed with: none where it goes `unsigned`.

        Raises CredentialsError where one cannot be had.
        """
        headers = {**self._headers, **more}
        if unsigned:
            return HttpRequest(url, headers), {}
        used = {secret: self._reveal(secret) for secret in self._auth.secrets}
        for name, (prefix, secret) in self._auth.headers.items():
            headers[name] = prefix + used[secret]
        if self._auth.params:
            keys = urlencode([(name, used[secret]) for name, secret in self._auth.params.items()])
            url = f"{url}{'&' if '?' in url else '?'}{keys}"
        return HttpRequest(url, headers), used

    def has_other(self, refused: Used) -> bool:
        """Whether another value is to be had than those that the API refused: a key may have been replaced meanwhile.

        Each secret is read anew from where it lies once a run, whoever asks first; the others wait for that.
        """
        with self._lock:
            for secret, value in refused.items():
                if secret not in self._renewed:
                    self._renewed.add(secret)
                    secret.renew(value)
        return any(self._reveal(secret) != value for secret, value in refused.items())

    def _reveal(self, secret: Secret) -> str:
        value = secret.reveal()
        self._redactor.learn(value)
        return value


def _with_ours(given: Mapping[str, str]) -> dict[str, str]:
    """The headers of each request: ours, less what the connection says otherwise, whatever its case."""
    said = {name.lower() for name in given}
    return {name: value for name, value in OUR_HEADERS.items() if name.lower() not in said} | dict(given)
