"""Keeps secrets out of what people read, and out of the lake."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORTEST = 4
_SHORTEST_IN_DATA = 12


class Redactor(logging.Filter):
    """Knows every secret that was revealed and masks it: as it stands, URL-encoded, JSON-escaped, in base64.

    Also a logging filter.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()
        self._in_data: tuple[bytes, ...] = ()
        self._tracebacks = logging.Formatter()

    def learn(self, secret: str) -> None:
        """Masks `secret` from now on. Values under four characters would mask half of every sentence."""
        if len(secret) < _SHORTEST or secret in self._forms:
            return
        with self._lock:
            self._forms = tuple(sorted({*self._forms, *_forms(secret)}, key=len, reverse=True))
            if len(secret) >= _SHORTEST_IN_DATA:
                self._in_data = tuple(sorted({*self._in_data, *(form.encode() for form in _forms(secret))}))

    def guard(self, handlers: Iterable[logging.Handler]) -> None:
        """Masks secrets in whatever these handlers write, third parties' records included."""
        for handler in handlers:
            handler.addFilter(self)

    def clean(self, text: str) -> str:
        """`text` with every known secret masked."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def clean_bytes(self, body: bytes) -> bytes:
        """`body` with every known secret masked."""
        for form in self._forms:
            body = body.replace(form.encode(), MASK.encode())
        return body

    def is_quoted_in(self, data: bytes) -> bool:
        """Whether `data`, which is to be written to the lake, holds a known secret in any of its forms.

        Secrets under twelve characters are not looked for: records that have nothing to do with them could hold them.
        """
        for form in self._in_data:  # noqa: SIM110 -- asked for each record, where a generator costs more than the search
            if form in data:
                return True
        return False

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 -- a library's wrong log call must not reach whoever called the library
            message = ""
            record.msg, record.args = self.clean(str(record.msg)), ()
        cleaned = self.clean(message)
        if cleaned != message:
            record.msg, record.args = cleaned, ()
        if record.exc_info:
            shown = self._tracebacks.formatException(record.exc_info)
            cleaned = self.clean(shown)
            if cleaned != shown:
                # A formatter writes exc_text as it stands, so the traceback is masked with the rest.
                record.exc_text, record.exc_info = cleaned, None
        return True


def _forms(secret: str) -> Iterator[str]:
    """What a secret looks like where it is quoted."""
    yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    if len(secret) < _SHORTEST_IN_DATA:
        return
    body = secret.encode()
    for before in range(3):
        # Three alignments: `user:secret` in base64 has the secret at any of them. Only whole characters of it count.
        first, end = -(-before * 4 // 3), (before + len(body)) * 4 // 3
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + body).decode()[first:end]
