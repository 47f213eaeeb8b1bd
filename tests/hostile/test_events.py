"""Odd events of the Lambda function: what is wrong is refused before a file, a socket or a process is touched."""

from __future__ import annotations

import json
import os
import random
import sys
from typing import Any

import pytest

from ingest_core.errors import UsageError
from ingest_core.lambda_handler import handler, parse_event

# More by hand: INGEST_FUZZ=1000000 pytest tests/hostile/test_events.py
EVENTS = max(20_000, int(os.environ.get("INGEST_FUZZ", "0")))
ALLOWED = {"source", "date", "limit", "refresh"}
OUTSIDE = ("open", "os.", "socket.", "subprocess.", "shutil.", "tempfile.", "urllib.", "import", "exec", "compile")
_seen: list[str] = []
_watching = False

TEXTS = [
    "tmdb",
    "../tmdb",
    "/etc/passwd",
    "s3://bucket/x",
    "http://169.254.169.254/",
    "tmdb.yaml",
    "tmdb\0",
    "tmdb\n",
    "",
    ".",
    "..",
    "a" * 64,
    "a" * 65,
    "x" * 100_000,
    "TMDB",
    "t\u0301mdb",
    "\uff54mdb",
    "\ud800",
    "${HOME}",
    "`id`",
    "$(id)",
    "2026-11-23",
    "2026-11-23T06:00:00Z",
    "2026-02-30",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "\u0662\u0660\u0662\u0666-11-23",
    "-1",
    "0",
    "1e9",
    "true",
    "null",
    "NaN",
    "{}",
    "__class__",
    "{source}",
    "%s",
]
NUMBERS: list[Any] = [0, 1, -1, 10**400, 1.0, 1e308, float("nan"), float("inf"), True, False, None]
KEYS = ["source", "date", "limit", "refresh", "step", "round", "segment", "lake", "bucket", "url", "config", "settings"]
KEYS += ["plugin", "path", "base_url", "INGEST_LAKE", "__proto__", "Source", "source ", "", "x" * 10_000, "\ud800"]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event.startswith(OUTSIDE):
        _seen.append(f"{event}{arguments!r:.200}")


sys.addaudithook(_hook)


def value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(10 if depth < 3 else 7)
    if kind < 4:
        text = chance.choice(TEXTS)
        at = chance.randrange(len(text) + 1)
        return (
            text[:at] + chr(chance.choice([0, 10, 47, 46, 92, 233, 0x301, 0x202E])) + text[at:] if kind == 3 else text
        )
    if kind < 7:
        return chance.choice(NUMBERS)
    if kind < 9:
        return [value(chance, depth + 1) for _ in range(chance.randrange(3))]
    return {chance.choice(KEYS): value(chance, depth + 1) for _ in range(chance.randrange(3))}


def event(chance: random.Random) -> Any:
    if chance.random() < 0.05:
        return value(chance)
    known = {key: value(chance) for key in chance.sample(KEYS[:7], chance.randrange(5))}
    if chance.random() < 0.6:
        known["source"] = "tmdb"
    if chance.random() < 0.3:
        known[chance.choice(KEYS)] = value(chance)
    return known


def test_whatever_is_wrong_with_an_event_is_said_without_touching_anything() -> None:
    global _watching  # noqa: PLW0603 -- an audit hook stays for the life of the process
    chance = random.Random(20261125)
    refused = read = 0
    for number in range(EVENTS):
        asked = event(chance)
        _seen.clear()
        _watching = True
        try:
            parsed = parse_event(asked)
        except UsageError as error:
            refused += 1
            with pytest.raises(UsageError):  # the handler itself gets no further
                handler(asked, None)
            _watching = False
            assert len(str(error)) < 2000, number  # noqa: PT017 -- of each of the refusals
            assert str(error).encode()  # noqa: PT017
        else:
            _watching = False
            read += 1
            assert set(asked) <= ALLOWED | {"step", "round", "segment"}, number
            step, place = asked.get("step"), (asked.get("round"), asked.get("segment"))
            assert step in {None, "check", "plan", "land", "commit"}, number
            assert (parsed.round, parsed.segment) == (place if step == "land" else (0, 0))
            assert all(type(one) is int and one >= 0 for one in (parsed.round, parsed.segment))
            said = (asked["source"], asked.get("date"), asked.get("limit"), asked.get("refresh", False), step)
            assert (parsed.source, parsed.date, parsed.limit, parsed.refresh, parsed.step) == said
            assert parsed.source.isascii()
            assert "/" not in parsed.source
            assert "." not in parsed.source
        finally:
            _watching = False
        assert _seen == [], number
    assert refused > EVENTS // 4
    assert read > EVENTS // 50


def test_an_event_that_json_can_say_and_python_cannot_walk_is_refused() -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    with pytest.raises(UsageError):
        parse_event({"source": deep})
    with pytest.raises(UsageError):
        parse_event({"source": "tmdb", "date": deep})
    with pytest.raises(UsageError):
        parse_event({"source": "tmdb", "limit": 10**5000, "x": deep})
