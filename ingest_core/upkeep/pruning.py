"""Old control files: which may go, and the rule by which S3 removes them itself.

What stays of a pruned day is its state and its manifests: that it is done, what it landed in numbers, its checkpoint.
What goes is what only a resume, a replay, a refresh or `ingest verify` of that day would read, and a ref that asks what
was landed (`unless_landed`, `if_landed`): of that day, nothing is known then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingest_core.keys import CONTROL, ControlKeys
from ingest_core.lake import Entry, Lake
from ingest_core.state import History, Phase


@dataclass(frozen=True, slots=True)
class Pruned:
    """What may go of one day: how many files, and their bytes."""

    date: dt.date
    files: int
    bytes: int


def prunable(lake: Lake, label: str, config: str, before: dt.date) -> list[Pruned]:
    """The days before `before` that have something to go, newest first.

    Unfinished runs are left alone, and so is the newest committed day, whatever its age: what follows rests on it.
    """
    history = History(lake, label, config)
    found, newest = [], None
    for day in history.days():
        state = history.state(day)
        if newest is None and history.manifest(day) is not None:
            newest = day
        if day >= before or day == newest or state is None or state.phase in {Phase.RUNNING, Phase.HANDED, Phase.OPEN}:
            continue
        entries = _old(lake, history.keys(day))
        if entries:
            found.append(Pruned(day, len(entries), sum(entry.size for entry in entries)))
    return found


def prune(lake: Lake, label: str, config: str, day: dt.date, on_removed: Callable[[], None] = lambda: None) -> None:
    """Removes what may go of a day that `prunable` named."""
    for entry in _old(lake, ControlKeys(label, config, day)):
        lake.delete(entry.key)
        on_removed()


def _old(lake: Lake, keys: ControlKeys) -> list[Entry]:
    return [entry for entry in lake.entries(keys.day) if not _stays(entry.key.removeprefix(keys.day))]


def _stays(name: str) -> bool:
    """`state.json`, `state.lock` and the manifests of every generation."""
    folder, _, file = name.rpartition("/")
    return not folder or ("/" not in folder and file.startswith("manifest"))


def lifecycle_rules(prefix: str, days: int) -> dict[str, Any]:
    """What `aws s3api put-bucket-lifecycle-configuration` takes: `_ingest/` goes after so many days.

    `prefix` is the lake's own within its bucket. Versions that are not current any more, of which each renewal of a
    lease leaves one in a versioned bucket, go after a week.
    """
    top = f"{prefix.strip('/')}/{CONTROL}/" if prefix.strip("/") else f"{CONTROL}/"
    return {
        "Rules": [
            {
                "ID": "ingest-control-files",
                "Status": "Enabled",
                "Filter": {"Prefix": top},
                "Expiration": {"Days": days},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
            }
        ]
    }
