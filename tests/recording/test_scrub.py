"""Secrets go, however they are written; and what is still to be read in a file is noticed."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from ingest_core.errors import UsageError
from ingest_core.recording import PLACEHOLDER, Scrubber

SECRETS = ["k3y/0f+all=keys&more", "abcdef", 'pass word"<\\>', "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x-_x"]


WRITINGS: dict[str, Callable[[str], str]] = {
    "as it stands": lambda secret: secret,
    "in capitals": str.upper,
    "quoted for a URL": lambda secret: quote(secret, safe=""),
    "quoted for a form": quote_plus,
    "quoted in lower case": lambda secret: quote(secret, safe="").lower(),
    "each character quoted": lambda secret: "".join(f"%{ord(one):02X}" for one in secret),
    "quoted twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in JSON with escaped slashes": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "each character escaped": lambda secret: "".join(f"\\u{ord(one):04x}" for one in secret),
    "half escaped": lambda secret: "".join(f"\\u{ord(one):04X}" if n % 2 else one for n, one in enumerate(secret)),
    "in HTML": html.escape,
    "in HTML by numbers": lambda secret: "".join(f"&#{ord(one)};" for one in secret),
    "in HTML by hexadecimal numbers": lambda secret: "".join(f"&#x{ord(one):X};" for one in secret),
    "in base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "in base64 after one letter": lambda secret: base64.b64encode(b"u" + secret.encode()).decode(),
    "in base64 as a password": lambda secret: base64.b64encode(f"me:{secret}".encode()).decode(),
    "in base64 before something": lambda secret: base64.b64encode(f"user:{secret}:realm".encode()).decode(),
    "in base64 for URLs": lambda secret: base64.urlsafe_b64encode(f"me:{secret}".encode()).decode().rstrip("="),
    "in base64, quoted": lambda secret: quote(base64.b64encode(f"x:{secret}".encode()).decode(), safe=""),
    "in base64 in JSON": lambda secret: base64.b64encode(f"x:{secret}".encode()).decode().replace("/", "\\/"),
    "in hexadecimal": lambda secret: secret.encode().hex(),
    "in capital hexadecimal": lambda secret: secret.encode().hex().upper(),
}  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("writing", WRITINGS)
def test_a_secret_goes_however_it_is_written(secret: str, writing: str) -> None:
    if writing == "half escaped" and set(secret) & set('"\\'):
        pytest.skip("what is left out there is not the secret any more")
    scrubber = Scrubber([secret])
    text = f'{{"before": 1, "echo": "{WRITINGS[writing](secret)}", "after": "rest"}}'.encode()
    assert scrubber.leaks(text)
    scrubbed = scrubber.scrub(text)
    assert PLACEHOLDER.encode() in scrubbed
    assert not scrubber.leaks(scrubbed)
    assert scrubbed.startswith(b'{"before": 1, "echo": "')
    assert scrubbed.endswith(b'"after": "rest"}')


def test_what_is_no_secret_stays_as_it_is() -> None:
    text = b'{"text": "a key of all keys", "n": 12345678901234567890, "b64": "aGVsbG8gd29ybGQ="}' * 50
    scrubber = Scrubber(SECRETS)
    assert scrubber.scrub(text) == text
    assert not scrubber.leaks(text)


@pytest.mark.parametrize(
    "hide",
    [
        lambda secret: base64.b64encode(base64.b64encode(secret)),
        lambda secret: base64.b64encode(quote(secret.decode(), safe="").encode()),
        lambda secret: base64.b64encode(secret.hex().encode()),
        lambda secret: secret.hex().encode().hex().encode(),
    ],
)
def test_a_writing_that_is_not_taken_out_is_noticed(hide: Callable[[bytes], bytes]) -> None:
    scrubber = Scrubber([SECRETS[0]])
    text = b'{"token": "' + hide(SECRETS[0].encode()) + b'"}'
    assert scrubber.leaks(scrubber.scrub(text))


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Scrubber(["abcdef", "abcdefgh"]).scrub(b"<abcdefgh> <abcdef>") == b"<scrubbed-secret> <scrubbed-secret>"


def test_a_secret_that_cannot_be_told_from_other_text_is_refused() -> None:
    with pytest.raises(UsageError, match="fewer than 6 characters"):
        Scrubber(["abc"])


def test_a_long_body_is_scrubbed_without_delay() -> None:
    text = base64.b64encode(bytes(range(256)) * 2000) + b" " + b"%41" * 100_000
    assert Scrubber([SECRETS[0]]).scrub(text) == text
