"""Taking secrets out of what was recorded: by value, however they are written, and looking again afterwards.

The two halves know nothing of each other. `scrub` builds patterns from the secret: each of its characters as it stands,
as `%41`, `\\u0041`, `&#65;` or `&#x41;`, in any case and mixture, and the whole in base64 (at any of three offsets) or
hexadecimal. `leaks` goes the other way: it decodes what it was given, over and over, and looks for the secret.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from ingest_core.codes import Code
from ingest_core.errors import UsageError

PLACEHOLDER = "scrubbed-secret"
SHORTEST = 6
_DEPTH = 3
_NAMED = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
_TOKEN = re.compile(rb"[A-Za-z0-9+/_\-]{8,}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){6,}")
_ESCAPE = re.compile(rb"\\u([0-9A-Fa-f]{4})|\\(.)", re.DOTALL)


class Scrubber:
    """Knows the secrets of one run.

    Raises UsageError for one that is too short to be told from other text.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted(set(secrets), key=len, reverse=True)
        if any(len(secret) < SHORTEST for secret in self._secrets):
            raise UsageError(
                f"a secret of this config has fewer than {SHORTEST} characters, and cannot be told from other text",
                Code.RECORDING_LEAKS,
                hint="record with a real key",
            )
        self._plain = [pattern for secret in self._secrets for pattern in _plain(secret)]
        cores = (core for secret in self._secrets for core in _in_base64(secret))
        self._encoded = [re.compile(_in_any_writing(core)) for core in cores]

    def scrub(self, text: bytes) -> bytes:
        """`text` with PLACEHOLDER wherever a secret stands, however it is written."""
        for pattern in self._plain:
            text = pattern.sub(PLACEHOLDER.encode(), text)
        for pattern in self._encoded:
            text = b"".join(_without_words(pattern, text))
        return text

    def leaks(self, text: bytes) -> bool:
        """Whether a secret can be read out of `text` after all."""
        wanted = [secret.lower().encode() for secret in self._secrets]
        return any(secret in form.lower() for form in _decoded(text, _DEPTH) for secret in wanted)


def _plain(secret: str) -> Iterator[re.Pattern[bytes]]:
    yield re.compile(_in_any_writing(secret), re.IGNORECASE)
    yield re.compile(re.escape(secret.encode().hex().encode()), re.IGNORECASE)


def _without_words(pattern: re.Pattern[bytes], text: bytes) -> Iterator[bytes]:
    """`text` in pieces, with PLACEHOLDER for each word of base64 that `pattern` is found in: what stands around it
    holds bits of the secret too.
    """
    kept = 0
    for found in pattern.finditer(text):
        begin, end = found.span()
        while begin > kept and text[begin - 1] in _BASE64:
            begin -= 1
        while end < len(text) and text[end] in _BASE64:
            end += 1
        if end > kept:
            yield text[kept:begin] + PLACEHOLDER.encode()
        kept = max(kept, end)
    yield text[kept:]


def _in_any_writing(text: str) -> bytes:
    return b"".join(b"(?:" + b"|".join(_writings(character)) + b")" for character in text)


def _writings(character: str) -> Iterator[bytes]:
    """One character, as patterns: itself, escaped for a URL (twice too), for JSON and for HTML."""
    code = ord(character)
    yield rb"\\?" + re.escape(character.encode())
    yield b"%%(?:25)?(?i:%02x)" % code
    yield rb"\\u(?i:%04x)" % code
    yield b"&#0*%d;" % code
    yield b"&#[xX]0*(?i:%x);" % code
    if character in _NAMED:
        yield b"&" + _NAMED[character].encode() + b";"
    if character == " ":
        yield rb"\+"


def _in_base64(secret: str) -> Iterator[str]:
    """The part of its base64 that the secret alone decides, for each place where it may begin in a longer text."""
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + secret.encode()).decode()
        core = encoded[-(-offset * 8 // 6) : (offset + len(secret)) * 8 // 6]
        yield core
        if set(core) & {"+", "/"}:
            yield core.replace("+", "-").replace("/", "_")


def _decoded(text: bytes, depth: int) -> Iterator[bytes]:
    """`text`, and what it becomes by each way of decoding, and what that becomes."""
    yield text
    if depth == 0:
        return
    forms = {
        unquote_to_bytes(text),
        unquote_to_bytes(text.replace(b"+", b" ")),
        html.unescape(text.decode("latin-1")).encode("utf-8", "replace"),
        _ESCAPE.sub(_unescape, text),
        *_words_decoded(text),
    }
    for form in forms - {text}:
        yield from _decoded(form, depth - 1)


def _unescape(found: re.Match[bytes]) -> bytes:
    return chr(int(found[1], 16)).encode("utf-8", "replace") if found[1] else found[2]


def _words_decoded(text: bytes) -> Iterator[bytes]:
    """All words that may be base64, decoded at each offset, and all that may be hexadecimal, each kind as one text."""
    words = [word.replace(b"-", b"+").replace(b"_", b"/") for word in _TOKEN.findall(text)]
    for offset in range(4):
        cut = (word[offset : offset + (len(word) - offset) // 4 * 4] for word in words)
        yield b" ".join(base64.b64decode(word) for word in cut)
        tails = (word[offset:] for word in words)
        yield b" ".join(base64.b64decode(tail + b"=" * (-len(tail) % 4)) for tail in tails if len(tail) % 4 != 1)
    yield b" ".join(bytes.fromhex(word.decode()) for word in _HEX.findall(text))
