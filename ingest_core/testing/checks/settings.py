"""The settings of a source: strict, described, secrets marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ingest_core.testing.checks.registry import check, require
from ingest_core.testing.subject import Subject

SECRET_WORDS = ("token", "secret", "password", "api_key", "apikey", "credential")


@check
def its_schema_refuses_unknown_keys(subject: Subject) -> None:
    for place, schema in _objects(subject.source.settings_schema, "settings"):
        strict = schema.get("additionalProperties") is False or "properties" not in schema
        require(strict, f"{place} accepts misspelt keys in silence: say additionalProperties: False")


@check
def its_settings_are_described(subject: Subject) -> None:
    for place, inner in _properties(subject):
        require(inner.get("description"), f"{place} has no description, which editors show: give it one")


@check
def its_secrets_are_marked(subject: Subject) -> None:
    for place, inner in _properties(subject):
        named_so = any(word in place.rpartition(".")[2].lower() for word in SECRET_WORDS)
        if named_so and inner.get("type", "string") == "string":
            advice = f'{place} looks like a secret: say "format": "secret", and it is a reference that nobody sees'
            require(inner.get("format") == "secret", advice)


def _properties(subject: Subject) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, schema in _objects(subject.source.settings_schema, "settings"):
        for name, inner in schema.get("properties", {}).items():
            yield f"{place}.{name}", inner


def _objects(schema: Mapping[str, Any], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object schema inside, with its place."""
    types = schema.get("type", "object" if "properties" in schema else ())
    if "object" in ([types] if isinstance(types, str) else types):
        yield place, schema
    for name, inner in schema.get("properties", {}).items():
        yield from _objects(inner, f"{place}.{name}")
    items = schema.get("items")
    if isinstance(items, Mapping):
        yield from _objects(items, f"{place}[]")
