"""Which libraries do the work: those that everybody knows, or those of the `[fast]` extra."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec

from ingest_core.codes import Code
from ingest_core.errors import UsageError


class Engine(StrEnum):
    """What talks to the API and to S3.

    default  requests and urllib3
    fast     libcurl for both, by pycurl, of the `[fast]` extra
    auto     the latter where it is installed and can do what the config asks for
    """

    AUTO = "auto"
    DEFAULT = "default"
    FAST = "fast"

    @classmethod
    def named(cls, text: str) -> Engine:
        """Raises UsageError where there is none of that name."""
        try:
            return cls(text)
        except ValueError:
            raise UsageError(f"{text!r} is no engine", Code.ENGINE, hint=f"one of {', '.join(cls)}") from None

    def is_fast(self, why_not: str = "") -> bool:
        """Whether libcurl is to be used; `why_not` says what it cannot do here.

        Raises UsageError where it must be and cannot.
        """
        if not why_not and self is not Engine.DEFAULT and find_spec("pycurl") is None:
            why_not = "pycurl is not installed"
        if self is Engine.FAST and why_not:
            raise UsageError(
                f"the fast engine cannot be used: {why_not}",
                Code.EXTRA,
                hint="pip install 'ingest-core[fast]', or auto",
            )
        return self is not Engine.DEFAULT and not why_not
