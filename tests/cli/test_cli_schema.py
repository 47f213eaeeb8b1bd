"""`ingest schema`: what editors complete configs with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]


def properties(schema: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inner in schema.get("properties", {}).items():
        yield f"{place}.{name}", inner
        yield from properties(inner, f"{place}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from properties(schema["items"], f"{place}[]")


def test_schema_writes_a_file_for_each_installed_source(ingest: Callable[..., Any], home: Path) -> None:
    assert ingest("schema").code == 0
    assert {"rest.json", "tmdb.json", "twitter_stub.json"} <= {path.name for path in (home / "conf/schema").iterdir()}
    assert ingest("schema", "--check").code == 0


def test_check_says_which_file_is_stale_and_writes_nothing(ingest: Callable[..., Any], home: Path) -> None:
    ingest("schema")
    (home / "conf/schema/tmdb.json").write_text("{}")
    ended = ingest("schema", "--check")
    assert ended.code == 1
    assert "tmdb.json: out of date" in ended.out
    assert (home / "conf/schema/tmdb.json").read_text() == "{}"


def test_schema_of_one_source_goes_to_standard_output(ingest: Callable[..., Any]) -> None:
    schema = json.loads(ingest("schema", "tmdb").out)
    assert schema["additionalProperties"] is False
    assert schema["properties"]["rate"]["default"] == 40


@pytest.mark.parametrize("source", ["rest", "tmdb", "twitter_stub"])
def test_every_property_is_explained_with_an_example_that_is_valid(ingest: Callable[..., Any], source: str) -> None:
    schema = json.loads(ingest("schema", source).out)
    for place, inner in properties(schema):
        assert inner.get("description"), place
        if place != ".settings":
            assert inner.get("examples"), place
        for value in [*inner.get("examples", []), *([inner["default"]] if "default" in inner else [])]:
            jsonschema.validate(value, inner, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", ["tmdb", "twitter_stub"])
def test_the_configs_of_this_repository_name_their_schema_and_keep_it(name: str) -> None:
    text = (REPOSITORY / "config" / f"{name}.yaml").read_text()
    assert text.startswith(f"# yaml-language-server: $schema=schema/{name}.json\n")
    schema = json.loads((REPOSITORY / "config/schema" / f"{name}.json").read_text())
    jsonschema.validate(yaml.safe_load(text), schema, cls=jsonschema.Draft202012Validator)
