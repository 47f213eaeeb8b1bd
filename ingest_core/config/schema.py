"""The JSON Schema of a config: the core's part and the plugin's, as one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from ingest_core.codes import Code
from ingest_core.config.core_schema import CORE, DURATION
from ingest_core.config.durations import DURATION_PATTERN
from ingest_core.config.places import Path_
from ingest_core.config.secrets import REFERENCE
from ingest_core.errors import PluginError
from ingest_core.keys import LABEL
from ingest_core.model import Secret, Source

SECRET = "secret"  # noqa: S105 -- the name of a format, not a secret
SECRET_HINT = "name where it lies instead: env:NAME, file:PATH, aws-ssm:/path or aws-sm:name#field"  # noqa: S105


def config_schema(source: Source) -> dict[str, Any]:
    """The schema of a config of `source`: unknown keys are refused, secrets are references."""
    properties = copy.deepcopy(dict(CORE))
    properties["source"] |= {"const": source.name, "examples": [source.name]}
    properties["rate"]["default"] = source.rate
    properties["connections"]["default"] = source.connections
    required = ["source", "lake"]
    if source.label is None:
        properties["label"] = {
            "type": "string",
            "pattern": f"^{LABEL}$",
            "patternErrorMessage": "must be letters, digits, '_' and '-' alone",
            "description": "The folder in the lake.",
            "examples": ["Things"],
        }
        required.append("label")
    if source.streams:
        _describe_streams(properties["specification"], source.streams)
    settings = copy.deepcopy(dict(source.settings_schema))
    settings.setdefault("type", "object")
    settings.setdefault("description", f"The settings of the source {source.name} itself.")
    _spell_out_formats(settings)
    if _marks_of_secrets(settings) > _secrets_reached(settings):
        raise PluginError(
            f"source {source.name}: its settings_schema marks a secret where the core does not look",
            Code.SOURCE_SCHEMA,
            hint="put it below properties, items or additionalProperties; not below oneOf, $ref or patternProperties",
        )
    for own in CORE:
        _spell_out_formats(properties[own])
    properties["settings"] = settings
    if settings.get("required"):
        required.append("settings")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A config of the source {source.name}",
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def with_defaults(value: Any, schema: Mapping[str, Any]) -> Any:
    """`value` with the defaults of `schema` where it says nothing, objects and the items of arrays included."""
    if isinstance(value, dict):
        filled = dict(value)
        for name, inner in schema.get("properties", {}).items():
            if name in filled:
                filled[name] = with_defaults(filled[name], inner)
            elif "default" in inner:
                filled[name] = copy.deepcopy(inner["default"])
        return filled
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        return [with_defaults(item, schema["items"]) for item in value]
    return value


def secrets_in(value: Any, schema: Mapping[str, Any], path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Path and value of everything in `value` that `schema` marks as a secret."""
    if schema.get("format") == SECRET:
        yield path, value
    elif isinstance(value, dict):
        others = schema.get("additionalProperties")
        for name, given in value.items():
            inner = schema.get("properties", {}).get(name, others)
            if isinstance(inner, Mapping):
                yield from secrets_in(given, inner, (*path, name))
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for number, item in enumerate(value):
            yield from secrets_in(item, schema["items"], (*path, number))


def holds_secrets(schema: Mapping[str, Any]) -> bool:
    """Whether a value of this schema, or anything in it, is a secret."""
    return schema.get("format") == SECRET or any(map(holds_secrets, _inner(schema)))


def _marks_of_secrets(schema: Any) -> int:
    """How often `format: secret` stands anywhere in `schema`."""
    if isinstance(schema, dict):
        return int(schema.get("format") == SECRET) + sum(map(_marks_of_secrets, schema.values()))
    return sum(map(_marks_of_secrets, schema)) if isinstance(schema, list | tuple) else 0


def _secrets_reached(schema: Mapping[str, Any]) -> int:
    return int(schema.get("format") == SECRET) + sum(map(_secrets_reached, _inner(schema)))


def _inner(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The schemas of what is in a value of `schema`."""
    inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return [one for one in inner if isinstance(one, dict)]


def replaced(value: Any, path: Path_, new: Secret) -> Any:
    """A copy of `value` with `new` at `path`."""
    if not path:
        return new
    first, rest = path[0], path[1:]
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[first] = replaced(copied[first], rest, new)
    return copied


def _describe_streams(specification: dict[str, Any], streams: tuple[str, ...]) -> None:
    folder = specification.pop("additionalProperties")
    specification["additionalProperties"] = False
    specification["properties"] = {
        stream: {**folder, "description": f"The folder of the stream {stream}.", "examples": [stream.title()]}
        for stream in streams
    }


def _spell_out_formats(schema: dict[str, Any]) -> None:
    """Gives secrets and durations their patterns, for validators and editors that do not know the formats."""
    if schema.get("format") == SECRET:
        schema.setdefault("type", "string")
        schema["pattern"] = REFERENCE
        schema["patternErrorMessage"] = f"must not be the secret itself: {SECRET_HINT}"
    if schema.get("format") == DURATION:
        schema.setdefault("type", "string")
        schema.setdefault("examples", ["30s", "15m", "12h", "30d"])
        schema["pattern"] = DURATION_PATTERN
        schema["patternErrorMessage"] = "must be a span of time: 90s, 15m, 12h or 30d"
    for inner in _inner(schema):
        _spell_out_formats(inner)
