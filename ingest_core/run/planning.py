"""Round 0: what the source's `plan` says, checked and made into slices."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingest_core.codes import Code
from ingest_core.errors import PluginError
from ingest_core.guard import calling
from ingest_core.keys import id_text
from ingest_core.model import Checkpoint, Context, Note, Ref, Slice, Source
from ingest_core.run.index import Index
from ingest_core.run.rounds import is_reserved
from ingest_core.sink import bad_id
from ingest_core.state import Told

REFS_AT_ONCE = 10_000


def plan_first_round(
    source: Source,
    context: Context,
    index: Index,
    is_unwanted: Callable[[Ref, str], bool],
    limit: int | None,
    told: Told,
) -> Iterator[Slice]:
    """Asks the source: its slices as they come, then those of pinned ids. What else it says goes into `told`.

    Raises PluginError where the plan breaks the contract.
    """
    refs = _Refs(index)
    for item in _planned(source, context):
        if isinstance(item, Slice):
            if is_reserved(item.name):
                raise PluginError(
                    f"source {source.name}: slice name {item.name!r}: names like r1-… are the core's own",
                    Code.SOURCE_PLAN,
                )
            if not index.name(item.name):
                raise PluginError(
                    f"source {source.name}: plan names two slices {item.name!r}; names are unique within a run",
                    Code.SOURCE_PLAN,
                )
            yield item
        elif isinstance(item, Ref):
            id = _ref_id(source, item)
            if is_unwanted(item, id):
                told.totals["skipped"] += 1
            else:
                refs.add(item.stream, id)
        elif isinstance(item, Checkpoint):
            told.checkpoints[item.name] = item.value
        elif isinstance(item, Note):
            told.notes.append((item.name, item.text))
        else:
            raise PluginError(
                f"source {source.name}: plan yielded a {type(item).__name__}, not a Slice, Ref, Checkpoint or Note",
                Code.SOURCE_PLAN,
            )
    refs.flush()
    told.totals["duplicates"] = index.plan_found(0)
    yield from index.slices_of(0, limit)


class _Refs:
    """The refs of a plan on their way to the index, some at a time."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._waiting: list[tuple[str, str]] = []
        self._first = 0

    def add(self, stream: str, id: str) -> None:
        self._waiting.append((stream, id))
        if len(self._waiting) >= REFS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        self._index.found("plan", self._waiting, self._first)
        self._first += len(self._waiting)
        self._waiting = []


def _ref_id(source: Source, ref: Ref) -> str:
    id = id_text(ref.id)
    if id is None:
        raise PluginError(
            f"source {source.name}: plan yielded a ref to {ref.stream} with a {bad_id(ref.id)}", Code.SOURCE_PLAN
        )
    return id


def _planned(source: Source, context: Context) -> Iterator[object]:
    with calling(source.name, ": plan"):
        yield from source.plan(context)
