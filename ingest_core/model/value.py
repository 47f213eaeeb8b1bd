"""What travels is frozen: the base of such values.

A dataclass is compiled anew in every process, half a millisecond each; a struct of msgspec is a fortieth of that, and
its instances are made several times as fast.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

from msgspec import Struct


class _Fields:
    """What `dataclasses` looks for in a class; made where somebody does."""

    def __get__(self, instance: object, owner: type[Struct]) -> dict[str, dataclasses.Field[Any]]:
        return _fields_of(owner)


class Value(Struct, frozen=True):
    """A frozen value. `dataclasses.replace`, `asdict` and `fields` take it for a dataclass."""

    __dataclass_fields__ = _Fields()


def shown_without(value: Value, *hidden: str) -> str:
    """`repr` of a value but for these fields: a body would fill any log."""
    said = [f"{name}={getattr(value, name)!r}" for name in value.__struct_fields__ if name not in hidden]
    return f"{type(value).__name__}({', '.join(said)})"


@cache
def _fields_of(struct: type[Struct]) -> dict[str, dataclasses.Field[Any]]:
    alike = dataclasses.make_dataclass(struct.__name__, [(name, Any) for name in struct.__struct_fields__])
    return {field.name: field for field in dataclasses.fields(alike)}
