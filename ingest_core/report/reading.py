"""From the lake to a picture: everything that is read, and how much of it at most."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any

from ingest_core.errors import LakeError
from ingest_core.keys import ControlKeys
from ingest_core.lake import LAKE_THREADS, Entry, Lake
from ingest_core.report.calendar import first_day, read_calendar
from ingest_core.report.picture import Calendar, Drift, Picture, Quarantine, Rejection, RunPicture, StreamDrift
from ingest_core.report.samples import Sample, sample
from ingest_core.report.shape import Shape, changes
from ingest_core.report.subject import Subject
from ingest_core.run.parallel import ordered_map
from ingest_core.state import Account, History, Manifest, Phase, Quarantined, RunState, decode
from ingest_core.upkeep import standing

ATTEMPTS = 60
DAYS_BACK = 31
QUARANTINE_COUNTED = 10_000
QUARANTINE_READ = 100
QUARANTINE_SHOWN = 25
QUARANTINE_LARGEST = 500_000
OUR_COUNTS = ("requests", "retries", "throttled")


def current_run(lake: Lake, label: str, config: str, date: dt.date | None) -> ControlKeys | None:
    """The run that stands for a day, or for the newest day that has files; None where there is none."""
    history = History(lake, label, config)
    days = history.days()
    day = date if date is not None else next(iter(days), None)
    if day is None or day not in days:
        return None
    state = history.state(day)
    if state is not None:
        return history.keys_of(day, state)
    return history.keys(day, next(iter(history.generations(day)), 1))


def read_picture(subject: Subject) -> Picture:
    """Reads what the page shows. Raises LakeError where the lake cannot be read."""
    with ThreadPoolExecutor(LAKE_THREADS, "report") as pool:
        state, run = _run(subject, pool)
        calendar = read_calendar(
            subject.lake,
            (subject.label, subject.config),
            first_day(subject.today, subject.months),
            subject.today,
            pool,
            subject.is_over,
        )
    return Picture(
        lake=subject.lake.uri,
        config=subject.config,
        source=subject.source,
        label=subject.label,
        today=subject.today,
        made=subject.now,
        calendar=calendar,
        run=run,
        settings=_settings(subject, state, run),
        notices=_notices(subject, calendar),
    )


def _settings(subject: Subject, state: RunState | None, run: RunPicture | None) -> Mapping[str, Any]:
    """The config, with as many workers as the run had: a command may have said another number."""
    told = subject.settings(state)
    workers = run.accounts[-1].workers if run is not None and run.accounts else 0
    return {**told, "workers": workers} if told and workers else told


def _notices(subject: Subject, calendar: Calendar) -> tuple[str, ...]:
    sources = [subject.source, *(line.source for line in calendar.lines if line.source)]
    return tuple(dict.fromkeys(subject.notices[source] for source in sources if source in subject.notices))


def _run(subject: Subject, pool: Executor) -> tuple[RunState | None, RunPicture | None]:
    keys = subject.keys
    if keys is None:
        return None, None
    history = History(subject.lake, keys.label, keys.config)
    state = history.state(keys.date)
    manifest = history.manifest_of(keys.date, keys.generation) if keys.generation else None
    accounts = tuple(history.accounts(keys, ATTEMPTS))
    is_current = state is not None and keys == history.keys_of(keys.date, state)
    before = history.manifest(keys.date) if is_current and manifest is None else None
    picture = RunPicture(
        run=keys.run,
        date=keys.date,
        standing=_standing(subject.lake, keys, state if is_current else None, manifest),
        is_committed=manifest is not None,
        started=manifest.started if manifest else state.begun if state and is_current else None,
        finished=None if manifest is None else manifest.finished,
        counts=_counts(manifest, accounts),
        accounts=accounts,
        quarantine=_quarantine(subject.lake, keys, pool),
        drift=None if manifest is None else _drift(subject, history, manifest, pool),
        truncated=() if manifest is None else manifest.truncated,
        notes=() if manifest is None else manifest.notes,
        committed="" if before is None else before.run,
    )
    return (state if is_current else None), picture


def _standing(lake: Lake, keys: ControlKeys, state: RunState | None, manifest: Manifest | None) -> str:
    if state is None:
        return "done" if manifest is not None else "trial" if keys.trial else "superseded"
    return "done" if state.phase is Phase.DONE else standing(lake, keys)


def _counts(manifest: Manifest | None, accounts: Sequence[Account]) -> Mapping[str, int]:
    """What the manifest says; else what the last attempt had counted."""
    landed = manifest.totals if manifest is not None else accounts[-1].counts if accounts else {}
    asked = {name: sum(account.counts.get(name, 0) for account in accounts) for name in OUR_COUNTS}
    return {**landed, **asked}


def _quarantine(lake: Lake, keys: ControlKeys, pool: Executor) -> Quarantine:
    found = list(itertools.islice(lake.entries(keys.quarantine_root), QUARANTINE_COUNTED + 1))

    def read(entry: Entry) -> Rejection | None:
        stored = lake.get(entry.key) if entry.size <= QUARANTINE_LARGEST else None
        if stored is None:
            return Rejection("", "", f"not read: {entry.size:,} bytes", entry.key)
        try:
            file = decode(stored.body, Quarantined, entry.key)
        except LakeError:
            return None
        return Rejection(file.stream, file.id, file.reason, entry.key)

    rejections = [one for one in ordered_map(pool, read, found[:QUARANTINE_READ]) if one is not None]
    return Quarantine(
        files=min(len(found), QUARANTINE_COUNTED),
        is_counted=len(found) <= QUARANTINE_COUNTED,
        read=len(rejections),
        reasons=tuple(Counter(one.reason for one in rejections).most_common()),
        shown=tuple(rejections[:QUARANTINE_SHOWN]),
    )


def _drift(subject: Subject, history: History, manifest: Manifest, pool: Executor) -> Drift | None:
    date = dt.date.fromisoformat(manifest.date)
    before = _committed_before(history, date)
    if before is None or subject.is_over():
        return None
    look = partial(sample, subject.lake, pool=pool, is_over=subject.is_over)
    then = look(history.store(dt.date.fromisoformat(before.date), before.generation), before)
    now = look(history.store(date, manifest.generation), manifest)
    if not then.shapes or not now.shapes:
        return None
    return Drift(dt.date.fromisoformat(before.date), then.is_whole and now.is_whole, tuple(_streams(then, now)))


def _streams(then: Sample, now: Sample) -> Iterable[StreamDrift]:
    for stream, shape in now.shapes.items():
        before = then.shapes.get(stream, Shape())
        yield StreamDrift(stream, before.records, shape.records, tuple(changes(before, shape)))


def _committed_before(history: History, date: dt.date) -> Manifest | None:
    earlier = [day for day in history.days() if day < date][:DAYS_BACK]
    return next(filter(None, map(history.manifest, earlier)), None)
