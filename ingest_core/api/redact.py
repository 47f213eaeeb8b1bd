"""Keeps secrets out of what people read."""

from __future__ import annotations

import logging
import threading
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORTEST = 4


class Redactor(logging.Filter):
    """Knows every secret that was revealed and masks it, as it stands and URL-encoded. Also a logging filter."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()
        self._tracebacks = logging.Formatter()

    def learn(self, secret: str) -> None:
        """Masks `secret` from now on. Values under four characters would mask half of every sentence."""
        if len(secret) < _SHORTEST or secret in self._forms:
            return
        with self._lock:
            forms = {*self._forms, secret, quote(secret, safe=""), quote_plus(secret)}
            self._forms = tuple(sorted(forms, key=len, reverse=True))

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
            # A formatter writes exc_text as it stands, so the traceback is masked with the rest.
            record.exc_text = self.clean(self._tracebacks.formatException(record.exc_info))
            record.exc_info = None
        return True
