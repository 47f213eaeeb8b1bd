"""The few words that can be placed in a path or a parameter: the run's date, the checkpoint, the id of a row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ingest_source_rest.settings import Settings, Stream

DATES = ("date", "year", "month", "day")
CHECKPOINT = "checkpoint"
ID = "id"
_WORD = re.compile(r"\{([a-z_]+)\}")

Value = str | int | float | bool


def words_in(value: object) -> list[str]:
    """The words in braces: `"from:{date}"` → `["date"]`."""
    return _WORD.findall(value) if isinstance(value, str) else []


def placed(text: str, words: Mapping[str, str]) -> str:
    """`text` with each word in braces replaced by what it stands for; unknown ones stay."""
    return _WORD.sub(lambda found: words.get(found[1], found[0]), text)


def of_date(date: dt.date) -> dict[str, str]:
    """`{date}` is 2026-11-23; `{year}`, `{month}` and `{day}` are its parts, for APIs that write dates otherwise."""
    return {"date": date.isoformat(), "year": f"{date:%Y}", "month": f"{date:%m}", "day": f"{date:%d}"}


def params_of(given: Mapping[str, Value], words: Mapping[str, str]) -> dict[str, Value]:
    """The parameters with their words placed. One with a word that stands for nothing yet, such as the checkpoint of
    the first run, is left out.
    """
    known = {name: value for name, value in given.items() if set(words_in(value)) <= words.keys()}
    return {name: placed(value, words) if isinstance(value, str) else value for name, value in known.items()}


def path_with_id(path: str, id: str, date: dt.date) -> str:
    """The path of one row's own document; the id is quoted, slashes too."""
    return placed(path, {**of_date(date), ID: quote(id, safe="")})


def places(stream: Stream) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Everything of a stream in which a word may stand, with its path."""
    yield ("path",), stream.get("path")
    yield ("id",), stream.get("id")
    for name, value in stream.get("params", {}).items():
        yield ("params", name), value
    detail = stream.get("detail", {})
    yield ("detail", "path"), detail.get("path")
    for name, value in detail.get("params", {}).items():
        yield ("detail", "params", name), value


def is_dated(settings: Settings) -> bool:
    """Whether any request depends on the date, so that past days can be run."""
    return any(
        word in DATES for stream in settings["streams"] for _, value in places(stream) for word in words_in(value)
    )
