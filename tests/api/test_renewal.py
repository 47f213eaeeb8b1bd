"""A key that the API refuses is read once more from where it lies: it may have been replaced meanwhile."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable

import pytest
from wire import BASE, FakeClock, MakeBench, Reply, in_turn, said

from ingest_core.api import HttpRequest, HttpResponse, Limits
from ingest_core.config import SecretResolver
from ingest_core.errors import CredentialsError
from ingest_core.model import Answer, Connection, Outcome, Secret, basic, bearer, query_key

OLD, NEW = "old-key-value", "new-key-value"


class Vault:
    """A place that holds one key, as the resolver sees AWS. Counts how often it was read."""

    def __init__(self, held: str) -> None:
        self.held = held
        self.read = 0

    def get_parameter(self, **asked: object) -> dict[str, dict[str, str]]:
        self.read += 1
        return {"Parameter": {"Value": self.held}}

    def secret(self, name: str = "/key") -> Secret:
        """As a config holds it; its first value is kept already."""
        resolver = SecretResolver({}, FakeClock(), lambda _: None, lambda service: self)
        secret = Secret(f"aws-ssm:{name}", resolver.resolve, resolver.renew)
        secret.reveal()
        return secret


def by_key(request: HttpRequest, accepted: str) -> HttpResponse:
    signed = request.headers.get("Authorization", "") + request.url
    return said(200, b'{"id":1}') if accepted in signed else said(401)


class Gate:
    """A transport that accepts one key. The first `together` requests are answered when all of them are there."""

    def __init__(self, accepted: str, together: int = 1) -> None:
        self.accepted = accepted
        self.sent: list[HttpRequest] = []
        self._lock = threading.Lock()
        self._all_here = threading.Barrier(together)
        self._together = together

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        with self._lock:
            self.sent.append(request)
            is_early = len(self.sent) <= self._together
        if is_early:
            self._all_here.wait(10)
        return by_key(request, self.accepted)


@pytest.mark.parametrize("kind", [bearer, lambda secret: query_key("api_key", secret)], ids=["header", "query"])
def test_a_key_that_was_replaced_is_read_anew_and_the_request_sent_again(
    bench: MakeBench, kind: Callable[[Secret], object]
) -> None:
    vault, gate = Vault(OLD), Gate(NEW)
    made = bench(gate, connection=Connection(BASE, kind(vault.secret())))  # type: ignore[arg-type]
    vault.held = NEW

    answer = made.api.get("/things")

    assert (answer.status, answer.attempts, vault.read) == (200, 2, 2)
    assert made.clock.passed < 0.001
    assert (made.api.traffic.requests, made.api.traffic.retries) == (2, 1)


def test_both_halves_of_basic_are_read_anew(bench: MakeBench) -> None:
    name, word = Vault("me"), Vault(OLD)
    encoded = base64.b64encode(f"me:{NEW}".encode()).decode()
    made = bench(Gate(encoded), connection=Connection(BASE, basic(name.secret("/name"), word.secret("/word"))))
    word.held = NEW

    assert made.api.get("/things").status == 200
    assert (name.read, word.read) == (2, 2)


def test_a_key_that_is_still_the_same_is_refused_after_one_more_look(bench: MakeBench) -> None:
    vault, gate = Vault(OLD), Gate(NEW)
    made = bench(gate, connection=Connection(BASE, bearer(vault.secret())))

    for _ in range(3):
        with pytest.raises(CredentialsError, match="aws-ssm:/key"):
            made.api.get("/things")

    assert (len(gate.sent), vault.read) == (3, 2)


def test_another_key_that_is_refused_too_is_the_end_of_it(bench: MakeBench) -> None:
    vault, gate = Vault(OLD), Gate("a third")
    made = bench(gate, connection=Connection(BASE, bearer(vault.secret())), limits=Limits(attempts=9))
    vault.held = NEW

    with pytest.raises(CredentialsError):
        made.api.get("/things")

    assert (len(gate.sent), vault.read) == (2, 2)


def test_many_requests_that_are_refused_at_once_read_it_once(bench: MakeBench) -> None:
    vault, gate = Vault(OLD), Gate(NEW, together=8)
    made = bench(gate, connection=Connection(BASE, bearer(vault.secret())), connections=8)
    vault.held = NEW

    answers: list[Answer] = list(made.api.get_many([f"/things/{id}" for id in range(8)]))

    assert [answer.status for answer in answers] == [200] * 8
    assert (len(gate.sent), vault.read) == (16, 2)


@pytest.mark.parametrize("reply", [said(403), said(401, b'{"code":9}')], ids=["403", "not about the key"])
def test_only_a_401_that_is_about_the_key_has_it_read_anew(bench: MakeBench, reply: Reply) -> None:
    vault = Vault(OLD)

    def classify(answer: Answer) -> Outcome | None:
        return Outcome.REJECTED if answer.field("code") == 9 else None

    made = bench(in_turn(reply), connection=Connection(BASE, bearer(vault.secret()), classify=classify))
    vault.held = NEW
    (answer,) = made.api.get_many(["/things"])

    assert answer.outcome in {Outcome.UNAUTHORIZED, Outcome.REJECTED}
    assert (len(made.fake.sent), vault.read) == (1, 1)


def test_the_next_run_of_a_warm_process_looks_again(bench: MakeBench) -> None:
    vault, gate = Vault(OLD), Gate(NEW)
    secret = vault.secret()
    with pytest.raises(CredentialsError):
        bench(gate, connection=Connection(BASE, bearer(secret))).api.get("/things")
    vault.held = NEW

    answer = bench(gate, connection=Connection(BASE, bearer(secret))).api.get("/things")

    assert (answer.status, vault.read) == (200, 3)
