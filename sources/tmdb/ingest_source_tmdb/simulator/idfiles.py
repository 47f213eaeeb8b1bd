"""The daily files of ids: `/p/exports/movie_ids_MM_DD_YYYY.json.gz`, without a key, in whole or by range."""

from __future__ import annotations

import gzip
import json
import re
from datetime import date
from functools import lru_cache
from typing import Final

from ingest_source_tmdb.simulator.catalog import Catalog, Kind
from ingest_source_tmdb.simulator.payload import Payload

FOLDER: Final = "/p/exports/"
_NAME: Final = re.compile("(movie|tv_series|person)_ids_([0-9]{2})_([0-9]{2})_([0-9]{4})\\.json\\.gz")
_KINDS: Final[dict[str, Kind]] = {"movie": "movie", "tv_series": "tv", "person": "person"}
_RANGE: Final = re.compile("bytes=([0-9]{1,12})-([0-9]{1,12})")
_ADULT_EVERY: Final = 20
_DENIED: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'


def serve(catalog: Catalog, path: str, wanted: str, newest: str) -> Payload:
    """The file, or the bytes of it that a Range header wants. What is not there is denied, as S3 does."""
    match = _NAME.fullmatch(path.removeprefix(FOLDER))
    if match is None or not _is_there(match, newest):
        return Payload(403, f"Content-Length: {len(_DENIED)}\r\n", _DENIED, "application/xml")
    whole = packed(catalog, _KINDS[match[1]])
    span = _RANGE.fullmatch(wanted)
    first, last = (int(span[1]), min(int(span[2]), len(whole) - 1)) if span else (0, len(whole) - 1)
    if first > last:
        return Payload(416, f"Content-Range: bytes */{len(whole)}\r\nContent-Length: 0\r\n", b"", "application/gzip")
    body = whole[first : last + 1]
    headers = f'ETag: "{len(whole):x}"\r\nContent-Length: {len(body)}\r\n'
    if span:
        headers += f"Content-Range: bytes {first}-{last}/{len(whole)}\r\n"
    return Payload(206 if span else 200, headers, body, "application/gzip")


def _is_there(match: re.Match[str], newest: str) -> bool:
    try:
        return date(int(match[4]), int(match[2]), int(match[3])).isoformat() <= newest
    except ValueError:
        return False


def lines(catalog: Catalog, kind: Kind) -> list[bytes]:
    """One JSON object for each id, as TMDB writes them."""
    name = {"movie": "original_title", "tv": "original_name", "person": "name"}[kind]
    found = []
    for number in range(1, catalog.count(kind) + 1):
        popularity = catalog.draw("export", kind, number).below(100_000) / 1000
        row: dict[str, object] = {"id": number, name: f"Nº {number}", "popularity": popularity}
        if kind != "tv":
            row = {"adult": number % _ADULT_EVERY == 0, **row}
        found.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())
    return found


@lru_cache(3)
def packed(catalog: Catalog, kind: Kind) -> bytes:
    return gzip.compress(b"\n".join(lines(catalog, kind)) + b"\n", compresslevel=1, mtime=0)
