"""What answers mean, asked through requests.Session with the wire stubbed by `responses`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import responses
from wire import BASE, MakeBench

from ingest_core.api import HttpRequest, Limits, TransportError
from ingest_core.api.transport_requests import RequestsTransport, new_session
from ingest_core.model import Answer, Connection, Outcome, Secret, query_key
from ingest_core.model.rawjson import is_json

KEY = "k3y-0f-all-k3ys"
URL = f"{BASE}/things"


@pytest.fixture
def stubbed() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with new_session(2) as session:
        yield session


def asked(bench: MakeBench, session: requests.Session, limits: Limits | None = None) -> Answer:
    connection = Connection(BASE, query_key("api_key", Secret("env:THING_KEY", lambda _: KEY)))
    made = bench(RequestsTransport(session), connection=connection, limits=limits or Limits(attempts=2))
    (answer,) = made.api.get_many(["/things"])
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.OK),
        (204, Outcome.OK),
        (301, Outcome.REJECTED),
        (307, Outcome.REJECTED),
        (400, Outcome.REFUSED),
        (401, Outcome.UNAUTHORIZED),
        (403, Outcome.UNAUTHORIZED),
        (404, Outcome.MISSING),
        (405, Outcome.REFUSED),
        (408, Outcome.TRANSIENT),
        (410, Outcome.MISSING),
        (422, Outcome.REFUSED),
        (429, Outcome.TRANSIENT),
        (500, Outcome.TRANSIENT),
        (503, Outcome.TRANSIENT),
        (599, Outcome.TRANSIENT),
    ],
)
def test_a_status_means_what_rfc_9110_says(
    bench: MakeBench, stubbed: responses.RequestsMock, session: requests.Session, status: int, outcome: Outcome
) -> None:
    stubbed.get(
        URL,
        status=status,
        body=b"" if status == 204 else b'{"why": "quoted"}',
        headers={"Location": "https://evil.example/"},
    )
    answer = asked(bench, session)
    assert (answer.status, answer.outcome) == (status, outcome)
    assert "quoted" not in answer.reason
    assert (answer.reason == "") is (outcome is Outcome.OK)


def test_a_redirect_is_not_followed(
    bench: MakeBench, stubbed: responses.RequestsMock, session: requests.Session
) -> None:
    stubbed.get(URL, status=302, headers={"Location": f"{BASE}/elsewhere"})
    stubbed.get(f"{BASE}/elsewhere", json={"id": 1})
    answer = asked(bench, session)
    assert answer.outcome is Outcome.REJECTED
    assert "redirects are not followed" in answer.reason
    assert len(stubbed.calls) == 1


def test_html_with_status_200_is_ok_here_and_not_json(
    bench: MakeBench, stubbed: responses.RequestsMock, session: requests.Session
) -> None:
    stubbed.get(URL, body=b"<html>sign in</html>", content_type="text/html")
    answer = asked(bench, session)
    assert answer.outcome is Outcome.OK
    assert answer.headers["content-type"] == "text/html"
    assert not is_json(answer.body)


def test_a_failed_connection_is_transient_and_its_text_is_our_own(
    bench: MakeBench, stubbed: responses.RequestsMock, session: requests.Session
) -> None:
    stubbed.get(URL, body=requests.ConnectionError(f"HTTPSConnectionPool: {URL}?api_key={KEY} refused"))
    answer = asked(bench, session)
    assert (answer.status, answer.outcome) == (0, Outcome.TRANSIENT)
    assert answer.reason == "the connection failed or was reset (tried 2 times)"
    assert KEY not in repr(answer)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (requests.exceptions.SSLError(KEY), "the server's TLS certificate is not trusted"),
        (requests.ReadTimeout(KEY), "no answer in time"),
        (requests.ConnectTimeout(KEY), "no answer in time"),
        (requests.exceptions.ChunkedEncodingError(KEY), "the body was cut short"),
        (requests.exceptions.InvalidURL(KEY), "the request failed (InvalidURL)"),
        (ConnectionResetError(KEY), "the connection failed or was reset"),
        (TimeoutError(KEY), "no answer in time"),
    ],
)
def test_errors_of_the_library_are_told_in_our_own_words(
    stubbed: responses.RequestsMock, session: requests.Session, raised: Exception, told: str
) -> None:
    stubbed.get(URL, body=raised)
    with pytest.raises(TransportError) as error:
        RequestsTransport(session).send(HttpRequest(URL, {}), seconds=5, max_bytes=100)
    assert str(error.value) == told
    assert error.value.permanent is isinstance(raised, ValueError)  # the request itself is wrong: no retry mends it


def test_a_body_over_the_limit_is_rejected_and_not_asked_for_again(
    bench: MakeBench, stubbed: responses.RequestsMock, session: requests.Session
) -> None:
    stubbed.get(URL, body=b"x" * 1001)
    answer = asked(bench, session, Limits(max_bytes=1000))
    assert (answer.outcome, answer.body) == (Outcome.REJECTED, b"")
    assert "1,000 bytes" in answer.reason
    assert len(stubbed.calls) == 1


def test_a_body_of_exactly_the_limit_is_fine(
    bench: MakeBench, stubbed: responses.RequestsMock, session: requests.Session
) -> None:
    stubbed.get(URL, body=b"x" * 1000)
    assert asked(bench, session, Limits(max_bytes=1000)).body == b"x" * 1000


def test_a_wrong_content_encoding_is_transient(
    bench: MakeBench, stubbed: responses.RequestsMock, session: requests.Session
) -> None:
    stubbed.get(URL, body=b'{"id":1}', headers={"Content-Encoding": "gzip"})
    answer = asked(bench, session)
    assert answer.outcome is Outcome.TRANSIENT
    assert "Content-Encoding" in answer.reason


def test_a_new_session_takes_nothing_from_the_environment(session: requests.Session) -> None:
    assert session.trust_env is False
