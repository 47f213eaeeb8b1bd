"""What goes along with each request: the key, and the headers that an API wants."""

from __future__ import annotations

import pytest
from wire import BASE, Bench, MakeBench, in_turn, said

from ingest_core.model import Auth, Connection, Secret, basic, bearer, header_key, query_key

KEY = Secret("env:THING_KEY", lambda _: "k3y/0f=all")


def sent(bench: MakeBench, auth: Auth | None = None, **more: object) -> tuple[str, dict[str, str]]:
    made: Bench = bench(in_turn(said(200)), connection=Connection(BASE, auth, **more))
    made.api.get("/things", page=1)
    (request,) = made.fake.sent
    return request.url, dict(request.headers)


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        (bearer(KEY), "Authorization", "Bearer k3y/0f=all"),
        (header_key("X-Api-Key", KEY), "X-Api-Key", "k3y/0f=all"),
        (basic("me", KEY), "Authorization", "Basic bWU6azN5LzBmPWFsbA=="),
        (basic(KEY), "Authorization", "Basic azN5LzBmPWFsbDo="),
        (basic("josé", KEY), "Authorization", "Basic am9zw6k6azN5LzBmPWFsbA=="),
    ],
)
def test_a_key_travels_in_the_header_its_api_wants(bench: MakeBench, auth: Auth, name: str, value: str) -> None:
    url, headers = sent(bench, auth)
    assert (url, headers[name]) == (f"{BASE}/things?page=1", value)


def test_a_key_of_the_query_is_quoted(bench: MakeBench) -> None:
    assert sent(bench, query_key("api_key", KEY))[0] == f"{BASE}/things?page=1&api_key=k3y%2F0f%3Dall"


def test_basic_without_a_secret_signs_nothing_and_is_refused() -> None:
    with pytest.raises(ValueError, match="Secret"):
        basic("me")


def test_basic_names_the_references_of_its_secrets_and_no_value() -> None:
    (secret,) = basic(KEY, Secret("env:OTHER", lambda _: "x")).secrets
    assert secret.reference == "env:THING_KEY and env:OTHER"
    assert "k3y" not in repr(secret)


def test_headers_of_a_connection_go_along_and_replace_ours_whatever_their_case(bench: MakeBench) -> None:
    _, headers = sent(bench, bearer(KEY), headers={"accept": "application/vnd.things+json", "X-Version": "7"})
    assert (headers["accept"], headers["X-Version"]) == ("application/vnd.things+json", "7")
    assert "Accept" not in headers
    assert {"Accept-Encoding", "User-Agent", "Authorization"} <= headers.keys()
