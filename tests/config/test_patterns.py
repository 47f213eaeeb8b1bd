"""What a config's text must look like, in words: for a person who made a mistake, and for an editor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ingest_core import ConfigError, Source
from ingest_core.config import build_config, config_schema
from ingest_core.config.document import parse_document
from ingest_core.plugins import load_plugins

INSTALLED = load_plugins()


def patterns(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside `schema` that has a pattern, and where."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield path, schema
        for key, inner in schema.items():
            yield from patterns(inner, f"{path}.{key}")
    elif isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from patterns(inner, f"{path}.{number}")


@pytest.mark.parametrize("name", ["rest", "tmdb", "twitter_stub"])
def test_every_pattern_of_what_is_shipped_is_said_in_words_and_has_examples_that_fit(name: str) -> None:
    found = dict(patterns(config_schema(INSTALLED.find(name))))
    assert len(found) > 5
    for path, schema in found.items():
        assert schema.get("patternErrorMessage", "").startswith("must "), path
        assert schema["examples"], path
        assert all(re.search(schema["pattern"], one) for one in schema["examples"] if isinstance(one, str)), path


def test_a_pattern_that_a_plugin_does_not_explain_is_shown_by_its_example_or_as_it_is() -> None:
    plain = {"type": "string", "pattern": "^[ab]+$"}
    schema = {"type": "object", "properties": {"a": plain, "b": {**plain, "examples": ["ab"]}}}
    things = Source("things", "Things", schema, lambda ctx: [], lambda ctx, slice: [])
    document = parse_document("source: things\nlake: x\nsettings: {a: q, b: q}\n", "c.yaml")
    with pytest.raises(ConfigError) as raised:
        build_config(document, "c", things, lambda reference: "")
    assert raised.value.what.splitlines() == [
        "c.yaml:3:15: a: 'q' does not have the form ^[ab]+$",
        "c.yaml:3:21: b: 'q' does not have the form of 'ab'",
    ]
