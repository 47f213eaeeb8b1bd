"""The values that travel: what they refuse, and what a secret shows."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any

import pytest

from ingest_core.model import (
    Answer,
    FailureBudget,
    Missing,
    Record,
    Ref,
    Rejected,
    Row,
    Secret,
    Slice,
    Status,
    bearer,
    header_key,
    query_key,
)

VALUE = "s3cr3t-value"


@pytest.mark.parametrize("stream", ["movie", "issue_comment", "a", "a" * 64])
def test_a_lower_case_word_is_a_stream(stream: str) -> None:
    assert Ref(stream, 1).stream == stream


@pytest.mark.parametrize("stream", ["", "Movie", "1st", "_x", "a-b", "a/b", "é", "a" * 65, "a\n", None, 5])
def test_anything_else_is_no_stream(stream: Any) -> None:
    for make in (
        lambda: Ref(stream, 1),
        lambda: Record(stream, 1, b"{}"),
        lambda: Missing(stream, 1, ""),
        lambda: Rejected(stream, 1, ""),
    ):
        with pytest.raises(ValueError, match="stream"):
            make()


@pytest.mark.parametrize("body", ["{}", bytearray(b"{}"), memoryview(b"{}"), {}, None])
def test_the_body_of_a_record_is_bytes(body: Any) -> None:
    with pytest.raises(TypeError, match="bytes, as the API sent them"):
        Record("thing", 1, body)


@pytest.mark.parametrize("name", ["a", "things-1", "movie.2026-11-23_x", "A" * 120])
def test_a_slice_name_may_have_letters_digits_dots_and_dashes(name: str) -> None:
    assert Slice(name).name == name


@pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "-a", "a b", "é", "A" * 121, "a\n", None])
def test_a_slice_name_that_would_leave_its_folder_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="slice name"):
        Slice(name)


def test_what_travels_is_frozen() -> None:
    for value in (Slice("a"), Ref("thing", 1), Record("thing", 1, b"{}"), FailureBudget()):
        with pytest.raises(AttributeError):
            setattr(value, fields(value)[0].name, None)


def test_what_travels_is_a_dataclass_to_whoever_looks_for_one() -> None:
    slice = Slice("a", {"page": 1})
    assert is_dataclass(slice)
    assert [field.name for field in fields(Ref)][:2] == ["stream", "id"]
    assert replace(slice, name="b") == Slice("b", {"page": 1})
    assert replace(slice) == slice
    assert asdict(slice)["params"] == {"page": 1}
    with pytest.raises(ValueError, match="slice name"):
        replace(slice, name="../x")
    with pytest.raises(TypeError, match="nobody"):
        replace(slice, nobody=1)
    assert pickle.loads(pickle.dumps(slice)) == slice


def test_what_travels_shows_no_body() -> None:
    body = b"{canary}"
    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    answer = Answer(status=200, headers={"x": "canary"}, body=body, url="/u", fetched_at=now)
    for value in (Row(body), answer, Record("thing", 1, body, answer), Rejected("thing", 1, "why", body)):
        assert "canary" not in repr(value)
    assert repr(Record("thing", 1, body)) == "Record(stream='thing', id=1, origin=None)"


def test_a_secret_shows_its_reference_and_never_its_value() -> None:
    secret = Secret("env:THING_KEY", lambda _: VALUE)
    shown = [repr(secret), str(secret), f"{secret}", repr([secret]), repr({"settings": secret})]
    shown += [repr(make) for make in (bearer(secret), header_key("X-Key", secret), query_key("key", secret))]
    assert not [text for text in shown if VALUE in text]
    assert repr(secret) == "Secret(env:THING_KEY)"
    assert secret.reveal() == VALUE


def test_a_secret_is_written_nowhere() -> None:
    secret = Secret("env:THING_KEY", lambda _: VALUE)
    for write in (lambda: pickle.dumps(secret), lambda: copy.deepcopy(secret), lambda: json.dumps(secret)):
        with pytest.raises(TypeError) as raised:
            write()
        assert VALUE not in str(raised.value)


def test_secrets_are_equal_by_reference() -> None:
    one, same, other = (Secret(reference, lambda _: VALUE) for reference in ("env:A", "env:A", "env:B"))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "env:A"


@pytest.mark.parametrize(
    ("budget", "rejected", "tried", "allowed"),
    [
        (FailureBudget(), 0, 0, True),
        (FailureBudget(), 1, 1000, False),
        (FailureBudget(count=3), 3, 4, True),
        (FailureBudget(count=3), 4, 4000, False),
        (FailureBudget(share=0.01), 1, 100, True),
        (FailureBudget(share=0.01), 2, 100, False),
        (FailureBudget(share=0.01), 1, 99, False),
        (FailureBudget(share=0.01), 0, 0, True),
    ],
)
def test_a_budget_is_a_count_or_a_share_of_what_was_tried(
    budget: FailureBudget, rejected: int, tried: int, allowed: bool
) -> None:
    assert budget.allows(rejected, tried) is allowed


def test_every_status_has_the_exit_code_of_the_command() -> None:
    assert {status.value: status.exit_code for status in Status} == {"done": 0, "failed": 1, "partial": 3, "locked": 5}
