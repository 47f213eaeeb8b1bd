"""The shape of records, field by field, and what of it has changed."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

MOST_FIELDS = 2000
MOST_KEYS = 200
MOST_ITEMS = 20
DEEPEST = 8
LONGEST_NAME = 80
EXPECTED = 5
MOVED = 0.2
SURE = 4.0


@dataclass(slots=True)
class Shape:
    """Of how many records, and in how many of them each field had each JSON type.

    A field's name leads to it: `credits.cast[].name`. An object of more than MOST_KEYS keys is a map, whose keys are
    one field, `*`; of an array the first MOST_ITEMS items count.
    """

    records: int = 0
    fields: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, body: bytes) -> None:
        """One record more. What is no JSON has no shape, and is not counted."""
        try:
            value = _value(body)
        except (ValueError, RecursionError):
            return
        self.records += 1
        for name, type in dict.fromkeys(_seen(value, "", 0)):
            if name in self.fields or len(self.fields) < MOST_FIELDS:
                self.fields.setdefault(name, Counter())[type] += 1

    def share(self, name: str) -> float:
        """In how much of the records the field is."""
        return min(1.0, self.fields[name].total() / self.records) if name in self.fields else 0.0

    def types(self, name: str) -> Mapping[str, float]:
        """In how much of the records the field has each type; in those with arrays, one may have several."""
        found = self.fields.get(name, Counter())
        return {type: seen / self.records for type, seen in found.most_common()}


@dataclass(frozen=True, slots=True)
class Change:
    """One field that is not as it was. `kind`: "gone", "added", "retyped", "rarer" or "more frequent".

    `before` and `after`: in how much of the records it had which type; empty where it was not there.
    """

    kind: str
    name: str
    before: Mapping[str, float]
    after: Mapping[str, float]


def changes(before: Shape, after: Shape) -> list[Change]:
    """What cannot be put down to which records were looked at, gone fields first; of a branch, its root alone.

    A field counts as gone where, were it as frequent as before, EXPECTED of the records or more would have it, or
    where every record had it; as added, and a type as new or gone, likewise. It is rarer, or more frequent, where its
    share has moved by MOVED or more, SURE standard errors away from nothing.
    """
    if not before.records or not after.records:
        return []
    found: dict[str, list[Change]] = {kind: [] for kind in _ORDER}
    for name in sorted({*before.fields, *after.fields}):
        kind = _kind(before, after, name)
        if kind and not any(_is_below(name, other.name) for other in found[kind]):
            found[kind].append(Change(kind, name, before.types(name), after.types(name)))
    return [change for kind in _ORDER for change in found[kind]]


_ORDER = ("gone", "retyped", "added", "rarer", "more frequent")


def _value(body: bytes) -> Any:
    """The fast way, and the one that takes a lone surrogate too."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return json.loads(body)


def _kind(before: Shape, after: Shape, name: str) -> str:
    then, now = before.share(name), after.share(name)
    if not now:
        return "gone" if _would_show(then, after.records) else ""
    if not then:
        return "added" if _would_show(now, before.records) else ""
    types_then, types_now = before.types(name), after.types(name)
    lost = any(_would_show(seen, after.records) for type, seen in types_then.items() if type not in types_now)
    new = any(_would_show(seen, before.records) for type, seen in types_now.items() if type not in types_then)
    if lost or new:
        return "retyped"
    if abs(now - then) >= MOVED and abs(now - then) >= SURE * _error(before, after, name):
        return "rarer" if now < then else "more frequent"
    return ""


def _would_show(share: float, records: int) -> bool:
    return share >= 1.0 or share * records >= EXPECTED


def _error(before: Shape, after: Shape, name: str) -> float:
    """The standard error of the difference of two shares, by their pooled estimate."""
    both = before.records + after.records
    pooled = (before.share(name) * before.records + after.share(name) * after.records) / both
    return math.sqrt(pooled * (1 - pooled) * (1 / before.records + 1 / after.records))


def _is_below(name: str, other: str) -> bool:
    return name.startswith((f"{other}.", f"{other}["))


def _seen(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield from [(name, "object")] if name else []
        if depth < DEEPEST:
            is_map = len(value) > MOST_KEYS
            for key, inner in list(value.items())[: MOST_ITEMS if is_map else MOST_KEYS]:
                step = "*" if is_map else key[:LONGEST_NAME]
                yield from _seen(inner, f"{name}.{step}" if name else step, depth + 1)
    elif isinstance(value, list):
        yield (name or "[]", "array")
        if depth < DEEPEST:
            for item in value[:MOST_ITEMS]:
                yield from _seen(item, f"{name}[]", depth + 1)
    else:
        yield (name or "(record)", _TYPES[type(value)])


_TYPES = {str: "text", int: "number", float: "number", bool: "true or false", type(None): "null"}
