"""Landing one record: what is refused before a byte is written, and what is found under its key."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ingest_core.errors import LakeError, LeftError, LockedError
from ingest_core.keys import RecordKeys
from ingest_core.lake import Lake
from ingest_core.model import Answer, Record
from ingest_core.sink import Found, Sink, Stamp, as_rejected, provenance, reason_to_reject

BODY = b'{"id": 7, "name": "caf\xc3\xa9"}'
KEY = "Raw/Things/JSON/2026/11/23/7.json"
KEYS = RecordKeys("Things", dt.date(2026, 11, 23))
STAMP = Stamp("things", "things/2026-11-23/g1", 1, 1)


class LosesAnswers:
    """A lake whose writes arrive and whose answers do not: asked again, it says that the key exists."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        self._lake.put_if_absent(key, body, metadata)
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)


def land(sink: Sink, record: Record, slice: str) -> Found:
    return sink.put(sink.parcel(record, str(record.id)), slice)


@pytest.fixture
def sink(lake: Lake) -> Sink:
    return Sink(lake, KEYS, STAMP)


def test_a_record_is_written_under_its_key_as_it_came(lake: Lake, sink: Sink) -> None:
    record = Record("thing", 7, BODY)
    (landed,) = sink.parcel(record, "7").records
    assert land(sink, record, "a") == Found("written", landed.sha256, landed.bytes, landed.key)
    stored = lake.get(KEY)
    assert stored is not None
    assert stored.body == BODY
    assert (landed.key, landed.id, landed.outcome, landed.bytes) == (KEY, "7", "written", len(BODY))
    assert landed.sha256 == hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize("body", [BODY, b'{"id": 7, "name": "another"}'])
def test_an_earlier_runs_object_is_left_alone_where_two_may_be_at_the_slice(lake: Lake, body: bytes) -> None:
    land(Sink(lake, KEYS, Stamp("things", "things/2026-11-23/trial-1", 0, 1)), Record("thing", 7, BODY), "a")
    shared = Sink(lake, KEYS, Stamp("things", "things/2026-11-23/g1", 1, 2), is_sole=False)
    with pytest.raises(LeftError, match="of an earlier run"):
        land(shared, Record("thing", 7, body), "a")
    stored = lake.get(KEY)
    assert stored is not None
    assert stored.body == BODY


def test_the_object_says_who_wrote_it(lake: Lake, sink: Sink) -> None:
    land(sink, Record("thing", 7, BODY), "list-p1")
    stored = lake.get(KEY)
    assert stored is not None
    assert dict(stored.metadata) == {
        "ingest-config": "things",
        "ingest-run": "things/2026-11-23/g1",
        "ingest-generation": "1",
        "ingest-slice": "list-p1",
        "ingest-epoch": "1",
        "ingest-sha256": hashlib.sha256(BODY).hexdigest(),
    }


def test_the_same_bytes_of_a_stranger_are_present(lake: Lake, sink: Sink) -> None:
    lake.put_if_absent(KEY, BODY, {"ingest-run": "other/2026-11-23/g1"})
    assert land(sink, Record("thing", 7, BODY), "a").outcome == "present"


def test_other_bytes_are_a_conflict_and_stay(lake: Lake, sink: Sink) -> None:
    lake.put_if_absent(KEY, b'{"id": 7}', {})
    assert land(sink, Record("thing", 7, BODY), "a").outcome == "conflict"
    stored = lake.get(KEY)
    assert stored is not None
    assert stored.body == b'{"id": 7}'


def test_an_own_write_whose_answer_was_lost_is_written(lake: Lake) -> None:
    sink = Sink(LosesAnswers(lake), KEYS, STAMP)
    assert land(sink, Record("thing", 7, BODY), "a").outcome == "written"


@pytest.mark.parametrize(
    ("stamp", "slice"),
    [(Stamp("things", "things/2026-11-22/g1", 1, 1), "a"), (Stamp("other", "other/x/g1", 1, 1), "a")],
    ids=["another date", "another run"],
)
def test_a_write_of_somebody_else_with_the_same_bytes_is_present(lake: Lake, stamp: Stamp, slice: str) -> None:
    land(Sink(lake, KEYS, stamp), Record("thing", 7, BODY), slice)
    assert land(Sink(lake, KEYS, STAMP), Record("thing", 7, BODY), "a").outcome == "present"


OTHER = b'{"id": 7, "changed": true}'


def test_what_an_earlier_claim_of_this_very_slice_wrote_is_ours_and_stays(lake: Lake) -> None:
    land(Sink(lake, KEYS, Stamp("things", "things/2026-11-23/g1", 1, 1)), Record("thing", 7, OTHER), "a")
    found = land(Sink(lake, KEYS, Stamp("things", "things/2026-11-23/g1", 1, 2)), Record("thing", 7, BODY), "a")
    assert found == Found("written", hashlib.sha256(OTHER).hexdigest(), len(OTHER), KEY)
    stored = lake.get(KEY)
    assert stored is not None
    assert stored.body == OTHER


