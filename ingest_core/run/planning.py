"""Round 0: what the source's `plan` says, checked and made into slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest_core.errors import PluginError
from ingest_core.guard import calling
from ingest_core.keys import id_text
from ingest_core.model import Checkpoint, Context, Ref, Slice, Source
from ingest_core.run.rounds import Index, is_reserved
from ingest_core.sink import bad_id


@dataclass(frozen=True, slots=True)
class FirstRound:
    """The slices of round 0, pinned ids last, and the checkpoints that the plan gave."""

    slices: tuple[Slice, ...]
    checkpoints: Mapping[str, Any]


def plan_first_round(source: Source, context: Context, index: Index, limit: int | None) -> FirstRound:
    """Asks the source. Raises PluginError where the plan breaks the contract."""
    slices: list[Slice] = []
    refs: list[tuple[str, str]] = []
    checkpoints: dict[str, Any] = {}
    for item in _planned(source, context):
        if isinstance(item, Slice):
            slices.append(item)
        elif isinstance(item, Ref):
            refs.append((item.stream, _ref_id(source, item)))
        elif isinstance(item, Checkpoint):
            checkpoints[item.name] = item.value
        else:
            raise PluginError(
                f"source {source.name}: plan yielded a {type(item).__name__}; it yields Slice, Ref and Checkpoint"
            )
    names = Counter(slice.name for slice in slices)
    reserved = [name for name in names if is_reserved(name)]
    if reserved:
        raise PluginError(f"source {source.name}: slice name {reserved[0]!r}: names like r1-… are the core's own")
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        raise PluginError(f"source {source.name}: plan names two slices {twice[0]!r}; names are unique within a run")
    index.found("plan", refs)
    return FirstRound((*slices, *index.next_round(0, limit)), checkpoints)


def _ref_id(source: Source, ref: Ref) -> str:
    id = id_text(ref.id)
    if id is None:
        raise PluginError(f"source {source.name}: plan yielded a ref to {ref.stream} with a {bad_id(ref.id)}")
    return id


def _planned(source: Source, context: Context) -> list[object]:
    with calling(source.name, ": plan"):
        return list(source.plan(context))
