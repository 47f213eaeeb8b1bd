"""Looks for a secret in all that a programme wrote: raw, URL-encoded, JSON-escaped, in base64 at any alignment."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

CANARY = 'canary-7f3a"\\/+é~9b1c&=d24e'


def forms(secret: str) -> list[bytes]:
    """What it could look like. Found out here by trial, not as the product's own redaction computes it."""
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), quote(secret, safe="").lower()}
    texts |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    texts |= {json.dumps(json.dumps(secret)[1:-1])[1:-1]}
    found = {text.encode() for text in texts}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in ("", "a", "ab"):
            one, other = (encode(f"{before}{secret}{after}".encode()) for after in ("aaa", "zzz"))
            same = [a == b for a, b in zip(one, other, strict=True)]
            end = same.index(False) if False in same else len(one)
            found.add(one[-(-len(before) * 4 // 3) : end])
    return sorted(found)


def searched(folder: Path) -> Iterable[tuple[Path, bytes]]:
    """Every file below `folder`: its name counts as well."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, str(path).encode() + b"\0" + path.read_bytes()


def hits(folder: Path, secret: str) -> tuple[int, list[str]]:
    """How many bytes were searched, and where it was found."""
    size, found, looked_for = 0, [], forms(secret)
    for path, body in searched(folder):
        size += len(body)
        found += [f"{path.relative_to(folder)}: {form!r}" for form in looked_for if form in body]
    return size, found
