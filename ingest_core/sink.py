"""The one generic sink: Record → checks → key → put-if-absent → read-back → Landed.

It knows no source. What it needs of a record is a stream, an id and bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ingest_core.errors import LakeError
from ingest_core.keys import RecordKeys, id_text
from ingest_core.lake import Lake, Stored
from ingest_core.model import Origin, Record, Rejected
from ingest_core.model.rawjson import is_json
from ingest_core.state import Landed, Provenance


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who wrote an object, as S3 metadata tells it: config, run, generation and epoch of the claim."""

    config: str
    run: str
    generation: int
    epoch: int

    def metadata(self, slice_name: str, sha256: str) -> Mapping[str, str]:
        """The `x-amz-meta-ingest-*` of one object."""
        return {
            "ingest-config": self.config,
            "ingest-run": self.run,
            "ingest-generation": str(self.generation),
            "ingest-slice": slice_name,
            "ingest-epoch": str(self.epoch),
            "ingest-sha256": sha256,
        }


def reason_to_reject(record: Record) -> str | None:
    """Why this record cannot land, or None. All of it is known before a byte is written."""
    if id_text(record.id) is None:
        return bad_id(record.id)
    if not record.body:
        return "malformed: the body is empty"
    if not is_json(record.body):
        return "malformed: the body is not well-formed JSON in UTF-8"
    return None


def bad_id(id: object) -> str:
    """Why `id`, which `keys.id_text` refuses, is no id."""
    if id is None or id == "":
        return "bad id: there is none"
    if isinstance(id, str | int) and not isinstance(id, bool):
        return "bad id: it cannot be written as UTF-8 text"
    return f"bad id: a {type(id).__name__} is no string or integer"


def as_rejected(record: Record, reason: str) -> Rejected:
    """What becomes of a record that cannot land."""
    return Rejected(record.stream, record.id, reason, record.body, record.origin)


def provenance(origin: Origin | None) -> Provenance | None:
    """What a part keeps of the answer that a record came from."""
    if origin is None:
        return None
    return Provenance(origin.url, origin.status, origin.fetched_at, origin.attempts, origin.headers.get("etag"))


class Sink:
    """Lands records of one run. Thread-safe, as its lake is."""

    def __init__(self, lake: Lake, keys: RecordKeys, stamp: Stamp) -> None:
        self._lake = lake
        self._keys = keys
        self._stamp = stamp

    def land(self, record: Record, slice_name: str) -> Landed:
        """Writes a record that has no reason to be rejected, once, and says what was found under its key."""
        id = id_text(record.id)
        if id is None:
            raise ValueError("a record without an id is rejected before it comes here")
        digest = hashlib.sha256(record.body).hexdigest()
        key = self._keys.key(record.stream, id)
        outcome = "written"
        if not self._lake.put_if_absent(key, record.body, self._stamp.metadata(slice_name, digest)):
            outcome = self._read_back(key, slice_name, digest)
        return Landed(
            stream=record.stream,
            id=id,
            key=key,
            sha256=digest,
            bytes=len(record.body),
            outcome=outcome,
            origin=provenance(record.origin),
        )

    def _read_back(self, key: str, slice_name: str, digest: str) -> str:
        """The key exists. Whose is it? The same bytes are ours whoever wrote them; others are kept and named.

        Replacing what an earlier generation wrote, and telling an earlier attempt of this very slice from a stranger
        on a disk, need the intents of the claim protocol; until then a difference is a conflict.
        """
        stored = self._lake.get(key)
        if stored is None:
            raise LakeError(f"{key}: refused as existing, then not found", hint="run again")
        if hashlib.sha256(stored.body).hexdigest() == digest:
            return "written" if self._is_own(stored, slice_name) else "present"
        return "conflict"

    def _is_own(self, stored: Stored, slice_name: str) -> bool:
        """Our own write, whose answer was lost: it carries this run, this slice and this claim."""
        metadata = stored.metadata
        return (
            metadata.get("ingest-run") == self._stamp.run
            and metadata.get("ingest-slice") == slice_name
            and metadata.get("ingest-epoch") == str(self._stamp.epoch)
        )
