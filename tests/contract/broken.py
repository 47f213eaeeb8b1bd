"""A sound plugin, and deliberately broken ones: each breaks the one part of the contract that its name says."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from ingest_core import (
    Answer,
    Checkpoint,
    Connection,
    MalformedError,
    Missing,
    NotFoundError,
    Outcome,
    Record,
    Slice,
    Source,
    TransientError,
    bearer,
)
from ingest_core.testing import Subject

PAGES = 8
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "token": {"type": "string", "format": "secret", "default": "env:PATH", "description": "Its key."},
        "pages": {"type": "integer", "default": PAGES, "description": "Pages to read."},
    },
}
ANSWERS = {
    f"/v1/things?page={page}": (
        200,
        json.dumps(
            {
                "items": [{"id": 10 * page + row, "n": 7.10} for row in range(3)],
                "next": page + 1 if page < PAGES else None,
            }
        ).encode(),
    )
    for page in range(1, PAGES + 1)
}
Item = Record | Slice | Checkpoint | Missing


def connect(settings: Mapping[str, Any]) -> Connection:
    return Connection("https://api.example.org/v1", bearer(settings["token"]))


def plan(ctx: Any) -> Iterator[Slice]:
    for page in range(1, ctx.settings["pages"] + 1):
        yield Slice(f"page-{page}", {"page": page})


def fetch(ctx: Any, slice: Slice) -> Iterator[Item]:
    answer = ctx.api.get("/things", page=slice.params["page"])
    for row in answer.rows("items"):
        yield Record("thing", row.field("id"), row.body, answer)


SOUND = Source("things", "Things", SCHEMA, plan, fetch, connect=connect)


def chained_plan(ctx: Any) -> Iterator[Slice]:
    yield Slice("page-1", {"page": 1})


def chained(ctx: Any, slice: Slice) -> Iterator[Item]:
    """Follows `next`, one slice a page; sound."""
    answer = ctx.api.get("/things", page=slice.params["page"])
    for row in answer.rows("items"):
        yield Record("thing", row.field("id"), row.body, answer)
    if answer.field("next"):
        yield Slice(f"page-{answer.field('next')}", {"page": answer.field("next")})


CHAINED = replace(SOUND, plan=chained_plan, fetch=chained)


def _with_schema(**changes: Any) -> Source:
    return replace(SOUND, settings_schema={**SCHEMA, **changes})


def _with_property(name: str, schema: dict[str, Any]) -> Source:
    return _with_schema(properties={**SCHEMA["properties"], name: schema})


def _clocked_plan(ctx: Any) -> Iterator[Slice]:
    for page in range(1, PAGES + 1):
        yield Slice(f"page-{page}", {"page": page, "asked": time.monotonic_ns()})


def _tuple_plan(ctx: Any) -> Iterator[Slice]:
    for page in range(1, PAGES + 1):
        yield Slice(f"page-{page}", {"page": page, "span": (1, 2)})


def _foreign(ctx: Any, slice: Slice) -> Iterator[Item]:
    yield from fetch(ctx, slice)
    ctx.api.get("https://elsewhere.example.net/more")


def _behind_the_back(ctx: Any, slice: Slice) -> Iterator[Item]:
    """Asks another host with a library of its own."""
    with contextlib.suppress(OSError):
        socket.create_connection(("192.0.2.1", 80), timeout=1).close()
    yield from fetch(ctx, slice)


TOKEN_ANSWERS = {
    "/v1/posts": (200, b'{"items":[{"id":1}],"next":"t1"}'),
    **{
        f"/v1/posts?token=t{number}": (
            200,
            b'{"items":[{"id":%d}],"next":%s}' % (number + 1, b'"t%d"' % (number + 1) if number < 4 else b"null"),
        )
        for number in range(1, 5)
    },
}


def by_token(ctx: Any, slice: Slice) -> Iterator[Item]:
    """Follows tokens for as long as there are some, in one slice: fresh tokens for ever keep it going for ever."""
    token = None
    while True:
        answer = ctx.api.get("/posts", token=token)
        for row in answer.rows("items"):
            yield Record("post", row.field("id"), row.body, answer)
        token = answer.field("next")
        if token is None:
            return


def _raising(ctx: Any, slice: Slice) -> Iterator[Item]:
    yield from fetch(ctx, slice)
    raise ValueError("made up")


def _idless(ctx: Any, slice: Slice) -> Iterator[Item]:
    answer = ctx.api.get("/things", page=slice.params["page"])
    for row in answer.rows("items"):
        yield Record("thing", row.field("identifier"), row.body, answer)


_numbers = count()


def _counted(ctx: Any, slice: Slice) -> Iterator[Item]:
    answer = ctx.api.get("/things", page=slice.params["page"])
    for row in answer.rows("items"):
        yield Record("thing", next(_numbers), row.body, answer)


def _same_id(ctx: Any, slice: Slice) -> Iterator[Item]:
    answer = ctx.api.get("/things", page=slice.params["page"])
    for row in answer.rows("items"):
        yield Record("thing", slice.params["page"], row.body, answer)


def _forgetful() -> Source:
    """Lands rows in its first run, whole pages in their place in others: bytes that came, but not the same."""
    first: list[object] = []

    def own_fetch(ctx: Any, slice: Slice) -> Iterator[Item]:
        first.append(ctx.api)
        answer = ctx.api.get("/things", page=slice.params["page"])
        for row in answer.rows("items"):
            yield Record("thing", row.field("id"), row.body if ctx.api is first[0] else answer.body, answer)

    return replace(SOUND, fetch=own_fetch)


def _rewriting(ctx: Any, slice: Slice) -> Iterator[Item]:
    answer = ctx.api.get("/things", page=slice.params["page"])
    for row in answer.rows("items"):
        yield Record("thing", row.field("id"), json.dumps(json.loads(row.body), indent=1).encode(), answer)


def _telling(ctx: Any, slice: Slice) -> Iterator[Item]:
    yield from fetch(ctx, slice)
    yield Checkpoint("key", ctx.settings["token"].reveal())


def _numbered_keys(ctx: Any, slice: Slice) -> Iterator[Item]:
    pages = slice.params.get("pages", {0: 1})
    answer = ctx.api.get("/things", page=pages[0])
    for row in answer.rows("items"):
        yield Record("thing", row.field("id"), row.body, answer)
    if answer.field("next"):
        yield Slice(f"page-{answer.field('next')}", {"pages": {0: answer.field("next")}})


def _misremembering_plan(ctx: Any) -> Iterator[Slice | Checkpoint]:
    """Leaves a number to the next run, and looks for a mapping."""
    yield from plan(ctx)
    yield Checkpoint("since", ctx.checkpoint.get("since", {"page": 0})["page"] + PAGES)


def _endless(ctx: Any, slice: Slice) -> Iterator[Item]:
    page = 1
    while page:
        answer = ctx.api.get("/things", page=page)
        for row in answer.rows("items"):
            yield Record("thing", row.field("id"), row.body, answer)
        page = answer.field("next")


def _swallowing(error: type[Exception], *words: str) -> Source:
    """One that takes `error` for an empty page, where its text has any of `words`."""

    def own_fetch(ctx: Any, slice: Slice) -> Iterator[Item]:
        try:
            yield from fetch(ctx, slice)
        except error as fault:
            if words and not any(word in str(fault) for word in words):
                raise

    return replace(SOUND, fetch=own_fetch)


def _body_swallowing(*, html: bool) -> Source:
    """One that takes a malformed page for an empty one: HTML alone, or all but HTML."""

    def own_fetch(ctx: Any, slice: Slice) -> Iterator[Item]:
        answer = ctx.api.get("/things", page=slice.params["page"])
        try:
            rows = list(answer.rows("items"))
        except MalformedError:
            if answer.body.startswith(b"<") is html:
                return
            raise
        for row in rows:
            yield Record("thing", row.field("id"), row.body, answer)

    return replace(SOUND, fetch=own_fetch)


def _hurried(ctx: Any, slice: Slice) -> Iterator[Item]:
    """All pages in one slice, and what was read when time is up taken for the whole."""
    for page in range(1, PAGES + 1):
        try:
            yield from fetch(ctx, Slice(f"page-{page}", {"page": page}))
        except TransientError as fault:
            if "time is up" in str(fault) or "no answer in time" in str(fault):
                return
            raise


def _classifying(outcome: Outcome, when: Callable[[Answer], bool]) -> Source:
    """One whose classify gives some answers another meaning than their status has."""

    def own_connect(settings: Mapping[str, Any]) -> Connection:
        return replace(connect(settings), classify=lambda answer: outcome if when(answer) else None)

    return replace(SOUND, connect=own_connect)


def _says_when(answer: Answer) -> bool:
    return "retry-after" in answer.headers


BROKEN: dict[str, Source] = {
    "its_schema_refuses_unknown_keys": _with_schema(additionalProperties=True),
    "its_settings_are_described": _with_property("size", {"type": "integer", "default": 1}),
    "its_secrets_are_marked": _with_property("password", {"type": "string", "description": "Its password."}),
    "its_plan_is_repeatable": replace(SOUND, plan=_clocked_plan),
    "its_slices_survive_json": replace(SOUND, plan=_tuple_plan),
    "it_asks_its_declared_hosts_alone": replace(SOUND, fetch=_foreign),
    "its_run_is_done": replace(SOUND, fetch=_raising),
    "its_ids_are_present": replace(SOUND, fetch=_idless),
    "its_ids_are_stable": replace(SOUND, fetch=_counted),
    "its_ids_are_distinct": replace(SOUND, fetch=_same_id),
    "its_fetch_is_repeatable": _forgetful(),
    "its_records_are_the_bytes_that_came": replace(SOUND, fetch=_rewriting),
    "no_secret_is_kept_or_logged": replace(SOUND, fetch=_telling),
    "a_handed_over_slice_leads_to_the_same_records": replace(SOUND, plan=chained_plan, fetch=_numbered_keys),
    "the_next_day_goes_on_from_the_last": replace(SOUND, plan=_misremembering_plan),
    "its_paging_ends": replace(SOUND, plan=chained_plan, fetch=_endless),
    "a_401_stops_the_run": _classifying(Outcome.TRANSIENT, lambda answer: answer.status == 401),
    "a_404_is_said": _swallowing(NotFoundError),
    "a_429_with_retry_after_is_waited_for": _classifying(Outcome.MISSING, _says_when),
    "a_429_without_retry_after_is_waited_for": _classifying(
        Outcome.MISSING, lambda answer: answer.status == 429 and not _says_when(answer)
    ),
    "a_500_is_retried": _classifying(Outcome.REFUSED, lambda answer: answer.status == 500),
    "an_outage_leaves_the_run_open": _swallowing(TransientError, "503"),
    "a_connection_that_keeps_failing_leaves_the_run_open": _swallowing(TransientError, "connection failed"),
    "a_body_cut_short_is_said": _body_swallowing(html=False),
    "html_with_status_200_is_said": _body_swallowing(html=True),
    "a_deadline_is_respected": replace(SOUND, plan=chained_plan, fetch=_hurried),
}


# A second way to break a part of the contract.
BROKEN_OTHERWISE: dict[str, Source] = {
    "it_asks_its_declared_hosts_alone": replace(SOUND, fetch=_behind_the_back),
    "its_paging_ends": replace(SOUND, plan=chained_plan, fetch=by_token),
}


def subject(source: Source) -> Subject:
    """A source of this module, ready to be checked."""
    return Subject(source, {}, TOKEN_ANSWERS if source.fetch is by_token else ANSWERS)


__all__ = ["BROKEN", "CHAINED", "SOUND", "subject"]
