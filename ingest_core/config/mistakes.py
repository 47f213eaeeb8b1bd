"""From a JSON Schema's verdict to sentences that a person can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ingest_core.codes import Code
from ingest_core.config.core_schema import DURATION
from ingest_core.config.document import Document
from ingest_core.config.places import Path_
from ingest_core.config.schema import SECRET, SECRET_HINT, holds_secrets
from ingest_core.errors import Located, PluginError

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_CODES = {
    "type": Code.CONFIG_TYPE,
    "enum": Code.CONFIG_CHOICE,
    "const": Code.CONFIG_CHOICE,
    "minimum": Code.CONFIG_RANGE,
    "maximum": Code.CONFIG_RANGE,
    "exclusiveMinimum": Code.CONFIG_RANGE,
    "exclusiveMaximum": Code.CONFIG_RANGE,
    "minItems": Code.CONFIG_RANGE,
    "maxItems": Code.CONFIG_RANGE,
    "uniqueItems": Code.CONFIG_RANGE,
    "minLength": Code.CONFIG_RANGE,
}


def mistakes(document: Document, schema: Mapping[str, Any], owner: str) -> list[Located]:
    """Everything that `schema` finds wrong in `document`, each once, in the order of the file.

    Raises PluginError, naming `owner`, where the schema itself is not one (Document says when that is looked at).
    """
    # A cold start that has a stamp does without it, and without the 40 ms that it costs.
    from jsonschema import Draft202012Validator

    if not document.trusts_schema:
        _require_schema(schema, owner)
    try:
        errors = list(Draft202012Validator(schema).iter_errors(document.value))
    except Exception as error:  # noqa: BLE001 -- an unresolvable $ref raises one of many kinds, some with the schema
        _require_schema(schema, owner)
        raise PluginError(
            f"{owner}: its settings_schema cannot be applied ({type(error).__name__})", Code.SOURCE_SCHEMA
        ) from None
    if errors:
        _require_schema(schema, owner)
    found = {located for error in errors for located in _sentences(document, error)}
    return sorted(found, key=lambda located: (located.line, located.column, located.what))


def _require_schema(schema: Mapping[str, Any], owner: str) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise PluginError(
            f"{owner}: its settings_schema is not JSON Schema: {error.message}", Code.SOURCE_SCHEMA
        ) from None


def did_you_mean(word: object, known: list[str]) -> str:
    """`; did you mean 'x'?` where one of `known` is close, else what is known."""
    close = difflib.get_close_matches(str(word), known, 1, 0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""


def _sentences(document: Document, error: Any) -> Iterator[Located]:
    path: Path_ = tuple(error.absolute_path)
    kind = error.validator
    if kind == "additionalProperties" and isinstance(error.instance, dict):
        known = sorted(error.schema.get("properties", {}))
        for key in sorted(set(error.instance) - set(known), key=str):
            what = f"unknown key {key!r}{did_you_mean(key, known)}"
            yield document.locate((*path, key), what, Code.CONFIG_KEY_UNKNOWN, at_key=True)
    elif kind == "required":
        for key in error.validator_value:
            if key not in error.instance:
                about = error.schema.get("properties", {}).get(key, {}).get("description", "")
                name = ".".join(map(str, (*path, key)))
                what = f"missing key {name!r}{': ' + about if about else ''}"
                yield document.locate(path, what, Code.CONFIG_KEY_MISSING)
    elif kind in {"oneOf", "anyOf"}:
        yield document.locate(path, _choice(error), Code.CONFIG_ALTERNATIVES)
    else:
        is_secret = error.schema.get("format") == SECRET
        code = Code.CONFIG_SECRET if is_secret else _CODES.get(kind, Code.CONFIG_FORM)
        yield document.locate(path, f"{_name(path)}{_plain(kind, error)}", code)


def _choice(error: Any) -> str:
    """The sentence about alternatives: by the keys that they require where that is what tells them apart."""
    keys = [key for branch in error.validator_value for key in branch.get("required", [])]
    if keys and all(set(branch) <= {"required", "title"} for branch in error.validator_value):
        given = [key for key in keys if key in error.instance]
        if len(given) > 1:
            return f"{' and '.join(given)} exclude each other: keep one"
        return f"one of these keys is needed: {', '.join(keys)}"
    expected = " or ".join(sorted({_expected(branch) for branch in error.validator_value}))
    return f"{_name(tuple(error.absolute_path))}must be {expected}"


def _expected(branch: Mapping[str, Any]) -> str:
    if "title" in branch:
        return str(branch["title"])
    if "const" in branch:
        return repr(branch["const"])
    if "enum" in branch:
        return f"one of {', '.join(map(str, branch['enum']))}"
    types = branch.get("type", "something else")
    return " or ".join(_TYPES.get(name, name) for name in ([types] if isinstance(types, str) else types))


def _plain(kind: str, error: Any) -> str:
    wanted, given = error.validator_value, error.instance
    if error.schema.get("format") == SECRET:
        return f"a secret does not stand in a config: {SECRET_HINT}"
    if kind == "type":
        seen = "what stands there" if holds_secrets(error.schema) else _shown(given)
        return f"must be {_expected({'type': wanted})}, not {seen}"
    if kind == "pattern" and error.schema.get("format") == DURATION:
        return f"{_shown(given)} is not a duration: write 90s, 15m, 12h or 30d"
    if kind == "pattern":
        return _form(error)
    if kind == "enum":
        return f"{_shown(given)} is not known{did_you_mean(given, list(map(str, wanted)))}"
    sentences = {
        "const": f"must be {wanted!r}",
        "minimum": f"must be at least {wanted}, not {_shown(given)}",
        "maximum": f"must be at most {wanted}, not {_shown(given)}",
        "exclusiveMinimum": f"must be more than {wanted}, not {_shown(given)}",
        "exclusiveMaximum": f"must be less than {wanted}, not {_shown(given)}",
        "minItems": f"must have at least {wanted} items",
        "maxItems": f"has {len(given) if isinstance(given, list) else 0} items; at most {wanted} are allowed",
        "uniqueItems": "names something twice",
        "minLength": "must not be empty",
    }
    return sentences.get(kind) or str(error.message)[:200]


def _form(error: Any) -> str:
    """A pattern in words, as the schema says it for editors, and an example; where it has neither, the pattern."""
    told, examples = error.schema.get("patternErrorMessage"), error.schema.get("examples", [])
    texts = [one for one in examples if isinstance(one, str)]
    example = f"; for example {texts[0]!r}" if texts else ""
    if told:
        return f"{told}, not {_shown(error.instance)}{example}"
    return f"{_shown(error.instance)} does not have the form {f'of {texts[0]!r}' if texts else error.validator_value}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}…"


def _name(path: Path_) -> str:
    words = [word for word in path if isinstance(word, str)]
    return f"{words[-1]}: " if words else ""
