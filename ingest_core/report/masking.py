"""A config as it counted, with nothing in it that a page should not show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ingest_core.api.redact import MASK
from ingest_core.config.secrets import REFERENCE

_TELLING = re.compile(r"token|secret|passw|api[_-]?key|authori[sz]ation|credential|signature", re.IGNORECASE)
_REFERENCE = re.compile(REFERENCE)
_IN_URL = re.compile(r"(://)[^/@\s]+@|((?:token|secret|key|signature|password)=)[^&\s]+", re.IGNORECASE)


def masked(value: Any, name: str = "") -> Any:
    """`value` as plain data. References to secrets stay: they say where one lies, not what it is.

    A config cannot hold a literal secret where its source says that one belongs; this masks whatever else sounds like
    one, by its name or within a URL.
    """
    if isinstance(value, Mapping):
        return {str(key): masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner, name) for inner in value]
    if not isinstance(value, str) or _REFERENCE.fullmatch(value):
        return value
    if _TELLING.search(name):
        return MASK
    return _IN_URL.sub(lambda found: f"{found[1] or ''}{found[2] or ''}{MASK}{'@' if found[1] else ''}", value)
