"""What is tried again, how long, and when it is given up."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from wire import MakeBench, Reply, in_turn, said

from ingest_core.api import Limits, TransportError
from ingest_core.api.retry import retry_after
from ingest_core.errors import MalformedError, TransientError
from ingest_core.model import Outcome

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
RESET = TransportError("the connection failed or was reset")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("Mon, 23 Nov 2026 00:00:30 GMT", 30.0), ("soon", 1.0), ("-5", 1.0), (None, 1.0)],
)
def test_a_429_waits_as_long_as_retry_after_says_or_one_second(
    bench: MakeBench, header: str | None, seconds: float
) -> None:
    refused = said(429) if header is None else said(429, retry_after=header)
    made = bench(in_turn(refused, said(200)))
    answer = made.api.get("/things")
    assert (answer.status, answer.attempts) == (200, 2)
    assert made.clock.passed == pytest.approx(seconds, abs=0.01)
    assert (made.api.traffic.requests, made.api.traffic.retries, made.api.traffic.throttled) == (2, 1, 1)


def test_a_503_waits_as_long_as_its_retry_after_says(bench: MakeBench) -> None:
    made = bench(in_turn(said(503, retry_after="12"), said(200)))
    assert made.api.get("/things").ok
    assert made.clock.passed == pytest.approx(12, abs=0.01)
    assert made.api.traffic.throttled == 0


NOON = str(int(NOW.timestamp()) + 600)  # the window begins anew in ten minutes, as X and GitHub write it


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"x_rate_limit_reset": NOON, "x_rate_limit_remaining": "0"}, 600),
        (429, {"x_ratelimit_reset": NOON}, 600),
        (429, {"x_ratelimit_reset": NOON, "retry_after": "7"}, 7),
        (429, {"ratelimit_reset": "90"}, 90),
        (403, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": NOON}, 600),
        (403, {"retry_after": "60"}, 60),
    ],
)
def test_a_rate_limit_is_waited_out_until_its_window_begins_anew(
    bench: MakeBench, status: int, headers: dict[str, str], seconds: float
) -> None:
    made = bench(in_turn(said(status, **headers), said(200)), limits=Limits(seconds=900))
    answer = made.api.get("/things")
    assert (answer.status, answer.attempts) == (200, 2)
    assert made.clock.passed == pytest.approx(seconds, abs=0.01)
    assert made.api.traffic.throttled == 1


@pytest.mark.parametrize("reset", ["", "soon", "-1", str(int(NOW.timestamp()) - 5), "0"])
def test_a_reset_that_says_nothing_leaves_the_pause_to_the_back_off(bench: MakeBench, reset: str) -> None:
    made = bench(in_turn(said(429, x_rate_limit_reset=reset), said(200)))
    assert made.api.get("/things").ok
    assert made.clock.passed == pytest.approx(1, abs=0.01)


def test_a_window_that_opens_after_the_limit_of_the_request_is_not_waited_for(bench: MakeBench) -> None:
    made = bench(in_turn(said(429, x_rate_limit_reset=NOON), said(200)), limits=Limits(seconds=120))
    (answer,) = made.api.get_many(["/things"])
    assert (answer.outcome, len(made.fake.sent)) == (Outcome.TRANSIENT, 1)


def test_the_reset_of_a_rate_limit_says_nothing_about_a_fault_of_the_server(bench: MakeBench) -> None:
    made = bench(in_turn(said(500, x_ratelimit_reset=NOON), said(200)), limits=Limits(seconds=900))
    assert made.api.get("/things").ok
    assert made.clock.passed < 1


@pytest.mark.parametrize("headers", [{}, {"x_ratelimit_remaining": "12"}])
def test_a_403_that_is_no_rate_limit_is_a_refused_key(bench: MakeBench, headers: dict[str, str]) -> None:
    made = bench(in_turn(said(403, **headers)))
    (answer,) = made.api.get_many(["/things"])
    assert (answer.outcome, len(made.fake.sent)) == (Outcome.UNAUTHORIZED, 1)


def test_success_after_faults_counts_its_retries(bench: MakeBench) -> None:
    made = bench(in_turn(said(500), RESET, said(502), said(200, b'{"id":1}')))
    answer = made.api.get("/things")
    assert (answer.body, answer.attempts) == (b'{"id":1}', 4)
    assert (made.api.traffic.requests, made.api.traffic.retries) == (4, 3)


def test_pauses_between_attempts_grow(bench: MakeBench) -> None:
    made = bench(in_turn(said(500)), limits=Limits(attempts=6))
    list(made.api.get_many(["/things"]))
    pauses = [pause for pause in made.clock.pauses if pause > 0.1]
    for number, pause in enumerate(pauses):
        assert 0.25 * 2**number <= pause <= 0.5 * 2**number
    assert len(pauses) == 5


@pytest.mark.parametrize("fault", [said(500), said(503), said(429), said(408), said(425), RESET])
def test_a_fault_that_stays_is_given_up_as_transient_after_the_attempts(bench: MakeBench, fault: Reply) -> None:
    made = bench(in_turn(fault), limits=Limits(attempts=3))
    (answer,) = made.api.get_many(["/things"])
    assert answer.outcome is Outcome.TRANSIENT
    assert len(made.fake.sent) == answer.attempts == 3
    assert answer.reason.endswith("(tried 3 times)")
    with pytest.raises(TransientError):
        answer.check()


def test_a_fault_that_stays_is_given_up_when_the_seconds_are_over(bench: MakeBench) -> None:
    made = bench(in_turn(said(500)), limits=Limits(attempts=10_000, seconds=60))
    (answer,) = made.api.get_many(["/things"])
    assert answer.outcome is Outcome.TRANSIENT
    assert 30 <= made.clock.passed <= 60
    assert 3 < len(made.fake.sent) < 20
    assert made.fake.seconds[0] == pytest.approx(60)
    assert made.fake.seconds == sorted(made.fake.seconds, reverse=True)
    assert made.fake.seconds[-1] > 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_beyond_the_limit_gives_up_at_once(bench: MakeBench, status: int) -> None:
    made = bench(in_turn(said(status, retry_after="3600"), said(200)), limits=Limits(seconds=120))
    (answer,) = made.api.get_many(["/things"])
    assert answer.outcome is Outcome.TRANSIENT
    assert len(made.fake.sent) == 1
    assert made.clock.passed < 1


def test_no_request_is_sent_with_no_time_left_after_the_pacer_held_it_back(bench: MakeBench) -> None:
    def reply(url: str) -> Reply:
        made.pacer.refused(200)  # a neighbour's 429 with a long Retry-After
        return said(500)

    made = bench(reply, limits=Limits(seconds=120))
    (answer,) = made.api.get_many(["/things"])
    assert answer.outcome is Outcome.TRANSIENT
    assert all(seconds > 0 for seconds in made.fake.seconds)


def test_waiting_for_the_first_turn_does_not_count_against_the_limit(bench: MakeBench) -> None:
    made = bench(in_turn(said(200)), limits=Limits(seconds=120))
    made.pacer.refused(500)
    assert made.api.get("/things").ok
    assert made.fake.seconds == [pytest.approx(120)]


def test_a_permanent_fault_is_rejected_and_not_tried_again(bench: MakeBench) -> None:
    made = bench(in_turn(TransportError("the body is larger than 5 bytes", permanent=True), said(200)))
    (answer,) = made.api.get_many(["/things"])
    assert (answer.outcome, answer.status, answer.body) == (Outcome.REJECTED, 0, b"")
    assert answer.reason == "the body is larger than 5 bytes"
    assert len(made.fake.sent) == 1
    with pytest.raises(MalformedError):
        answer.check()


@pytest.mark.parametrize("status", [200, 301, 400, 401, 404, 410, 422])
def test_what_does_not_pass_is_not_tried_again(bench: MakeBench, status: int) -> None:
    made = bench(in_turn(said(status, retry_after="1")))
    list(made.api.get_many(["/things"]))
    assert len(made.fake.sent) == 1
    assert made.clock.passed < 0.01


def test_a_stop_ends_the_waiting_and_the_answer_is_transient(bench: MakeBench) -> None:
    def reply(url: str) -> Reply:
        made.stop.set()
        return said(503, retry_after="60")

    made = bench(reply)
    (answer,) = made.api.get_many(["/things"])
    assert answer.outcome is Outcome.TRANSIENT
    assert "stopping" in answer.reason
    assert len(made.fake.sent) == 1
    assert made.clock.passed < 1


def test_after_a_stop_nothing_is_sent(bench: MakeBench) -> None:
    made = bench(in_turn(said(200)))
    made.stop.set()
    answers = list(made.api.get_many(["/things", "/others"]))
    assert [answer.outcome for answer in answers] == [Outcome.TRANSIENT] * 2
    assert made.fake.sent == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        (" 5 ", 5.0),
        ("0", 0.0),
        ("-1", None),
        ("1.5", None),
        ("١٢", None),
        ("99999999999999999999", 999999999.0),
        ("Mon, 23 Nov 2026 00:01:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 00:01:00 -0000", 60.0),
        ("Sun, 22 Nov 2026 00:00:00 GMT", 0.0),
        ("Monday, 23-Nov-26 00:00:10 GMT", 10.0),
        ("23 Nov 2026 99:99:99 GMT", None),
        ("next week", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    "value", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 23 Nov 2026 00:00:30 +99999999999999999999"]
)
def test_a_retry_after_with_an_absurd_date_says_nothing(value: str) -> None:
    assert retry_after(value, NOW) is None


def test_backoff_stays_between_half_and_all_of_its_step() -> None:
    chance = random.Random(20261123)
    limits = Limits(base=0.5, cap=30.0)
    for attempt in range(1, 40):
        full = min(30.0, 0.5 * 2.0 ** (attempt - 1))
        drawn = [limits.backoff(attempt, chance) for _ in range(200)]
        assert full / 2 <= min(drawn) < full * 0.6
        assert full * 0.9 < max(drawn) <= full
