"""A key that the API sends back, or that a source keeps, does not reach the lake."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from ingest_core import testing
from ingest_core.api import HttpRequest, HttpResponse, Redactor
from ingest_core.model import (
    Auth,
    Checkpoint,
    Connection,
    Context,
    FailureBudget,
    Record,
    Secret,
    Slice,
    Status,
    bearer,
    query_key,
)

KEY = 'k3y-0123456789"/+ü'
SECRET = Secret("env:THINGS_KEY", lambda _: KEY)
QUOTED = {
    "raw": b'{"a": "k3y-0123456789\\"/+\xc3\xbc"}',
    "escaped": json.dumps({"a": KEY}).encode(),
    "in a URL": json.dumps({"next": f"https://x/?key={quote(KEY, safe='')}"}).encode(),
    "in base64": b'{"basic": "' + base64.b64encode(f"user:{KEY}".encode()) + b'"}',
    "in base64, otherwise aligned": b'{"basic": "' + base64.b64encode(f"u:{KEY}:more".encode()) + b'"}',
}


class Echo:
    """Answers with `body`, and with the key as the entity tag."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        return HttpResponse(
            200, {"etag": f'"{KEY}"'}, self._body if request.url.split("?")[0].endswith("/2") else b"{}"
        )


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.learn(KEY)
    return made


@pytest.fixture
def lands(job: Callable[..., Any], redactor: Redactor) -> Callable[..., Any]:
    """Runs slices of three requests each against an API that echoes; returns the report."""

    def run(body: bytes, fetch: Any = None, auth: Auth | None = None, **more: Any) -> Any:
        from ingest_core.run import run as run_job

        def three(context: Context, slice: Slice) -> Iterator[Any]:
            for id in (1, 2, 3):
                yield context.api.get(f"/thing/{id}").record("thing", id)

        made = job(
            lambda context: [Slice("all")],
            fetch or three,
            transport=Echo(body),
            connect=lambda settings: Connection("https://api.example.org", auth or bearer(SECRET)),
            redactor=redactor,
            max_failed=FailureBudget(10),
            **more,
        )
        return run_job(made)

    return run


def everything(lake: testing.MemoryLake) -> bytes:
    found = (lake.get(entry.key) for entry in lake.entries(""))
    return b"\n".join(stored.body for stored in found if stored is not None)


@pytest.mark.parametrize("body", QUOTED.values(), ids=QUOTED.keys())
@pytest.mark.parametrize("auth", [bearer(SECRET), query_key("key", SECRET)], ids=["header", "query"])
def test_a_record_that_quotes_the_key_is_rejected_and_masked_and_its_neighbours_land(
    lands: Callable[..., Any], lake: testing.MemoryLake, redactor: Redactor, body: bytes, auth: Auth
) -> None:
    report = lands(body, auth=auth)
    assert (report.status, report.counts.records, report.counts.rejected) == (Status.DONE, 2, 1)
    assert any("quotes a secret" in problem for problem in report.problems)
    assert not redactor.is_quoted_in(everything(lake))
    assert b"k3y-0123456789" not in everything(lake)
    assert b"***" in everything(lake)


def test_a_record_that_does_not_quote_it_lands_byte_for_byte(lands: Callable[..., Any], lake: Any) -> None:
    body = b'{"key": "k3y-012345678"}'
    assert lands(body).counts.records == 3
    assert body in everything(lake)


@pytest.mark.parametrize(
    "kept",
    [
        Checkpoint("next", f"https://api.example.org/?key={quote(KEY)}"),
        Slice("more", {"next": KEY}),
        Record("thing", f"id-{KEY}", b"{}"),
    ],
    ids=["checkpoint", "params", "id"],
)
def test_a_source_that_keeps_the_key_is_stopped_and_told(
    lands: Callable[..., Any], lake: Any, redactor: Redactor, kept: Any
) -> None:
    def fetch(context: Context, slice: Slice) -> Iterator[Any]:
        context.api.get("/thing/1")
        yield kept
        if isinstance(kept, Slice):
            yield Slice("another")

    report = lands(b"{}", fetch)
    assert report.status is Status.FAILED
    assert "would hold a secret" in report.error.what
    assert not redactor.is_quoted_in(everything(lake))


def test_a_url_that_the_api_signed_is_masked_in_the_account_of_a_record(
    lands: Callable[..., Any], lake: Any, redactor: Redactor
) -> None:
    def fetch(context: Context, slice: Slice) -> Iterator[Any]:
        yield context.api.get("https://api.example.org/thing/1?key=" + quote(KEY, safe="")).record("thing", 1)

    assert lands(b"{}", fetch).counts.records == 1
    assert not redactor.is_quoted_in(everything(lake))


def test_nothing_that_holds_a_body_or_a_key_shows_it() -> None:
    from ingest_core.model import Rejected, rows_of

    row = next(iter(rows_of(b'["' + KEY.encode() + b'"]')))
    shown = [HttpRequest(f"https://x/?k={KEY}", {"A": KEY}), HttpResponse(200, {"x": KEY}, KEY.encode()), row, SECRET]
    shown += [Record("thing", 1, KEY.encode()), Rejected("thing", 1, "why", KEY.encode()), bearer(SECRET)]
    assert "k3y" not in repr(shown)
    assert "k3y" not in " ".join(map(str, shown))
