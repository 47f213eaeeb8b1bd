"""A body too large to hold: in pieces, each retried alone, and no key to a host that wants none."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from wire import BASE, make_bench

from ingest_core.api import HttpRequest, HttpResponse, TransportError
from ingest_core.api.spool import MOST_BYTES, PIECE_BYTES
from ingest_core.errors import CredentialsError, MalformedError, NotFoundError, TransientError
from ingest_core.model import Connection, Secret, bearer

WHOLE = bytes(range(256)) * (PIECE_BYTES // 256 * 2) + b"the end"
FILES = "https://files.example.org/ids.gz"


class Ranges:
    """A host of one file that serves byte ranges; `spoil` may answer the n-th request (from 0) otherwise."""

    def __init__(self, spoil: Callable[[int, HttpResponse], HttpResponse | TransportError] | None = None) -> None:
        self._spoil = spoil
        self.sent: list[HttpRequest] = []

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        self.sent.append(request)
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers["Range"])
        assert found is not None
        begin, end = int(found[1]), min(int(found[2]) + 1, len(WHOLE))
        headers = {"content-range": f"bytes {begin}-{end - 1}/{len(WHOLE)}", "etag": '"1"'}
        answer = HttpResponse(206, headers, WHOLE[begin:end])
        spoilt = answer if self._spoil is None else self._spoil(len(self.sent) - 1, answer)
        if isinstance(spoilt, TransportError):
            raise spoilt
        return spoilt


def read(transport: Ranges, connection: Connection | None = None) -> bytes:
    bench = make_bench(transport, connection=connection or Connection(BASE, public_hosts=("files.example.org",)))
    try:
        with bench.api.open(FILES) as file:
            return file.read()
    finally:
        assert bench.is_balanced()


def test_the_whole_comes_piece_by_piece() -> None:
    transport = Ranges()
    assert read(transport) == WHOLE
    assert len(transport.sent) == 3
    assert {request.headers["Accept-Encoding"] for request in transport.sent} == {"identity"}


def test_a_piece_that_fails_is_asked_for_again_alone() -> None:
    def second_fails(number: int, answer: HttpResponse) -> HttpResponse | TransportError:
        return TransportError("the body was cut short") if number == 1 else answer

    transport = Ranges(second_fails)
    assert read(transport) == WHOLE
    begins = [request.headers["Range"].partition("-")[0] for request in transport.sent]
    assert begins == ["bytes=0", f"bytes={PIECE_BYTES}", f"bytes={PIECE_BYTES}", f"bytes={2 * PIECE_BYTES}"]


def test_a_server_without_ranges_answers_once() -> None:
    transport = Ranges(lambda number, answer: HttpResponse(200, {}, b"whole"))
    assert read(transport) == b"whole"
    assert len(transport.sent) == 1


def test_a_server_that_stops_serving_ranges_answers_once_more() -> None:
    assert read(Ranges(lambda number, answer: HttpResponse(200, {}, b"whole") if number else answer)) == b"whole"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-range": "bytes 1-7/9"},
        {"content-range": f"bytes 0-9/{len(WHOLE)}"},
        {"content-range": "bytes 0-/9"},
    ],
    ids=str,
)
def test_a_piece_that_is_not_the_one_asked_for_is_malformed(headers: dict[str, str]) -> None:
    with pytest.raises(MalformedError, match="bytes came as"):
        read(Ranges(lambda number, answer: HttpResponse(206, headers, answer.body)))


def test_a_file_that_changes_meanwhile_is_read_another_time() -> None:
    def changing(number: int, answer: HttpResponse) -> HttpResponse:
        return HttpResponse(206, {**answer.headers, "etag": f'"{number}"'}, answer.body)

    with pytest.raises(TransientError, match="changed while it was read"):
        read(Ranges(changing))


@pytest.mark.parametrize(("status", "error"), [(404, NotFoundError), (401, CredentialsError)])
def test_a_refusal_raises_as_any_answer_does(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(Ranges(lambda number, answer: HttpResponse(status, {}, b"{}")))


@pytest.mark.parametrize("public", [True, False])
def test_a_public_host_gets_no_key(public: bool) -> None:
    hosts = ("files.example.org",)
    auth = bearer(Secret("env:KEY", lambda reference: "the-key"))
    transport = Ranges()
    read(transport, Connection(BASE, auth, public_hosts=hosts) if public else Connection(BASE, auth, hosts=hosts))
    assert ["Authorization" in request.headers for request in transport.sent] == [not public] * 3


def test_the_base_host_is_signed_even_where_it_is_called_public() -> None:
    auth = bearer(Secret("env:KEY", lambda reference: "the-key"))
    transport = Ranges()
    bench = make_bench(transport, connection=Connection(BASE, auth, public_hosts=("api.example.org",)))
    bench.api.open("/ids.gz").close()
    assert bench.is_balanced()
    assert all("Authorization" in request.headers for request in transport.sent)


def test_a_body_that_claims_to_be_without_end_is_not_begun() -> None:
    def endless(number: int, answer: HttpResponse) -> HttpResponse:
        begin = answer.headers["content-range"].partition("/")[0]
        return HttpResponse(206, {**answer.headers, "content-range": f"{begin}/{MOST_BYTES + 1}"}, answer.body)

    transport = Ranges(endless)
    with pytest.raises(MalformedError, match="larger than 8,589,934,592 bytes"):
        read(transport)
    assert len(transport.sent) == 1
