"""What counts of a day: its newest committed run; without one, what its run has landed so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.state import History, Manifest, RunState, RunStore


@dataclass(frozen=True, slots=True)
class Relied:
    """The run that `keys` name, and its `parts`; `manifest` is None where nothing of the day is committed.

    `state` is the day's: it may be about another run, which was begun after a committed one.
    """

    keys: ControlKeys
    parts: Sequence[str]
    manifest: Manifest | None
    state: RunState | None


def relied_on(lake: Lake, history: History, day: dt.date) -> Relied | None:
    """None where the day has no run."""
    manifest, state = history.manifest(day), history.state(day)
    if manifest is not None:
        return Relied(history.keys(day, manifest.generation), manifest.parts, manifest, state)
    if state is None:
        return None
    keys = history.keys_of(day, state)
    return Relied(keys, RunStore(lake, keys).inventory().parts, None, state)
