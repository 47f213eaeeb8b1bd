"""get_many: in the order asked, bounded, lazy, and tidy when it is left early."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from typing import cast

import pytest
from wire import MAX_BYTES, MakeBench, Reply, said

from ingest_core.api import NoApi, TransportError
from ingest_core.errors import CredentialsError, PluginError
from ingest_core.model import Answer, Connection, Outcome, Request, Secret, bearer


class Asked:
    """Endless requests, and how many of them were taken."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[Request]:
        while True:
            self.taken += 1
            yield Request(f"/things/{self.taken}")


def number(url: str) -> int:
    return int(url.rsplit("/", 1)[1])


def test_answers_come_in_the_order_asked_though_fetched_out_of_order(bench: MakeBench) -> None:
    last_was_sent = threading.Event()

    def reply(url: str) -> Reply:
        if number(url) == 1:
            assert last_was_sent.wait(10)
        if number(url) == 8:
            last_was_sent.set()
        return said(200, b'{"n": %d}' % number(url))

    made = bench(reply, connections=4)
    answers = list(made.api.get_many(f"/things/{n}" for n in range(1, 9)))
    assert [answer.field("n") for answer in answers] == list(range(1, 9))
    assert [number(url) for url in made.fake.finished].index(1) > 0
    assert made.is_balanced()


def test_requests_are_taken_at_most_twice_connections_ahead(bench: MakeBench) -> None:
    made = bench(lambda _: said(200), connections=3)
    asked = Asked()
    answers = cast(Generator[Answer], made.api.get_many(asked))
    for consumed in range(20):
        next(answers)
        assert consumed < asked.taken <= consumed + 6
    answers.close()
    assert made.is_balanced()


def test_nothing_is_taken_before_the_first_answer_is_wanted(bench: MakeBench) -> None:
    asked = Asked()
    bench(lambda _: said(200)).api.get_many(asked)
    assert asked.taken == 0


def test_no_more_is_taken_while_too_many_bytes_are_in_hand(bench: MakeBench) -> None:
    made = bench(lambda _: said(200), connections=3)
    made.backpressure.count(landing=MAX_BYTES)
    asked = Asked()
    answers = cast(Generator[Answer], made.api.get_many(asked))
    assert next(answers).ok
    assert asked.taken == 1
    answers.close()


def test_all_connections_are_used_and_never_more(bench: MakeBench) -> None:
    together = threading.Barrier(4, timeout=10)

    def reply(url: str) -> Reply:
        together.wait()
        return said(200)

    made = bench(reply, connections=4)
    assert len(list(made.api.get_many(f"/things/{n}" for n in range(16)))) == 16
    assert made.fake.most_in_flight == 4


def test_leaving_early_cancels_what_was_not_sent_and_balances_the_counters(bench: MakeBench) -> None:
    gate = threading.Event()

    def reply(url: str) -> Reply:
        assert number(url) == 1 or gate.wait(10)
        return said(200, b"x" * 1000)

    made = bench(reply, connections=2)
    asked = Asked()
    answers = cast(Generator[Answer], made.api.get_many(asked))
    next(answers)
    answers.close()
    gate.set()
    assert made.is_balanced()
    assert asked.taken == 4
    assert len(made.fake.sent) <= 3


def test_one_bad_id_costs_one_answer_and_nothing_is_raised(bench: MakeBench) -> None:
    replies: dict[int, Reply] = {
        1: said(200),
        2: said(404),
        3: TransportError("the body is larger than 5 bytes", permanent=True),
        4: said(401),
        5: said(422),
    }
    made = bench(lambda url: replies[number(url)], connections=2)
    outcomes = [answer.outcome for answer in made.api.get_many(f"/things/{n}" for n in range(1, 6))]
    assert outcomes == [Outcome.OK, Outcome.MISSING, Outcome.REJECTED, Outcome.UNAUTHORIZED, Outcome.REFUSED]
    assert made.is_balanced()


def test_a_secret_that_cannot_be_had_stops_everything_and_balances_the_counters(bench: MakeBench) -> None:
    def resolve(reference: str) -> str:
        raise CredentialsError(f"{reference}: the variable X is not set")

    connection = Connection("https://api.example.org/v1", bearer(Secret("env:X", resolve)))
    made = bench(lambda _: said(200), connections=2, connection=connection)
    with pytest.raises(CredentialsError, match="env:X"):
        list(made.api.get_many(f"/things/{n}" for n in range(9)))
    assert made.is_balanced()
    assert made.fake.sent == []


def test_requests_that_raise_half_way_balance_the_counters(bench: MakeBench) -> None:
    def asked() -> Iterator[str]:
        yield "/things/1"
        raise LookupError("the file of ids ended badly")

    made = bench(lambda _: said(200, b"x" * 100))
    with pytest.raises(LookupError):
        list(made.api.get_many(asked()))
    assert made.is_balanced()


def test_get_many_of_nothing_is_nothing(bench: MakeBench) -> None:
    assert list(bench(lambda _: said(200)).api.get_many([])) == []


def test_get_balances_the_counters_whether_it_answers_or_raises(bench: MakeBench) -> None:
    made = bench(lambda url: said(200 if url.endswith("1") else 403, b"x" * 100))
    assert made.api.get("/things/1").body == b"x" * 100
    with pytest.raises(CredentialsError):
        made.api.get("/things/2")
    assert made.is_balanced()


def test_a_source_without_a_network_is_told_so() -> None:
    with pytest.raises(PluginError, match="no network"):
        NoApi().get("/things")
    with pytest.raises(PluginError, match="no network"):
        NoApi().get_many(["/things"])
