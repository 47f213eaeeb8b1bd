"""Which runs of a config there are, and how each stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.state import History, Phase, RunState, decode, lease_of

_WORDS = {
    Phase.DONE: "done",
    Phase.OPEN: "unfinished",
    Phase.ABANDONED: "given up",
    Phase.LIMITED: "trial",
}


@dataclass(frozen=True, slots=True)
class RunLine:
    """One day of one config.

    standing    "done", "unfinished", "running", "interrupted", "trial" or "given up"
    run         the name of the run, whose files lie under `_ingest/`
    totals      of the newest committed generation, as the manifest has them; empty without one
    finished    when that was committed, in UTC
    """

    config: str
    date: dt.date
    standing: str
    run: str
    holder: str
    totals: Mapping[str, int]
    finished: dt.datetime | None
    manifest: str | None


def lines(lake: Lake, label: str, config: str, most: int) -> Iterator[RunLine]:
    """The newest `most` days that have files of that config, newest first."""
    history = History(lake, label, config)
    for day in history.days()[:most]:
        keys, state, manifest = history.keys(day), history.state(day), history.manifest(day)
        committed = None if manifest is None else keys.of(manifest.generation)
        yield RunLine(
            config=config,
            date=day,
            standing=standing(lake, keys) if state is not None else "done" if manifest is not None else "unknown",
            run=(keys if state is None else history.keys_of(day, state)).run,
            holder="" if state is None else state.holder,
            totals={} if manifest is None else manifest.totals,
            finished=None if manifest is None else manifest.finished,
            manifest=None if committed is None else committed.manifest(),
        )


def standing(lake: Lake, keys: ControlKeys) -> str:
    """How the run of a day stands, in a word; "none" where there is none.

    A run that has the claim is "running" where it is seen to live: on a disk by its lock, on S3 by a lease that is
    younger than it may get. Otherwise it is "interrupted".
    """
    stored = lake.get(keys.state)
    if stored is None:
        return "none"
    state = decode(stored.body, RunState, keys.state)
    if not lease_of(state):
        return _WORDS[state.phase]
    if lake.holds:
        release = lake.hold(keys.lock)
        if release is None:
            return "running"
        release()
        return "interrupted"
    return "interrupted" if stored.age is not None and stored.age > lease_of(state) else "running"