@pytest.mark.parametrize("body", [OTHER, BODY], ids=["other bytes", "the same bytes"])
def test_what_another_slice_of_this_run_wrote_stays_and_is_repeated(sink: Sink, body: bytes) -> None:
    land(sink, Record("thing", 7, body), "b")
    assert land(sink, Record("thing", 7, BODY), "a").outcome == "repeated"


def test_a_later_trial_makes_an_earlier_one_s_record_give_way(lake: Lake) -> None:
    land(Sink(lake, KEYS, Stamp("things", "things/2026-11-23/trial-1", 0, 1)), Record("thing", 7, OTHER), "a")
    second = Sink(lake, KEYS, Stamp("things", "things/2026-11-23/trial-2", 0, 2))
    assert land(second, Record("thing", 7, BODY), "a") == Found(
        "written", hashlib.sha256(BODY).hexdigest(), len(BODY), KEY
    )


def test_what_an_earlier_generation_wrote_is_replaced(lake: Lake, sink: Sink) -> None:
    land(sink, Record("thing", 7, OTHER), "a")
    second = Sink(lake, KEYS, Stamp("things", "things/2026-11-23/g2", 2, 3))
    assert land(second, Record("thing", 7, BODY), "b").outcome == "written"
    stored = lake.get(KEY)
    assert stored is not None
    assert (stored.body, stored.metadata["ingest-generation"]) == (BODY, "2")


def test_a_later_generation_is_never_overwritten_by_an_earlier_one(lake: Lake, sink: Sink) -> None:
    land(Sink(lake, KEYS, Stamp("things", "things/2026-11-23/g2", 2, 3)), Record("thing", 7, OTHER), "a")
    with pytest.raises(LockedError):
        land(sink, Record("thing", 7, BODY), "a")


def test_on_a_lake_without_metadata_what_earlier_parts_name_is_replaced(lake: Lake) -> None:
    lake.put_if_absent(KEY, OTHER, {})
    named = {(KEY, hashlib.sha256(OTHER).hexdigest())}
    second = Sink(lake, KEYS, Stamp("things", "things/2026-11-23/g2", 2, 3), lambda *found: found in named)
    assert land(second, Record("thing", 7, BODY), "b").outcome == "written"
    assert land(second, Record("thing", 7, OTHER), "c").outcome == "repeated"


def test_a_key_that_exists_and_then_does_not_is_an_error_of_the_lake() -> None:
    class Haunted:
        def put_if_absent(self, *_: object) -> bool:
            return False

        def get(self, key: str) -> None:
            return None

    haunted: Any = Haunted()
    with pytest.raises(LakeError, match=r"7\.json"):
        land(Sink(haunted, KEYS, STAMP), Record("thing", 7, BODY), "a")


@pytest.mark.parametrize("id", [None, True, False, 1.5, "", [1], {"id": 1}, b"7"], ids=repr)
def test_an_id_that_is_no_string_or_integer_is_a_reason_to_reject(id: object) -> None:
    assert "bad id" in (reason_to_reject(Record("thing", id, BODY)) or "")


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"<html>", b'{"a": 1', b"{} {}", b'\xef\xbb\xbf{"a": 1}', b'"\xff"', b"NaN", b"{'a': 1}", b"[1,]"],
    ids=repr,
)
def test_a_body_that_is_not_json_in_utf8_is_a_reason_to_reject(body: bytes) -> None:
    assert "malformed" in (reason_to_reject(Record("thing", 7, body)) or "")


@pytest.mark.parametrize(
    "body",
    [b"null", b"0", b"[]", b'"\\ud800"', b" {} \n", b"1e999", b"1" * 400, b'{"a":1,"a":2}', b"[" * 90 + b"]" * 90],
    ids=lambda body: repr(body[:20]),
)
@pytest.mark.parametrize("id", [0, -1, "7", 2**70, "a/b", " "], ids=repr)
def test_whatever_is_json_lands(body: bytes, id: object) -> None:
    assert reason_to_reject(Record("thing", id, body)) is None


def test_a_record_that_cannot_land_keeps_all_that_it_was() -> None:
    rejected = as_rejected(Record("thing", 1.5, BODY), "bad id")
    assert (rejected.stream, rejected.id, rejected.reason, rejected.body) == ("thing", 1.5, "bad id", BODY)


def test_the_origin_is_kept_without_headers_that_could_hold_a_secret(sink: Sink) -> None:
    came = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    answer = Answer(
        status=200,
        headers={"etag": 'W/"1"', "set-cookie": "session=hidden", "x-api-key": "hidden"},
        body=BODY,
        url="https://api.example.org/things/7",
        fetched_at=came,
        attempts=3,
    )
    origin = sink.parcel(Record("thing", 7, BODY, answer), "7").records[0].origin
    assert origin is not None
    assert (origin.url, origin.status, origin.attempts, origin.etag) == (answer.url, 200, 3, 'W/"1"')
    assert origin.fetched_at == came
    assert "hidden" not in repr(origin)


def test_a_record_of_no_answer_has_no_origin(records: Callable[[], dict[str, bytes]], sink: Sink) -> None:
    assert provenance(None) is None
    assert sink.parcel(Record("thing", 7, BODY), "7").records[0].origin is None
    land(sink, Record("thing", 7, BODY), "a")
    assert records() == {KEY: BODY}
