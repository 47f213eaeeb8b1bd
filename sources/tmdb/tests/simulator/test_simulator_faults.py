"""Faults that heal, and the rate limit."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests
from ingest_source_tmdb.simulator import Options, Simulator
from ingest_source_tmdb.simulator.faults import KINDS, Faults
from ingest_source_tmdb.simulator.limits import Bucket


def attempt(session: requests.Session, simulator: Simulator, path: str, **query: str) -> tuple[int, bytes] | None:
    """One try; None where the connection broke or the body came short."""
    query["api_key"] = simulator.options.api_key
    try:
        answer = session.get(f"{simulator.base_url}{path}?{urlencode(query)}", timeout=10)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return None
    return answer.status_code, answer.content


def until_good(session: requests.Session, simulator: Simulator, path: str) -> Iterator[tuple[int, bytes] | None]:
    for _ in range(4):
        got = attempt(session, simulator, path)
        yield got
        if got is not None and got[0] == 200:
            return


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_every_fault_is_healed_by_at_most_two_retries_and_the_answer_is_then_the_truth(
    session: requests.Session, share: float
) -> None:
    with Simulator(Options(faults=share)) as simulator:
        for number in range(1, 81):
            tries = list(until_good(session, simulator, f"/movie/{number}"))
            assert len(tries) <= 3
            assert tries[-1] == simulator.answer(f"/movie/{number}")
        log = simulator.log
    assert {entry.fault for entry in log} == {"", *KINDS}
    assert {entry.status for entry in log if entry.fault == "reset"} == {0}
    assert {entry.status for entry in log} == {0, 200, 429, 500, 503}


def test_a_truncated_body_breaks_off_below_its_content_length(session: requests.Session) -> None:
    with Simulator(Options(faults=1.0)) as simulator:
        numbers = iter(range(1, 500))
        while not [entry for entry in simulator.log if entry.fault == "truncated"]:
            last = attempt(session, simulator, f"/movie/{next(numbers)}")
        cut = simulator.log[-1]
    assert last is None
    assert cut.status == 200
    assert cut.bytes > 0


def test_fates_depend_on_the_seed_the_request_and_the_attempt_and_not_on_what_else_is_asked() -> None:
    alone, among = Faults(1, 0.4), Faults(1, 0.4)
    fates = [alone.next("/3/movie/1?") for _ in range(20)]
    mixed = []
    for number in range(20):
        among.next(f"/3/movie/{number + 2}?")
        mixed.append(among.next("/3/movie/1?"))
    assert fates == mixed
    assert fates != [Faults(2, 0.4).next("/3/movie/1?") for _ in range(20)]


def test_the_share_of_faults_is_about_the_one_asked_for() -> None:
    faults = Faults(1, 0.2)
    struck = sum(bool(faults.next(f"/3/movie/{number}?")) for number in range(5_000))
    assert 850 < struck < 1_150


def test_wrong_credentials_are_refused_and_never_meet_a_fault(session: requests.Session) -> None:
    with Simulator(Options(faults=1.0)) as simulator:
        assert {session.get(f"{simulator.base_url}/movie/{n}", timeout=10).status_code for n in range(1, 20)} == {401}


@pytest.mark.parametrize(("retry_after", "header"), [(None, None), (7, "7")])
def test_above_the_rate_comes_a_429_with_retry_after_only_if_asked_for(
    session: requests.Session, retry_after: int | None, header: str | None
) -> None:
    # So slow a rate that no test run is long enough to earn a second request.
    with Simulator(Options(rate=0.0001, retry_after=retry_after)) as simulator:
        url = f"{simulator.base_url}/movie/1?api_key=simulator-api-key"
        first, second = (session.get(url, timeout=10) for _ in range(2))
    assert first.status_code == 200
    assert (second.status_code, second.json()["status_code"]) == (429, 25)
    assert second.headers.get("Retry-After") == header


def test_the_bucket_lets_one_seconds_worth_through_and_fills_with_time() -> None:
    now = [100.0]
    bucket = Bucket(4, lambda: now[0])
    assert [bucket.take() for _ in range(5)] == [True] * 4 + [False]
    now[0] += 0.5
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] += 60
    assert [bucket.take() for _ in range(5)] == [True] * 4 + [False]
