"""What the schema cannot say: keys that exclude or need each other, and words that stand for nothing."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ingest_core import Mistake
from ingest_source_rest.increment import begin, order
from ingest_source_rest.placing import CHECKPOINT, DATES, ID, places, words_in
from ingest_source_rest.settings import Settings, Stream

# What the core sets itself, what belongs under `auth`, and what is about one connection alone.
_NOT_HEADERS = {
    "authorization",
    "cookie",
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "accept-encoding",
}


def check(settings: Settings, lake: str) -> Iterator[Mistake]:
    """Every mistake, with its path below the settings."""
    auth = settings.get("auth", {})
    yield from _one_of(("auth",), auth if "auth" in settings else {"": {}}, "way to sign")
    basic = auth.get("basic")
    if basic is not None and set(basic) not in ({"key"}, {"user", "password"}):
        yield Mistake(("auth", "basic"), "basic: give user and password, or key alone")
    for name in settings["headers"]:
        if name.lower() in _NOT_HEADERS:
            yield Mistake(("headers", name), f"headers: {name} is not set here: a key belongs under `auth`")
    for number, stream in enumerate(settings["streams"]):
        for mistake in (*_stream(stream), *_words(stream), *_incremental(stream)):
            yield Mistake(("streams", number, *mistake.path), mistake.what)
    yield from _names(settings)


def _one_of(path: tuple[str, ...], given: object, what: str) -> Iterator[Mistake]:
    names = list(given) if isinstance(given, dict) else []
    if len(names) != 1:
        found = f"here are {', '.join(names)}" if names else "here is none"
        yield Mistake(path, f"{path[-1]}: one {what} is wanted; {found}")


def _stream(stream: Stream) -> Iterator[Mistake]:
    paging, stop = stream.get("paging", {}), stream.get("stop", {})
    if "paging" in stream:
        yield from _one_of(("paging",), paging, "kind of paging")
    sizes: Mapping[str, Any] = next(iter(paging.values()), {})
    if stop and not paging:
        yield Mistake(("stop",), "stop: without `paging` there is one page")
    if stop.get("short_page") and "size" not in sizes:
        yield Mistake(
            ("stop", "short_page"), "short_page: say how many rows a full page has: paging: {page: {size: …}}"
        )
    if "size_param" in sizes and "size" not in sizes:
        yield Mistake(("paging", "page"), "size_param: say size too")
    if stop.get("pages", 0) > stream["max_pages"]:
        yield Mistake(("stop", "pages"), f"pages: is more than max_pages, which is {stream['max_pages']}")
    if stream["single"]:
        for key in ("rows", "count", "detail", "paging"):
            if stream.get(key):
                yield Mistake((key,), f"{key}: with `single` the answer is one record: leave it out")
    elif isinstance(stream["id"], str) and "{" in stream["id"]:
        yield Mistake(("id",), "id: rows would all have the same: name the field where each has its own")
    if "detail" in stream and ID not in words_in(stream["detail"]["path"]):
        yield Mistake(("detail", "path"), "path: say where the id goes: /things/{id}")


def _words(stream: Stream) -> Iterator[Mistake]:
    for path, value in places(stream):
        known = {*DATES} | ({ID} if path == ("detail", "path") else set())
        known |= {CHECKPOINT} if path[0] == "params" else set()
        for word in words_in(value):
            if word not in known:
                close = difflib.get_close_matches(word, known, 1, 0.6)
                meant = f"; did you mean {{{close[0]}}}?" if close else f"; known here: {', '.join(sorted(known))}"
                yield Mistake(path, f"{path[-1]}: nothing stands for {{{word}}}{meant}")


def _incremental(stream: Stream) -> Iterator[Mistake]:
    is_placed = any(CHECKPOINT in words_in(value) for value in stream["params"].values())
    incremental = stream.get("incremental")
    if incremental is None:
        if is_placed:
            yield Mistake(("params",), "{checkpoint} needs `incremental`, which says the field it is taken from")
        return
    if not is_placed:
        yield Mistake(
            ("incremental",), "incremental: no parameter asks for {checkpoint}, so each run would read it all"
        )
    if "lag" in incremental and incremental["type"] == "number":
        yield Mistake(("incremental", "lag"), "lag: a number has none; it is for timestamps and unix")
    if "start" in incremental:
        try:
            order(incremental["type"], incremental["start"])
            begin(incremental, incremental["start"])
        except (TypeError, ValueError, OverflowError):
            yield Mistake(("incremental", "start"), f"start: is no {incremental['type']}")


def _names(settings: Settings) -> Iterator[Mistake]:
    """Streams of one name land in one place: ids are taken once, so what is done about an id must be the same."""
    count = Counter(stream["name"] for stream in settings["streams"])
    first: dict[str, Stream] = {}
    for number, stream in enumerate(settings["streams"]):
        name = stream["name"]
        if count[name] > 1 and "incremental" in stream:
            yield Mistake(
                ("streams", number, "name"), f"name: {name} is incremental, so it has one checkpoint: name it once"
            )
        elif stream.get("detail") != first.setdefault(name, stream).get("detail"):
            yield Mistake(("streams", number, "name"), f"name: two streams {name} with different details")
