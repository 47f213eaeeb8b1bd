"""What must not happen on a bad day: leaks, silence, and running in circles."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from ingest_core.api import HttpRequest, HttpResponse
from ingest_core.model import (
    Checkpoint,
    Connection,
    Context,
    Record,
    Ref,
    Slice,
    Source,
    Status,
    query_key,
)
from ingest_core.run import HandOver
from ingest_core.testing import Conditions, MemoryLake, land

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string", "format": "secret", "default": "env:GUARD_KEY", "description": "Its key."}
    },
}
KEY = "a-very/secret key"


def source(plan: Callable[..., Any], fetch: Callable[..., Any], **more: Any) -> Source:
    return Source("guarded", "Guarded", SCHEMA, plan, fetch, **more)


def one(ctx: Context) -> Iterator[Slice]:
    yield Slice("one")


class Echo:
    """An API that quotes the URL it was asked, as error pages do."""

    def __init__(self, status: int) -> None:
        self._status = status

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        body = f"<html>moved: <a href='{request.url}'>here</a></html>".encode()
        return HttpResponse(self._status, {"location": request.url}, body)


@pytest.mark.parametrize("status", [301, 404, 422, 401])
def test_an_error_page_that_quotes_a_key_does_not_carry_it_into_the_lake(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUARD_KEY", KEY)

    def connect(settings: Mapping[str, Any]) -> Connection:
        return Connection("https://api.example.org", query_key("api_key", settings["key"]))

    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        for answer in ctx.api.get_many(["/things/1"]):
            yield answer.record("thing", 1)

    trial = land(source(one, fetch, connect=connect), {}, Echo(status))
    everything = b"".join(trial.lake.bodies("").values()).decode() + repr(trial.report)
    for form in (KEY, "a-very%2Fsecret+key", "a-very%2Fsecret%20key"):
        assert form not in everything


def test_a_record_of_another_stream_does_not_answer_for_a_pinned_id() -> None:
    def plan(ctx: Context) -> Iterator[Ref]:
        yield Ref("movie", 11)

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("person", 11, b"{}")

    report = land(source(plan, fetch, streams=("movie", "person")), {}).report
    assert (report.status, report.counts.unaccounted) == (Status.FAILED, 1)


def test_pinned_ids_that_a_rest_carries_on_are_accounted_for() -> None:
    def plan(ctx: Context) -> Iterator[Ref]:
        for id in range(6):
            yield Ref("movie", id)

    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        yield Record("movie", slice.ids[0], b"{}")
        if slice.ids[1:]:
            yield Slice(f"rest-{len(slice.ids)}", {}, slice.stream, slice.ids[1:])

    trial = land(source(plan, fetch), {}, conditions=Conditions(hand_over=HandOver(records=1)))
    assert (trial.report.status, len(trial.records)) == (Status.DONE, 6)


def test_paging_in_circles_under_new_names_is_ended() -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        number = slice.params.get("number", 0)
        for id in range(20):
            yield Record("thing", id, b"{}")
        yield Slice(f"page-{number + 1}", {"number": number + 1})

    report = land(source(one, fetch), {}).report
    assert report.status is Status.FAILED
    assert "in circles" in str(report.error)


def test_a_loop_inside_one_fetch_is_ended_too() -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        while True:
            yield Record("thing", 1, b"{}")

    report = land(source(one, fetch), {}).report
    assert report.status is Status.FAILED
    assert "in circles" in str(report.error)


def test_a_failure_that_cannot_be_helped_stops_slices_that_wait_for_nothing() -> None:
    failed = threading.Event()

    def plan(ctx: Context) -> Iterator[Slice]:
        yield Slice("busy")
        yield Slice("broken")

    def fetch(ctx: Context, slice: Slice) -> Iterator[Any]:
        if slice.name == "broken":
            failed.set()
            raise ValueError("made up")
        failed.wait(timeout=10)
        for id in range(1_000_000):
            yield Record("thing", id, b"{}")

    report = land(source(plan, fetch), {}).report
    assert report.status is Status.FAILED
    assert report.counts.records == 0


def test_a_checkpoint_is_told_as_the_manifest_keeps_it() -> None:
    def plan(ctx: Context) -> Iterator[Any]:
        yield Checkpoint("at", ctx.date)
        yield Slice("one")

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("thing", 1, b"{}")

    trial = land(source(plan, fetch), {})
    assert trial.report.checkpoint == {"at": "2026-11-23"}
    assert json.loads(trial.lake.bodies("_ingest/")[str(trial.report.manifest)])["checkpoint"] == {"at": "2026-11-23"}


def test_an_error_that_nobody_names_is_in_the_report(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(MemoryLake):
        def folders(self, prefix: str) -> list[str]:
            raise RuntimeError("made up")

    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        yield Record("thing", 1, b"{}")

    report = land(source(one, fetch), {}, conditions=Conditions(lake=Odd())).report
    assert report.status is Status.FAILED
    assert "RuntimeError: made up" in str(report.error)
    assert report.date == dt.date(2026, 11, 23)


def test_an_error_that_is_its_own_cause_ends_the_slice_and_not_the_patience() -> None:
    def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
        error = ValueError("made up")
        if slice.name:
            raise error from error
        yield Record("thing", 1, b"{}")

    report = land(source(one, fetch), {}).report
    assert report.status is Status.FAILED
    assert "ValueError: made up" in str(report.error)
