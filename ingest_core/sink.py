"""The one generic sink: Record → checks → key → put-if-absent → read-back → Landed.

It knows no source. What it needs of a record is a stream, an id and bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ingest_core.codes import Code
from ingest_core.errors import CaseFoldedError, LakeError, LeftError, LockedError
from ingest_core.keys import RecordKeys, id_text
from ingest_core.lake import Lake, Stored
from ingest_core.model import Batch, Origin, Record, Rejected, file_body
from ingest_core.model.rawjson import is_json
from ingest_core.state import Landed, Provenance

ATTEMPTS = 5


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


@dataclass(frozen=True, slots=True)
class Owner:
    """Who wrote an object of this config and date: a run (a generation, or a trial), its claim, and its slice."""

    run: str
    epoch: int
    slice: str

    @classmethod
    def of(cls, stored: Stored, stamp: Stamp) -> Owner | None:
        """None where another config or date wrote it, or the lake keeps no metadata."""
        run, epoch = stored.metadata.get("ingest-run", ""), stored.metadata.get("ingest-epoch", "")
        if run.rpartition("/")[0] != stamp.run.rpartition("/")[0] or not epoch.isdecimal():
            return None
        return cls(run, int(epoch), stored.metadata.get("ingest-slice", ""))

    def is_before(self, stamp: Stamp) -> bool:
        """Whether that was another run of the date, and an earlier one."""
        return self.run != stamp.run and self.epoch < stamp.epoch


@dataclass(frozen=True, slots=True)
class Line:
    """A record of a batch: `text` is its body on one line."""

    record: Record
    id: str
    text: bytes


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


@dataclass(frozen=True, slots=True)
class Parcel:
    """One object on its way to the lake, and the records in it, as a part will name them."""

    key: str
    body: bytes
    sha256: str
    records: tuple[Landed, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What lies under a parcel's key after it was put: outcome as in Landed, digest and size of the whole object.

    `key` is another than the parcel's where a disk folds case.
    """

    outcome: str
    sha256: str
    bytes: int
    key: str


class Sink:
    """Lands records of one generation of a run. Thread-safe, as its lake is.

    `may_write` is asked before each write, as its answer grows old while another is waited for; it raises where nothing
    may be written any more. `is_earlier(key, sha256)` says, for a lake that keeps no metadata, whether an earlier
    generation wrote that. `is_sole` where nobody else can be at the same slice at the same time: of two, one could take
    an earlier run's object for landed, as the bytes are the same, and the other replace it.
    """

    def __init__(
        self,
        lake: Lake,
        keys: RecordKeys,
        stamp: Stamp,
        is_earlier: Callable[[str, str], bool] = lambda key, sha256: False,
        may_write: Callable[[], None] = lambda: None,
        *,
        is_sole: bool = True,
    ) -> None:
        self._lake = lake
        self._keys = keys
        self._stamp = stamp
        self._is_earlier = is_earlier
        self._may_write = may_write
        self._is_sole = is_sole

    def parcel(self, record: Record, id: str) -> Parcel:
        """An object of its own for a record that has no reason to be rejected."""
        digest = hashlib.sha256(record.body).hexdigest()
        key = self._keys.key(record.stream, id)
        landed = Landed(
            stream=record.stream,
            id=id,
            key=key,
            sha256=digest,
            bytes=len(record.body),
            origin=provenance(record.origin),
        )
        return Parcel(key, record.body, digest, (landed,))

    def batch(self, lines: Sequence[Line], slice_name: str, number: int, batch: Batch) -> Parcel:
        """One file for records of one stream: a line each, every byte of it the API's but white space."""
        stream, generation = lines[0].record.stream, self._stamp.generation
        key = self._keys.batch_key(stream, slice_name, number, generation, batch.ending)
        body = file_body(batch, [line.text for line in lines])
        landed = tuple(
            Landed(
                stream=line.record.stream,
                id=line.id,
                key=key,
                sha256=hashlib.sha256(line.record.body).hexdigest(),
                bytes=len(line.record.body),
                origin=provenance(line.record.origin),
                line=None if line.text == line.record.body else hashlib.sha256(line.text).hexdigest(),
            )
            for line in lines
        )
        return Parcel(key, body, hashlib.sha256(body).hexdigest(), landed)

    def put(self, parcel: Parcel, slice_name: str) -> Found:
        """Writes the parcel once, and says what lies under its key then."""
        try:
            return self._put(parcel, slice_name)
        except CaseFoldedError:
            one = parcel.records[0]
            hashed = self._keys.hashed_key(one.stream, one.id)
            if parcel.key != self._keys.key(one.stream, one.id) or parcel.key == hashed:
                raise  # a file of many records: its name is its slice's
            return self._put(replace(parcel, key=hashed), slice_name)

    def _put(self, parcel: Parcel, slice_name: str) -> Found:
        metadata = self._stamp.metadata(slice_name, parcel.sha256)
        mine = Found("written", parcel.sha256, len(parcel.body), parcel.key)
        for _ in range(ATTEMPTS):
            self._may_write()
            if self._lake.put_if_absent(parcel.key, parcel.body, metadata):
                return mine
            stored = self._lake.get(parcel.key)
            if stored is None:
                continue  # removed since: by whoever tidies up an earlier generation, or by hand
            digest = hashlib.sha256(stored.body).hexdigest()
            outcome = self._whose(stored, digest, parcel, slice_name)
            if outcome != "earlier":
                return Found(outcome, digest, len(stored.body), parcel.key)
            self._may_write()
            if self._lake.swap(parcel.key, parcel.body, stored, metadata):
                return mine
        raise LakeError(f"{parcel.key} is changed faster than it can be read", Code.LAKE_RACE, hint="run again")

    def _whose(self, stored: Stored, found: str, parcel: Parcel, slice_name: str) -> str:
        """The key exists. Whose is it?

        Of this very slice, ours, whatever it says now: an earlier attempt landed it. Of another slice of this run, a
        repetition. Of an earlier run of the date, it makes room. The same bytes of anybody else do; other bytes are
        kept and named.
        """
        owner = Owner.of(stored, self._stamp)
        if owner is not None and owner.run == self._stamp.run:
            return "written" if owner.slice == slice_name else "repeated"
        if owner is not None and owner.epoch > self._stamp.epoch:
            raise LockedError(f"{parcel.key} was written by a later run of {self._stamp.config}", Code.LOCKED)
        if owner is not None and not self._is_sole:
            raise LeftError(f"slice {slice_name}: {parcel.key} is there of an earlier run of the day")
        if found == parcel.sha256:
            return "present"
        if owner is not None or self._is_earlier(parcel.key, found):
            return "earlier"
        return "conflict"
