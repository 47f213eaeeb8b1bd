"""Which runs of a config there are, and how each stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.state import History, Manifest, Phase, RunState, decode, lease_of

_WORDS = {
    Phase.DONE: "done",
    Phase.OPEN: "unfinished",
    Phase.ABANDONED: "given up",
    Phase.LIMITED: "trial",
}


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of one config.

    standing    "done", "unfinished", "running", "interrupted", "trial" or "given up"
    run         the name of the run, whose files lie under `_ingest/`
    totals      as its manifest has them; where it is not committed, as its last attempt had counted by its end, empty
                where that left no account
    finished    when it was committed, in UTC
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
    """The runs of the newest `most` days that have files of that config, newest first.

    Of each day the newest committed run; and before it another one that was begun since, or stands alone.
    """
    history = History(lake, label, config)
    for day in history.days()[:most]:
        yield from _of_day(lake, history, day)


def _of_day(lake: Lake, history: History, day: dt.date) -> Iterator[RunLine]:
    keys, state, manifest = history.keys(day), history.state(day), history.manifest(day)
    committed = None if manifest is None else keys.of(manifest.generation)
    current = keys if state is None else history.keys_of(day, state)
    word = "" if state is None else standing(lake, keys)
    if current != committed and (state is not None or committed is None):
        counted = [account.counts for account in history.accounts(current, 1)]
        yield RunLine(
            config=history.config,
            date=day,
            standing=word or "unknown",
            run=current.run,
            holder="" if state is None else state.holder,
            totals=counted[-1] if counted else {},
            finished=None,
            manifest=None,
        )
    if manifest is not None and committed is not None:
        is_current = state is not None and current == committed
        yield RunLine(
            config=history.config,
            date=day,
            standing=word if is_current else "done",
            run=committed.run,
            holder=state.holder if is_current and state is not None else "",
            totals=manifest.totals,
            finished=manifest.finished,
            manifest=committed.manifest(),
        )


class Standings(NamedTuple):
    """How the run that counts for a day stands: `own`; and how another one that was begun since, "" without one."""

    own: str
    anew: str = ""


def standings(lake: Lake, keys: ControlKeys, state: RunState | None, manifest: Manifest | None) -> Standings:
    """Of a day of which this is the state, and that the newest manifest. What is committed stays so, whatever follows.

    A committed run that was given up counts until the next one has landed: it is "given up" `anew`.
    """
    if state is None:
        return Standings("done" if manifest is not None else "unknown")
    word = standing(lake, keys)
    if manifest is None:
        return Standings(word)
    is_another = state.limit is not None or state.generation != manifest.generation
    return Standings("done", word if is_another or state.phase is Phase.ABANDONED else "")


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
