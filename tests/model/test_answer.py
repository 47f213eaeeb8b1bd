"""What an answer is, outcome by outcome."""

from __future__ import annotations

import datetime as dt

import pytest

from ingest_core.errors import (
    CredentialsError,
    IngestError,
    MalformedError,
    NotFoundError,
    RequestRefusedError,
    TransientError,
)
from ingest_core.model import Answer, Missing, Outcome, Record, Rejected

FETCHED_AT = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
ERRORS: list[tuple[Outcome, type[IngestError]]] = [
    (Outcome.MISSING, NotFoundError),
    (Outcome.REJECTED, MalformedError),
    (Outcome.TRANSIENT, TransientError),
    (Outcome.UNAUTHORIZED, CredentialsError),
    (Outcome.REFUSED, RequestRefusedError),
]


def answered(body: bytes = b"{}", outcome: Outcome = Outcome.OK, reason: str = "", hint: str = "") -> Answer:
    return Answer(
        status=200,
        headers={"etag": "x"},
        body=body,
        url="https://api.example.org/v1/things/7",
        fetched_at=FETCHED_AT,
        outcome=outcome,
        reason=reason,
        hint=hint,
    )


def test_an_ok_answer_becomes_a_record_with_its_bytes_and_its_origin() -> None:
    answer = answered(b'{"price": 7.10}\n')
    record = answer.record("thing", 7)
    assert record == Record("thing", 7, b'{"price": 7.10}\n', answer)


def test_an_ok_answer_that_is_not_json_is_still_a_record_for_the_sink_to_judge() -> None:
    record = answered(b"<html>").record("thing", 7)
    assert isinstance(record, Record)
    assert record.body == b"<html>"


def test_a_missing_answer_becomes_missing_with_its_reason() -> None:
    answer = answered(outcome=Outcome.MISSING, reason="404 Not Found")
    assert answer.record("thing", 7) == Missing("thing", 7, "404 Not Found")


def test_a_rejected_answer_becomes_rejected_with_reason_body_and_origin() -> None:
    answer = answered(b"moved", Outcome.REJECTED, "301 Moved Permanently")
    assert answer.record("thing", "a") == Rejected("thing", "a", "301 Moved Permanently", b"moved", answer)


@pytest.mark.parametrize(("outcome", "error"), ERRORS[2:])
def test_what_is_never_the_fault_of_one_id_is_raised(outcome: Outcome, error: type[IngestError]) -> None:
    with pytest.raises(error):
        answered(outcome=outcome).record("thing", 7)


def test_check_hands_an_ok_answer_back() -> None:
    answer = answered()
    assert answer.check() is answer
    assert answer.ok


@pytest.mark.parametrize(("outcome", "error"), ERRORS)
def test_check_raises_the_error_of_the_outcome_with_its_reason_and_hint(
    outcome: Outcome, error: type[IngestError]
) -> None:
    answer = answered(outcome=outcome, reason="why not", hint="do this")
    assert not answer.ok
    with pytest.raises(error) as raised:
        answer.check()
    assert type(raised.value) is error
    assert (raised.value.what, raised.value.hint) == ("GET https://api.example.org/v1/things/7: why not", "do this")
    assert raised.value.code.startswith("INGEST-K" if error is CredentialsError else "INGEST-A")


@pytest.mark.parametrize(("outcome", "error"), ERRORS)
def test_nothing_is_read_from_an_answer_that_is_not_ok(outcome: Outcome, error: type[IngestError]) -> None:
    answer = answered(b'{"items":[1]}', outcome)
    with pytest.raises(error):
        answer.rows("items")
    with pytest.raises(error):
        answer.field("items")
    with pytest.raises(error):
        answer.json()


def test_rows_and_fields_come_from_the_body() -> None:
    answer = answered(b'{"meta": {"next_token": "n2"}, "items": [{"id": 5, "user": {"id": "u"}}]}')
    (row,) = answer.rows("items")
    assert (row.field("id"), row.field("user.id"), answer.field("meta.next_token")) == (5, "u", "n2")
    assert answer.json() == {"meta": {"next_token": "n2"}, "items": [{"id": 5, "user": {"id": "u"}}]}


def test_an_answer_without_the_array_is_malformed_and_names_the_url() -> None:
    with pytest.raises(MalformedError, match=r"GET https://api\.example\.org/v1/things/7: .*'items'"):
        answered(b"{}").rows("items")


@pytest.mark.parametrize("body", [b"", b"tru", b"<html>", b"[" * 100_000, b'{"a": "\xff"}'])
def test_json_of_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError, match="not JSON"):
        answered(body).json()


@pytest.mark.parametrize("body", [b"NaN", b"\xef\xbb\xbf{}", '{"a":1}'.encode("utf-16"), b'"\xed\xa0\x80"'])
def test_json_refuses_what_is_json_refuses(body: bytes) -> None:
    with pytest.raises(MalformedError, match="not JSON"):
        answered(body).json()
