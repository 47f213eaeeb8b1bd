"""JSON as TMDB writes it: compact, raw unicode, and numbers whose digits are kept as written."""

from __future__ import annotations

from json import JSONEncoder
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

_ENCODER = JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
_MARK = "\x00"
# The mark and its opening quote, as the encoder writes them.
_WRITTEN = '"\\u0000'


def decimal(units: int, places: int) -> str:
    """A number to be written with exactly this many decimals: decimal(12340, 3) is written 12.340.

    A float would lose the trailing zeros, and whoever lands bytes must be seen to keep them; so the digits travel as a
    marked string until `encode` takes off the quotes. No text of the simulator holds a NUL, which is the mark.
    """
    return f"{_MARK}{units // 10**places}.{units % 10**places:0{places}d}"


def encode(value: object) -> bytes:
    """The JSON document as UTF-8."""
    first, *rest = _ENCODER.encode(value).split(_WRITTEN)
    # What follows a mark begins with digits, and its first quote is the one that closes them.
    return "".join([first, *[part.replace('"', "", 1) for part in rest]]).encode()
