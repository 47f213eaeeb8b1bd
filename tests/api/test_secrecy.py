"""A key goes out with the request and is seen nowhere else."""

from __future__ import annotations

import logging
from urllib.parse import quote, quote_plus

import pytest
from wire import BASE, MakeBench, Reply, in_turn, said

from ingest_core.api import HttpRequest, Limits, TransportError
from ingest_core.api.redact import MASK, Redactor
from ingest_core.errors import IngestError
from ingest_core.model import Answer, Auth, Connection, Outcome, Secret, bearer, header_key, query_key

KEY = "tok-5f2a9c/+= ü"
FORMS = (KEY, quote(KEY, safe=""), quote_plus(KEY), "5f2a9c")
SECRET = Secret("env:THING_KEY", lambda _: KEY)
AUTHS = [bearer(SECRET), header_key("X-Api-Key", SECRET), query_key("api_key", SECRET)]
REPLIES = [
    said(200, b'{"id":1}'),
    said(301),
    said(401),
    said(403),
    said(404),
    said(422),
    said(429),
    said(500),
    TransportError("the connection failed or was reset"),
    TransportError("the body is larger than 5 bytes", permanent=True),
]


def holds_the_key(text: str) -> bool:
    return any(form in text for form in FORMS)


@pytest.mark.parametrize("auth", AUTHS, ids=["bearer", "header_key", "query_key"])
@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: str(getattr(reply, "status", reply)))
def test_no_answer_error_or_log_holds_the_key(
    bench: MakeBench, caplog: pytest.LogCaptureFixture, auth: Auth, reply: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    made = bench(in_turn(reply), connection=Connection(BASE, auth), limits=Limits(attempts=2))
    seen: list[object] = []
    (answer,) = made.api.get_many(["/things"])
    seen += [answer, answer.url, answer.reason, answer.hint, answer.headers]
    try:
        answer.check().rows("items")
    except IngestError as error:
        seen += [error, repr(error), error.what, error.hint]
    sent = made.fake.sent[0]
    assert holds_the_key(sent.url + str(dict(sent.headers))), "the key was not sent at all"
    assert not [text for text in map(str, seen) if holds_the_key(text)]
    assert not holds_the_key(caplog.text)
    assert not holds_the_key(repr(sent) + str(sent) + repr([sent]))
    assert answer.url == f"{BASE}/things"


def test_a_retry_is_logged_without_the_key(bench: MakeBench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = bench(in_turn(said(500), said(200)), connection=Connection(BASE, query_key("api_key", SECRET)))
    made.api.get("/things", page=2)
    assert "/things?page=2" in caplog.text
    assert not holds_the_key(caplog.text)


def test_each_kind_of_auth_signs_in_its_own_place(bench: MakeBench) -> None:
    sent: list[HttpRequest] = []
    for auth in AUTHS:
        made = bench(in_turn(said(200)), connection=Connection(BASE, auth))
        made.api.get("/things", page=2)
        sent += made.fake.sent
    assert sent[0].headers["Authorization"] == f"Bearer {KEY}"
    assert sent[1].headers["X-Api-Key"] == KEY
    assert sent[2].url == f"{BASE}/things?page=2&api_key={quote_plus(KEY)}"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_named_by_its_reference(bench: MakeBench, status: int) -> None:
    made = bench(in_turn(said(status)), connection=Connection(BASE, bearer(SECRET)))
    (answer,) = made.api.get_many(["/things"])
    assert answer.outcome is Outcome.UNAUTHORIZED
    assert "env:THING_KEY" in answer.hint


def test_a_source_that_sends_no_key_is_told_so(bench: MakeBench) -> None:
    (answer,) = bench(in_turn(said(401))).api.get_many(["/things"])
    assert "sends none" in answer.hint


def test_the_source_says_what_an_answer_means_and_sees_no_key(bench: MakeBench) -> None:
    seen: list[Answer] = []

    def classify(answer: Answer) -> Outcome | None:
        seen.append(answer)
        return {21: Outcome.MISSING, 22: Outcome.OK}.get(answer.field("code"))

    connection = Connection(BASE, query_key("api_key", SECRET), classify=classify)
    replies = in_turn(said(200, b'{"code":21}'), said(404, b'{"code":22}'), said(404), said(200))
    made = bench(replies, connection=connection)
    outcomes = [answer.outcome for answer in made.api.get_many(["/a", "/b", "/c", "/d"])]
    assert outcomes == [Outcome.MISSING, Outcome.OK, Outcome.MISSING, Outcome.OK]
    assert not holds_the_key(repr(seen))


def test_a_source_may_call_an_answer_transient_and_it_is_tried_again(bench: MakeBench) -> None:
    def classify(answer: Answer) -> Outcome | None:
        return Outcome.TRANSIENT if answer.body == b"busy" else None

    made = bench(in_turn(said(200, b"busy"), said(200)), connection=Connection(BASE, classify=classify))
    assert made.api.get("/things").attempts == 2


def logged(redactor: Redactor, message: str, *args: object) -> str:
    record = logging.LogRecord("x", logging.INFO, "f", 1, message, args, None)
    assert redactor.filter(record)
    return record.getMessage()


def test_a_redactor_masks_what_it_learnt_as_it_stands_and_encoded() -> None:
    redactor = Redactor()
    redactor.learn(KEY)
    for form in FORMS[:3]:
        assert logged(redactor, "GET %s!", f"https://x/?k={form}") == f"GET https://x/?k={MASK}!"
    assert logged(redactor, "%d rows of %s", 3, "movie") == "3 rows of movie"


def test_a_redactor_masks_tracebacks() -> None:
    redactor = Redactor()
    redactor.learn(KEY)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), (ValueError, ValueError(f"at {KEY}"), None))
    redactor.filter(record)
    shown = logging.Formatter().format(record)
    assert f"ValueError: at {MASK}" in shown
    assert KEY not in shown


def test_a_redactor_does_not_mask_half_of_every_sentence() -> None:
    redactor = Redactor()
    redactor.learn("a")
    redactor.learn("")
    assert redactor.clean("a banana") == "a banana"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    redactor = Redactor()
    redactor.learn("abcd")
    redactor.learn("abcdefgh")
    assert redactor.clean("key abcdefgh") == f"key {MASK}"


def test_a_wrong_log_call_of_a_library_does_not_reach_its_caller() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "%d rows", ("many",), None)
    assert Redactor().filter(record)
