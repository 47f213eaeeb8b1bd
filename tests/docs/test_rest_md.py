"""docs/sources/rest.md: each YAML is run against the answers beside it, and asks for just what is printed there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ingest_core.api import HttpRequest, HttpResponse
from ingest_core.config import config_schema
from ingest_core.config.document import parse_document
from ingest_core.model import Status
from ingest_core.plugins import load_plugins
from ingest_core.testing import land

DOCUMENT = Path(__file__).parents[2] / "docs/sources/rest.md"
BASE = "https://api.example.org"
THING = {"name": "thing", "path": "/things"}
REST = load_plugins().find("rest")
BLOCK = r"((?:(?!```).)*)"
PAIR = re.compile(f"```yaml\n{BLOCK}```\n```http\n{BLOCK}```", re.DOTALL)
EXAMPLES = PAIR.findall(DOCUMENT.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Printed:
    """One exchange as the page prints it."""

    url: str
    sent: Mapping[str, str]
    response: HttpResponse


def parsed(text: str) -> dict[str, Any]:
    """YAML as configs are read, where `on` is a word."""
    return dict(parse_document(text, "rest.md").value)


def printed(text: str) -> Printed:
    first, *lines = text.strip().splitlines()
    sent, told = (dict(line[2:].split(": ", 1) for line in lines if line.startswith(mark)) for mark in ("> ", "< "))
    body = "\n".join(line for line in lines if not line.startswith(("> ", "< ")))
    return Printed(BASE + first.removeprefix("GET "), sent, HttpResponse(200, told, body.encode()))


class Page:
    """Answers what is printed, and remembers what was asked beyond that."""

    def __init__(self, exchanges: list[Printed]) -> None:
        self.exchanges = {exchange.url: exchange for exchange in exchanges}
        self.asked: list[str] = []

    def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
        self.asked.append(request.url)
        exchange = self.exchanges.get(request.url)
        if exchange is None or not exchange.sent.items() <= dict(request.headers).items():
            return HttpResponse(404, {}, b"")
        return exchange.response


@pytest.mark.parametrize(("settings", "exchanges"), EXAMPLES, ids=[str(number) for number in range(len(EXAMPLES))])
def test_an_example_asks_for_what_is_printed(settings: str, exchanges: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THINGS_KEY", "the-key-itself")
    page = Page([printed(text) for text in exchanges.split("\n\n")])
    trial = land(REST, {"base_url": BASE, "streams": [THING], **parsed(settings)}, page)
    assert trial.report.status is Status.DONE, trial.report
    assert (trial.report.counts.missing, trial.report.counts.rejected) == (0, 0)
    assert sorted(page.asked) == sorted(page.exchanges)
    bodies = [exchange.response.body for exchange in page.exchanges.values()]
    assert all(any(body in whole for whole in bodies) for body in trial.records.values())
    assert trial.records or all(json.loads(body) in ([], {"meta": {"result_count": 0}}) for body in bodies)


def test_each_kind_of_paging_and_auth_has_an_example() -> None:
    shown: dict[str, set[str]] = {"paging": set(), "auth": set()}
    for settings, _ in EXAMPLES:
        fragment = parsed(settings)
        shown["auth"] |= set(fragment.get("auth", {}))
        for stream in fragment.get("streams", []):
            shown["paging"] |= set(stream.get("paging", {}))
    properties: Any = REST.settings_schema["properties"]
    assert shown["auth"] == set(properties["auth"]["properties"])
    assert shown["paging"] == set(properties["streams"]["items"]["properties"]["paging"]["properties"])


def test_the_whole_config_on_the_page_is_one() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    (whole,) = (block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if block.startswith("source:"))
    jsonschema.validate(parsed(whole), config_schema(REST), cls=jsonschema.Draft202012Validator)


def test_every_yaml_on_the_page_is_run() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert len(EXAMPLES) == text.count("```yaml") - 1 == text.count("```http")
