"""The JSON Schema of a config: the core's part and the plugin's, as one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from ingest_core.config.document import Path_
from ingest_core.config.durations import DURATION_PATTERN
from ingest_core.config.secrets import REFERENCE
from ingest_core.errors import PluginError
from ingest_core.keys import LABEL
from ingest_core.model import Secret, Source

SECRET = "secret"  # noqa: S105 -- the name of a format, not a secret
DURATION = "duration"
_FOLDER = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"

CORE: Mapping[str, Any] = {
    "source": {"type": "string", "description": "The installed plugin that reads the API."},
    "lake": {
        "type": "string",
        "minLength": 1,
        "description": "Where records land: s3://bucket[/prefix], or a folder. --lake and INGEST_LAKE override it.",
        "examples": ["s3://my-data-lake", "lake"],
    },
    "timezone": {
        "type": "string",
        "default": "UTC",
        "description": "Whose day the date in the keys is, as an IANA name.",
        "examples": ["America/Sao_Paulo"],
    },
    "rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 10000,
        "default": 10,
        "description": "Requests per second at most, over all workers.",
        "examples": [40],
    },
    "connections": {
        "type": "integer",
        "minimum": 1,
        "maximum": 256,
        "default": 10,
        "description": "Requests under way at the same time, at most.",
        "examples": [20],
    },
    "timeout": {
        "type": "string",
        "format": DURATION,
        "default": "2m",
        "description": "The whole life of one request, retries and back-off included.",
        "examples": ["90s", "2m"],
    },
    "max_failed": {
        "type": ["integer", "string"],
        "minimum": 0,
        "pattern": "^(100|[0-9]{1,2}(\\.[0-9]+)?)%$",
        "default": 0,
        "description": "How many records may be rejected and the run still commits: a count, or a share such as 1%.",
        "examples": ["1%", 10],
    },
    "layout": {
        "enum": ["record"],
        "default": "record",
        "description": "One object for each record.",
        "examples": ["record"],
    },
    "specification": {
        "type": ["string", "object"],
        "pattern": _FOLDER,
        "additionalProperties": {"type": "string", "pattern": _FOLDER},
        "description": "The folder before the date: one for all records, or one for each stream.",
        "examples": [{"movie": "Movies", "tv": "Series"}],
    },
    "s3": {
        "type": "object",
        "additionalProperties": False,
        "description": "Options of an S3 lake; what is left out is AWS's own configuration.",
        "examples": [{"region": "sa-east-1"}],
        "properties": {
            "region": {"type": "string", "description": "The bucket's region.", "examples": ["sa-east-1"]},
            "profile": {"type": "string", "description": "A profile of the AWS CLI.", "examples": ["data"]},
            "kms_key": {
                "type": "string",
                "description": "Key id or ARN: objects are encrypted with SSE-KMS.",
                "examples": ["alias/data-lake"],
            },
            "bucket_owner": {
                "type": "string",
                "pattern": "^[0-9]{12}$",
                "description": "The account that must own the bucket (quoted: it is text).",
                "examples": ["123456789012"],
            },
        },
    },
}


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
    if schema.get("format") == DURATION:
        schema.setdefault("type", "string")
        schema.setdefault("examples", ["30s", "15m", "12h", "30d"])
        schema["pattern"] = DURATION_PATTERN
    for inner in _inner(schema):
        _spell_out_formats(inner)
