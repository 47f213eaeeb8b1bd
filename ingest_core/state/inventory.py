"""The files of a generation by their names: the slices that are closed, and those that were begun."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, field

from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake

# <epoch>-<number>, and which worker it was where there were several
_INTENT = re.compile("([0-9]+)-([0-9]+)(-[0-9a-f]+)?")
_PLAN, _SUPPLEMENT = (re.compile(form) for form in ("plan-[0-9]+-[0-9]+", "manifest-[0-9]+"))


class Inventory(Struct, frozen=True):
    """The files of a generation, by name: slices that have a part; slice → keys of its intents, oldest first."""

    parts: tuple[str, ...] = ()
    intents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    planned_rounds: frozenset[int] = frozenset()
    supplements: int = 0
    is_committed: bool = False


def listed(lake: Lake, keys: ControlKeys) -> Inventory:
    """What is there, by one listing."""
    parts, rounds, supplements, committed = [], set(), 0, False
    intents: dict[str, list[tuple[int, int, str]]] = {}
    for entry in lake.entries(keys.root):
        folder, _, name = entry.key.removeprefix(keys.root).removesuffix(".json").rpartition("/")
        if folder == "parts":
            parts.append(name)
        elif folder.startswith("intents/") and (intent := _INTENT.fullmatch(name)):
            found = (int(intent[1]), int(intent[2]), entry.key)
            intents.setdefault(folder.removeprefix("intents/"), []).append(found)
        elif _PLAN.fullmatch(name):
            rounds.add(int(name.split("-")[1]))
        elif name == "manifest":
            committed = True
        elif _SUPPLEMENT.fullmatch(name):
            supplements = max(supplements, int(name.removeprefix("manifest-")))
    ordered = {slice: tuple(key for *_, key in sorted(found)) for slice, found in intents.items()}
    return Inventory(tuple(parts), ordered, frozenset(rounds), supplements, committed)


def intents_of(lake: Lake, keys: ControlKeys, slice_name: str) -> Inventory:
    """The intents of one slice."""
    found = sorted(
        (int(intent[1]), int(intent[2]), entry.key)
        for entry in lake.entries(keys.intents(slice_name))
        if (intent := _INTENT.fullmatch(entry.key.rpartition("/")[2].removesuffix(".json")))
    )
    return Inventory(intents={slice_name: tuple(key for *_, key in found)} if found else {})
