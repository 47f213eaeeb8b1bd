"""Which transport is taken: the fast engine's where it is installed, and never past a mock."""

from __future__ import annotations

import pytest
import responses

from ingest_core.api import HttpRequest, Network, Transport, TransportError, open_transport
from ingest_core.api.transport_requests import RequestsTransport
from ingest_core.engine import Engine
from ingest_core.errors import UsageError

URL = "https://api.example.org/v1/things"


def body(transport: Transport) -> bytes:
    return transport.send(HttpRequest(URL, {}), seconds=5, max_bytes=100).body


@pytest.mark.parametrize("engine", Engine)
def test_a_mock_answers_whatever_the_engine(engine: Engine) -> None:
    transport = open_transport(2, engine=engine)
    with responses.RequestsMock() as mock:
        mock.get(URL, body=b"mocked")
        assert body(transport) == b"mocked"


def test_after_a_mock_the_fast_engine_sends_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> list[str]:
        raise OSError("no name server in this test")

    monkeypatch.setattr("socket.getaddrinfo", nobody)
    transport = open_transport(2, engine=Engine.FAST)
    with responses.RequestsMock() as mock:
        mock.get(URL, body=b"mocked")
        body(transport)
    with pytest.raises(TransportError, match="the connection failed"):
        body(transport)


def test_the_fast_engine_is_taken_where_it_is_installed_unless_another_is_asked_for() -> None:
    assert not isinstance(open_transport(2), RequestsTransport)
    assert isinstance(open_transport(2, Network(), Engine.DEFAULT), RequestsTransport)


def test_without_pycurl_requests_is_taken_and_the_fast_engine_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingest_core.engine.find_spec", lambda name: None)
    assert isinstance(open_transport(2), RequestsTransport)
    with pytest.raises(UsageError, match="pycurl is not installed") as raised:
        open_transport(2, engine=Engine.FAST)
    assert "ingest-core[fast]" in raised.value.hint
