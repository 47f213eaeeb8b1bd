"""Who is let in."""

from __future__ import annotations

import pytest
import requests
from ingest_source_tmdb.simulator import Options, Simulator

OPTIONS = Options()


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"Authorization": f"Bearer {OPTIONS.token}"}, {}, 200),
        ({}, {"api_key": OPTIONS.api_key}, 200),
        ({"Authorization": f"Bearer {OPTIONS.api_key}"}, {}, 401),
        ({}, {"api_key": OPTIONS.token}, 401),
        ({"Authorization": OPTIONS.token}, {}, 401),
        ({"Authorization": "Bearer "}, {"api_key": OPTIONS.api_key}, 401),
        ({}, {}, 401),
    ],
)
def test_the_read_token_works_as_bearer_and_the_v3_key_in_the_query_and_neither_in_the_others_place(
    simulator: Simulator, session: requests.Session, headers: dict[str, str], query: dict[str, str], status: int
) -> None:
    answer = session.get(simulator.base_url + "/authentication", headers=headers, params=query, timeout=10)
    assert answer.status_code == status
    assert answer.json()["success"] is (status == 200)
    assert answer.json()["status_code"] == (1 if status == 200 else 7)


def test_even_an_unknown_path_says_nothing_without_credentials(simulator: Simulator, session: requests.Session) -> None:
    assert session.get(simulator.base_url + "/nothing/here", timeout=10).status_code == 401


def test_the_log_hides_keys_wherever_they_are_sent(simulator: Simulator, session: requests.Session) -> None:
    simulator.clear_log()
    secrets = {"api_key": OPTIONS.api_key, "misspelt": OPTIONS.token, "page": "1"}
    session.get(simulator.base_url + "/movie/popular", params=secrets, timeout=10)
    (entry,) = simulator.log
    assert entry.query == (("api_key", ""), ("misspelt", ""), ("page", "1"))
    assert entry.authenticated
    assert OPTIONS.api_key not in repr(entry)
    assert OPTIONS.token not in repr(entry)


def test_the_log_says_what_was_asked_in_which_order_and_what_came_of_it(
    simulator: Simulator, session: requests.Session
) -> None:
    simulator.clear_log()
    served = simulator.served
    refused = session.get(simulator.base_url + "/movie/5", headers={"Accept-Encoding": "identity"}, timeout=10)
    session.post(simulator.base_url + "/movie/6", data=b"a body", timeout=10)
    first, second = simulator.log
    assert (first.method, first.path, first.authenticated, first.status) == ("GET", "/3/movie/5", False, 401)
    assert first.bytes == len(refused.content)
    assert (second.method, second.path, second.status, second.fault) == ("POST", "/3/movie/6", 405, "")
    assert second.sequence == first.sequence + 1
    assert second.seconds >= first.seconds >= 0
    assert simulator.served == served + 2
