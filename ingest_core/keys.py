"""Every path of the lake is spelt here, and nowhere else.

Records    Raw/<Label>/JSON[/<Specification>]/YYYY/MM/DD/<file>.json
Control    _ingest/<Label>/<config>/YYYY-MM-DD/g<N>/…
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_LARGEST = 10**1000  # Python itself refuses to write integers of more than 4,300 digits
LABEL = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
CONFIG_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
RECORDS = "Raw"
CONTROL = "_ingest"


def id_text(id: object) -> str | None:
    """The text of a record's id, or None where it is no id: only integers and non-empty UTF-8 strings are."""
    if isinstance(id, str):
        return id if id and _is_utf8(id) else None
    if isinstance(id, int) and not isinstance(id, bool):
        return str(id) if abs(id) < _LARGEST else None
    return None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no part could hold
        return False
    return True


def file_stem(id: str) -> str:
    """The id itself where it is safe in every file system and URL, else `sha256.<hex>` of its UTF-8 bytes.

    Injective: a safe id has no dot, so it is never mistaken for a hashed one.
    """
    if _SAFE_ID.fullmatch(id):
        return id
    return f"sha256.{hashlib.sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()}"


@dataclass(frozen=True, slots=True)
class RecordKeys:
    """The keys of one run's records.

    `specification` maps a stream to the folder before the date; the stream "*" stands for all others. A stream with
    a folder of its own has `<id>.json`; without one, a source of several streams has `<stream>-<id>.json`, so that
    movie 11 and show 11 never meet.
    """

    label: str
    date: dt.date
    streams: tuple[str, ...] = ()
    specification: Mapping[str, str] = field(default_factory=dict)

    def folder(self, stream: str) -> str:
        """The folder of a stream's records on this run's date, with a slash at its end."""
        specification = self.specification.get(stream) or self.specification.get("*")
        parts = [
            RECORDS,
            self.label,
            "JSON",
            *([specification] if specification else []),
            self.date.isoformat().replace("-", "/"),
        ]
        return "/".join(parts) + "/"

    def common_folder(self) -> str:
        """The folder under which all records of the run lie, for a person to look at."""
        folders = {self.folder(stream) for stream in self.streams or ("",)}
        return folders.pop() if len(folders) == 1 else f"{RECORDS}/{self.label}/JSON/"

    def key(self, stream: str, id: str) -> str:
        """The key of one record."""
        return f"{self.folder(stream)}{self._prefix(stream)}{file_stem(id)}.json"

    def collisions(self) -> list[tuple[str, str]]:
        """Pairs of streams whose records could get the same key."""
        return [
            (one, other)
            for one, other in itertools.combinations(self.streams, 2)
            if self.folder(one) == self.folder(other) and not (self._prefix(one) and self._prefix(other))
        ]

    def _prefix(self, stream: str) -> str:
        return f"{stream}-" if len(self.streams) > 1 and stream not in self.specification else ""


def control_root(label: str, config: str) -> str:
    """The folder of all runs of one config."""
    return f"{CONTROL}/{label}/{config}/"


@dataclass(frozen=True, slots=True)
class ControlKeys:
    """The keys of one run's own files."""

    label: str
    config: str
    date: dt.date
    generation: int = 1

    @property
    def day(self) -> str:
        return f"{control_root(self.label, self.config)}{self.date.isoformat()}/"

    @property
    def root(self) -> str:
        return f"{self.day}g{self.generation}/"

    @property
    def run(self) -> str:
        """The name of the run: `<config>/YYYY-MM-DD/g<N>`."""
        return f"{self.config}/{self.date.isoformat()}/g{self.generation}"

    def plan(self, round: int, segment: int) -> str:
        return f"{self.root}plan-{round}-{segment}.json"

    def part(self, slice_name: str) -> str:
        return f"{self.root}parts/{slice_name}.json"

    def quarantine(self, slice_name: str, number: int) -> str:
        return f"{self.root}quarantine/{slice_name}/{number}.json"

    def manifest(self) -> str:
        return f"{self.root}manifest.json"
