"""How often, how long and when to try again."""

from __future__ import annotations

import datetime as dt
import random
from email.utils import parsedate_to_datetime

from msgspec import Struct

from ingest_core.api.classify import is_rate_limit
from ingest_core.model import Answer

# When the window of a rate limit begins anew. X and GitHub give an instant (Unix seconds), others, with the IETF's
# draft (draft-ietf-httpapi-ratelimit-headers-07), the seconds until then: an instant is the larger by far.
_RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
_INSTANTS = 1e9


class Limits(Struct, frozen=True):
    """The bounds of one request.

    attempts   how often it is sent at most
    seconds    its whole life: waiting for its turn excluded, retries and back-off included
    max_bytes  of its body, after decompression
    base, cap  of the back-off, in seconds
    """

    attempts: int = 8
    seconds: float = 120.0
    max_bytes: int = 32 * 1024 * 1024
    base: float = 0.5
    cap: float = 30.0

    def backoff(self, attempt: int, chance: random.Random) -> float:
        """Seconds before attempt `attempt` + 1: exponential, with jitter over its upper half."""
        full = min(self.cap, self.base * 2.0 ** (attempt - 1))
        return full * chance.uniform(0.5, 1.0)


def retry_after(value: str | None, now: dt.datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date); None where it says nothing."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value.strip()[:9])
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=dt.UTC)
    return max(0.0, (when - now).total_seconds())


def wait_asked_for(answer: Answer, now: dt.datetime) -> float | None:
    """Seconds until the answer wants to be asked again, by its Retry-After, or as a rate limit by the reset of its
    window; None where it says nothing.
    """
    wanted = retry_after(answer.headers.get("retry-after"), now)
    if wanted is not None or not is_rate_limit(answer):
        return wanted
    for name in _RESETS:
        value = answer.headers.get(name, "").strip()
        if value.isascii() and value.isdigit():
            reset = float(value[:12])
            seconds = reset - now.timestamp() if reset >= _INSTANTS else reset
            return seconds if seconds > 0 else None
    return None
