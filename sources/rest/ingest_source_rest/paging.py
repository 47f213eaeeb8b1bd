"""From one page to the next: the kinds of paging, each a function of a few lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus, urljoin, urlsplit

from ingest_core import Answer, MalformedError, Request, Row, StopError
from ingest_source_rest.placing import Value
from ingest_source_rest.settings import Settings, Stream

_LINK = re.compile(r"<([^>]*)>([^<]*)")  # RFC 8288: a URL, and the attributes up to the next one
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))", re.IGNORECASE)
_URLS = ("link", "next_url")

At = str | int | None


def kind_of(stream: Stream) -> tuple[str, Mapping[str, Any]]:
    """The kind of a stream's paging and its settings; `("", {})` where there is one page."""
    return next(iter(stream.get("paging", {}).items()), ("", {}))


def first(stream: Stream) -> At:
    """What the first page is asked for with."""
    kind, paging = kind_of(stream)
    return paging["first"] if kind in {"page", "offset"} else None


def request(stream: Stream, at: At, params: Mapping[str, Value]) -> Request:
    """The request for the page that begins at `at`, which is a URL, or the value of the paging's parameter."""
    kind, paging = kind_of(stream)
    if kind in _URLS and isinstance(at, str):
        return Request(at)
    own: dict[str, Value] = {}
    if at is not None:
        own[paging["param"]] = at
    if "size_param" in paging:
        own[paging["size_param"]] = paging["size"]
    return Request(stream["path"], {**params, **own})


def numbered(stream: Stream, page: int) -> At:
    """What page `page` (from 1) is asked for with, where pages can be counted."""
    kind, paging = kind_of(stream)
    return int(paging["first"]) + (page - 1) * (paging["size"] if kind == "offset" else 1)


def pages_told(stream: Stream, answer: Answer) -> int | None:
    """How many pages there are, where the settings say where a page tells that.

    Raises MalformedError where it is not told there.
    """
    kind, paging = kind_of(stream)
    path = paging.get("total_pages" if kind == "page" else "total") if kind in {"page", "offset"} else None
    if path is None:
        return None
    told = answer.field(path)
    if not isinstance(told, int) or isinstance(told, bool) or told < 0:
        raise MalformedError(f"GET {answer.url}: {path!r} does not say how many there are, so its rest is unknown")
    return told if kind == "page" else -(-told // paging["size"])


def following(settings: Settings, stream: Stream, answer: Answer, rows: Sequence[Row], page: int) -> At:
    """What the page after `page` is asked for with; None where this is the last.

    Raises MalformedError where it cannot be told, StopError where it is not a page of this API.
    """
    kind, paging = kind_of(stream)
    if not kind or _is_last(stream, answer, rows):
        return None
    return _FOLLOWING[kind](settings, paging, answer, rows, page)


def _is_last(stream: Stream, answer: Answer, rows: Sequence[Row]) -> bool:
    """By what the settings say beside the paging itself."""
    stop = stream.get("stop", {})
    if "more" in stop and not answer.field(stop["more"]):
        return True
    return bool(stop.get("short_page")) and len(rows) < kind_of(stream)[1]["size"]


def _page(settings: Settings, paging: Mapping[str, Any], answer: Answer, rows: Sequence[Row], page: int) -> At:
    return int(paging["first"]) + page if rows else None


def _offset(settings: Settings, paging: Mapping[str, Any], answer: Answer, rows: Sequence[Row], page: int) -> At:
    return int(paging["first"]) + page * int(paging["size"]) if rows else None


def _cursor(settings: Settings, paging: Mapping[str, Any], answer: Answer, rows: Sequence[Row], page: int) -> At:
    return _text_or_number(answer, paging["at"], answer.field(paging["at"]))


def _last_id(settings: Settings, paging: Mapping[str, Any], answer: Answer, rows: Sequence[Row], page: int) -> At:
    if not rows:
        return None
    value = _text_or_number(answer, paging["field"], rows[-1].field(paging["field"]))
    if value is None:
        raise MalformedError(f"GET {answer.url}: the last row has no {paging['field']!r} to go on from")
    return value


def _next_url(settings: Settings, paging: Mapping[str, Any], answer: Answer, rows: Sequence[Row], page: int) -> At:
    found = answer.field(paging["at"])
    if found is not None and not isinstance(found, str):
        raise MalformedError(f"GET {answer.url}: {paging['at']!r} is no URL of a next page")
    return _url(settings, answer, found) if found else None


def _link(settings: Settings, paging: Mapping[str, Any], answer: Answer, rows: Sequence[Row], page: int) -> At:
    for url, attributes in _LINK.findall(answer.headers.get("link", "")):
        found = _REL.search(attributes)
        if found is not None and paging["rel"] in (found[1] or found[2] or "").split():
            return _url(settings, answer, url)
    return None


_FOLLOWING: Mapping[str, Callable[[Settings, Mapping[str, Any], Answer, Sequence[Row], int], At]] = {
    "page": _page,
    "offset": _offset,
    "cursor": _cursor,
    "link": _link,
    "next_url": _next_url,
    "last_id": _last_id,
}


def _text_or_number(answer: Answer, path: str, value: Any) -> At:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MalformedError(
            f"GET {answer.url}: {path!r} is a {type(value).__name__}, which no page can be asked for with"
        )
    return value


def _url(settings: Settings, answer: Answer, found: str) -> str:
    """The next page's URL, on a host of this API, without the key that some APIs write into it: each request is signed
    anew, and no file of the run may hold a key.
    """
    whole = urljoin(answer.url, found)
    host = urlsplit(whole).netloc.lower()
    if host not in {urlsplit(settings["base_url"]).netloc.lower(), *map(str.lower, settings["hosts"])}:
        raise StopError(
            f"GET {answer.url}: the next page lies on another host, {host!r:.80}",
            hint="if it is the API's own, name it under `hosts` in the settings",
        )
    key = settings.get("auth", {}).get("query", {}).get("name")
    url, _, query = whole.partition("#")[0].partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != key)
    return f"{url}?{kept}" if kept else url
