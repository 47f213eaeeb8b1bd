"""A recording as a folder: one file for each request, to be read and edited by people.

    GET https://api.example.org/v1/things?page=1
    200
    content-type: application/json

    {"items": [ … ]}

The first line says what was asked, the second the status; headers follow, and after an empty line the body, to the
file's end, byte for byte. `recording.yaml` says of which source, date and settings they are.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from ingest_core.api import HttpResponse
from ingest_core.codes import Code
from ingest_core.errors import StopError, UsageError
from ingest_core.recording.exchange import Exchange
from ingest_core.recording.scrub import Scrubber

INDEX = "recording.yaml"
ENDING = ".http"
_ABOUT = """\
# What `ingest record` saw of an API, a file for each request. Edit them as you like: each begins with what was asked.
"""
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_FIRST_LINE = re.compile(rb"GET (https?://\S+)")
# What answers are judged and paged by. Everything else, cookies above all, stays out.
_KEPT_HEADERS = re.compile(r"content-type|link|retry-after|(x-)?rate-?limit-.*|x-rate-limit-.*|x-total(-count|-pages)?")


@dataclass(frozen=True, slots=True)
class Recording:
    """The answers of one run: by URL, the last that each got. `settings` have references in place of secrets."""

    source: str
    date: dt.date
    settings: Mapping[str, Any]
    answers: Mapping[str, HttpResponse]


def write_recording(
    folder: Path,
    source: str,
    date: dt.date,
    settings: Mapping[str, Any],
    exchanges: Iterable[Exchange],
    secrets: Scrubber,
) -> list[Path]:
    """Writes what was exchanged, without secrets; a recording that is there is replaced. Returns the files.

    Raises UsageError where the folder holds anything else, and StopError, having written nothing, where a secret is
    still to be read in what would be written.
    """
    _require_ours(folder)
    last = {exchange.url: exchange.response for exchange in exchanges}
    written: dict[str, bytes] = {}
    for number, (url, response) in enumerate(last.items(), 1):
        asked = secrets.scrub(url.encode()).decode("ascii", "replace")
        written[f"{number:03d}-{_slug(asked)}{ENDING}"] = secrets.scrub(_text(url, response))
    about = {"source": source, "date": date.isoformat(), "settings": dict(settings)}
    written[INDEX] = (_ABOUT + yaml.safe_dump(about, sort_keys=False, allow_unicode=True)).encode()
    for name, text in written.items():
        if secrets.leaks(text) or secrets.leaks(name.encode()):
            raise StopError(
                f"a secret can still be read in what would be {name}; nothing was written",
                Code.RECORDING_LEAKS,
                hint="the API writes it in a way that is not known here; record against an endpoint that does not",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in [*folder.glob(f"*{ENDING}"), *folder.glob(INDEX)]:
            path.unlink()
        for name, text in written.items():
            (folder / name).write_bytes(text)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror or error}", Code.FOLDER, hint="choose another folder") from error
    return [folder / name for name in written]


def read_recording(folder: Path) -> Recording:
    """What `write_recording` wrote, or a person edited. Raises UsageError, naming file and line, where it is none."""
    index = folder / INDEX
    try:
        about = yaml.safe_load(index.read_text(encoding="utf-8"))
        source, date = about["source"], dt.date.fromisoformat(str(about["date"]))
        settings = about.get("settings") or {}
    except OSError:
        raise UsageError(
            f"{folder}: no recording is there ({INDEX} is missing)", Code.RECORDING, hint="make one: ingest record"
        ) from None
    except (yaml.YAMLError, TypeError, KeyError, ValueError, AttributeError):
        raise UsageError(
            f"{index}: it must say source, date and settings", Code.RECORDING, hint="make it anew: ingest record"
        ) from None
    answers = dict(_read(path) for path in sorted(folder.glob(f"*{ENDING}")))
    return Recording(source, date, settings, answers)


def _text(url: str, response: HttpResponse) -> bytes:
    kept = {name: value for name, value in response.headers.items() if _KEPT_HEADERS.fullmatch(name)}
    lines = [f"GET {url}", str(response.status), *(f"{name}: {value}" for name, value in kept.items())]
    return "\n".join(lines).encode("utf-8", "replace") + b"\n\n" + response.body


def _read(path: Path) -> tuple[str, HttpResponse]:
    head, *rest_of_file = _EMPTY_LINE.split(path.read_bytes(), 1)
    first, _, rest = head.partition(b"\n")
    status, *headers = rest.decode("utf-8", "replace").splitlines() or [""]
    asked = _FIRST_LINE.fullmatch(first.strip())
    if asked is None or not re.fullmatch(r"[1-5][0-9]{2}", status.strip()) or not rest_of_file:
        raise UsageError(
            f"{path}: not a recorded answer",
            Code.RECORDING,
            hint="its lines are: GET and the URL; the status; headers; an empty one; then the body",
        )
    pairs = (line.partition(":") for line in headers)
    told = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return asked[1].decode(), HttpResponse(int(status), told, rest_of_file[0])


def _slug(url: str) -> str:
    parts = urlsplit(url)
    words = re.sub(r"[^A-Za-z0-9]+", "-", f"{parts.path} {parts.query}").strip("-").lower()
    return words[:60].strip("-") or "root"


def _require_ours(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", Code.FOLDER, hint="choose another")
    others = [path.name for path in folder.glob("*") if path.suffix != ENDING and path.name != INDEX]
    if others:
        raise UsageError(
            f"{folder} holds {min(others)!r}, which is no recording; one replaces what was there before it",
            Code.FOLDER,
            hint="choose an empty folder",
        )
