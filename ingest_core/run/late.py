"""What came to light late: objects that an intent names, that lie in the lake, and that no part has.

They are of a claim that lost its lease while a write was on its way. They are taken into a part of their own, so that
nothing lies in the folder that the manifest does not know.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Executor

from ingest_core.lake import Lake
from ingest_core.run.index import Index
from ingest_core.run.parallel import ordered_map
from ingest_core.state import FORMAT, BatchFile, Intent, Landed, Part, RunStore


def late_part(lake: Lake, store: RunStore, index: Index, pool: Executor, name: str) -> Part | None:
    """The part of everything that is late; None where nothing is. A late file that repeats what others hold goes."""
    keys = [key for keys in store.inventory().intents.values() for key in keys]
    records: list[Landed] = []
    files: list[BatchFile] = []
    for intent in ordered_map(pool, store.read_intent, keys):
        if intent is not None and intent.files:
            _late_files(lake, store, index, intent, records, files)
        elif intent is not None:
            _late_records(lake, index, intent, records)
    return Part(FORMAT, name, records=tuple(records), files=tuple(files)) if records else None


def _late_records(lake: Lake, index: Index, intent: Intent, records: list[Landed]) -> None:
    for landed in intent.records:
        if not index.has(landed.stream, landed.id) and _digest(lake, landed.key) == landed.sha256:
            records.append(landed)
            index.note_there([landed], intent.slice)


def _late_files(
    lake: Lake, store: RunStore, index: Index, intent: Intent, records: list[Landed], files: list[BatchFile]
) -> None:
    for file in intent.files:
        if index.has_object(file.key) or _digest(lake, file.key) != file.sha256:
            continue
        held = [landed for landed in intent.records if landed.key == file.key]
        if any(index.has(landed.stream, landed.id) for landed in held):
            store.remove(file.key)
            continue
        files.append(file)
        records.extend(held)
        index.note_objects([file.key])
        index.note_there(held, intent.slice)


def _digest(lake: Lake, key: str) -> str | None:
    stored = lake.get(key)
    return None if stored is None else hashlib.sha256(stored.body).hexdigest()
