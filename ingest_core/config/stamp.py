"""What was found out about a config before it was deployed, so that a cold start need not: its values, and that a
schema finds nothing wrong with them.

It lies beside the config (`tmdb.yaml` → `tmdb.stamp.json`), and counts for its very bytes alone. Whoever can write the
one can write the other: it is trusted as the config is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from ingest_core.version import __version__

FORMAT = 1


class Stamp(Struct, frozen=True):
    """The values of a config, and the digest of the schema that finds nothing wrong with them."""

    value: Mapping[str, Any]
    schema: str

    def vouches_for(self, value: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
        """Whether `schema` would find nothing wrong with `value`, which may name another lake than the file does."""
        lake = value.get("lake")
        is_some_text = isinstance(lake, str) and lake != ""  # all that any config's schema says of it
        same = _text({**value, "lake": ""}) == _text({**self.value, "lake": ""})
        return is_some_text and same and self.schema == _digest(schema)


def stamp_of(path: Path) -> Path:
    """Where the stamp of the config at `path` lies."""
    return path.with_suffix(".stamp.json")


def read_stamp(path: Path, body: bytes) -> Stamp | None:
    """The stamp of the config at `path`, whose bytes are `body`.

    None where there is none, and where it is about other bytes or by another version: then it says nothing.
    """
    try:
        told = json.loads(stamp_of(path).read_bytes())
        about = told["format"], told["ingest_core"], told["config"]
        value, schema = told["value"], told["schema"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if about != (FORMAT, __version__, hashlib.sha256(body).hexdigest()) or not isinstance(value, dict):
        return None
    return Stamp(value, str(schema))


def write_stamp(path: Path, body: bytes, value: Mapping[str, Any], schema: Mapping[str, Any]) -> Path:
    """Writes that `value`, which is what `body` says, is right by `schema`. Raises OSError where it cannot."""
    told = {
        "format": FORMAT,
        "ingest_core": __version__,
        "config": hashlib.sha256(body).hexdigest(),
        "schema": _digest(schema),
        "value": value,
    }
    stamp = stamp_of(path)
    stamp.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return stamp


def _digest(schema: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text(schema).encode()).hexdigest()


def _text(value: Any) -> str:
    """The same for equal values, and for no others: 1, 1.0 and true are three."""
    return json.dumps(value, default=repr, skipkeys=True)
