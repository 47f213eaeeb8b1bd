"""One YAML file as values and the places they stand at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from ingest_core.codes import Code
from ingest_core.config.places import LatePlaces, Path_, Place
from ingest_core.config.stamp import Stamp, read_stamp
from ingest_core.errors import ConfigError, Located, UsageError

MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file. `places` gives (line, column) of the value at a path, `key_places` of its key, from 1.

    `stamp` is what was found out about the file before. `trusts_schema` where a schema counts as one as long as it
    finds nothing wrong: judging a schema costs more than all that a run does before its first request.
    """

    file: str
    value: Mapping[str, Any]
    places: Mapping[Path_, Place]
    key_places: Mapping[Path_, Place]
    overridden: Mapping[Path_, str] = field(default_factory=dict)
    stamp: Stamp | None = None
    trusts_schema: bool = False

    def locate(self, path: Path_, what: str, code: Code, *, at_key: bool = False) -> Located:
        """`what`, with the place of `path` or of the nearest thing around it that stands in the file."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.overridden:
                return Located(self.overridden[path[:length]], 0, 0, what, code)
        for length in range(len(path), -1, -1):
            place = (self.key_places if at_key else self.places).get(path[:length])
            if place is not None:
                return Located(self.file, *place, what, code)
        return Located(self.file, 1, 1, what, code)


def read_document(path: Path, *, anew: bool = False) -> Document:
    """The file at `path`, by its stamp where it has one, unless it and its schema are to be judged `anew`.

    Raises UsageError where it cannot be read and ConfigError where it is not such YAML.
    """
    shown, body = _shown(path), read_body(path)
    stamp = None if anew else read_stamp(path, body)
    if stamp is None:
        return replace(parse_document(decoded(body, shown), shown), trusts_schema=not anew)
    read = cache(lambda: parse_document(decoded(body, shown), shown))
    places = LatePlaces(lambda: read().places), LatePlaces(lambda: read().key_places)
    return Document(shown, stamp.value, *places, stamp=stamp, trusts_schema=True)


def read_body(path: Path) -> bytes:
    """The bytes of a config. Raises UsageError where they cannot be read, ConfigError where they are too many."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{_shown(path)}: {error.strerror or error}", Code.CONFIG_UNKNOWN) from error
    if len(body) > MAX_BYTES:
        raise _not_yaml(_shown(path), 1, 1, f"the file has {len(body):,} bytes; a config has at most {MAX_BYTES:,}")
    return body


def parse_document(text: str, file: str) -> Document:
    """`text` as a document whose top is a mapping."""
    from ingest_core.config.dialect import Reader  # and with it PyYAML: not where a stamp says it all

    reader = Reader(file)
    value = reader.read(text)
    if not isinstance(value, dict):
        raise _not_yaml(file, 1, 1, "a config is a mapping: it begins with `source: …`")
    return Document(file, value, reader.places, reader.key_places)


def parse_value(text: str, file: str) -> Any:
    """`text` as one YAML value, for `--set`."""
    from ingest_core.config.dialect import Reader

    return Reader(file).read(text)


def decoded(body: bytes, file: str) -> str:
    """The text of a config, which is UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise _not_yaml(file, line, 1, "not UTF-8: save the file as UTF-8") from None


def _not_yaml(file: str, line: int, column: int, what: str) -> ConfigError:
    return ConfigError([Located(file, line, column, what, Code.CONFIG_NOT_YAML)])


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
