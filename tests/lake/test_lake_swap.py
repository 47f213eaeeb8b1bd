"""Compare-and-swap, holds and removal, over every lake."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingest_core.lake import DiskLake, Lake
from ingest_core.testing import MemoryLake

KEY = "_ingest/Things/things/2026-11-23/state.json"


def body_of(lake: Lake, key: str) -> bytes | None:
    stored = lake.get(key)
    return None if stored is None else stored.body


def test_a_swap_from_nothing_wins_only_where_nothing_is(any_lake: Lake) -> None:
    assert any_lake.swap(KEY, b"1", None, {}) is True
    assert any_lake.swap(KEY, b"2", None, {}) is False
    assert body_of(any_lake, KEY) == b"1"


def test_a_swap_replaces_what_was_seen(any_lake: Lake) -> None:
    any_lake.put(KEY, b"1")
    assert any_lake.swap(KEY, b"2", any_lake.get(KEY), {}) is True
    assert body_of(any_lake, KEY) == b"2"


def test_a_swap_from_what_is_no_longer_there_changes_nothing(any_lake: Lake) -> None:
    any_lake.put(KEY, b"1")
    seen = any_lake.get(KEY)
    any_lake.put(KEY, b"2")
    assert any_lake.swap(KEY, b"3", seen, {}) is False
    assert body_of(any_lake, KEY) == b"2"


def test_a_swap_from_what_was_removed_meanwhile_changes_nothing(any_lake: Lake) -> None:
    any_lake.put(KEY, b"1")
    seen = any_lake.get(KEY)
    any_lake.delete(KEY)
    assert any_lake.swap(KEY, b"2", seen, {}) is False
    assert any_lake.get(KEY) is None


def test_of_sixteen_racing_swaps_of_holders_one_wins(any_lake: Lake) -> None:
    any_lake.put(KEY, b"start")
    seen = any_lake.get(KEY)
    together = threading.Barrier(16)

    def race(number: int) -> bool:
        together.wait(timeout=10)
        release = any_lake.hold(KEY + ".lock")
        if release is None:
            return False
        try:
            return any_lake.swap(KEY, b"%d" % number, seen, {})
        finally:
            release()

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(race, range(16)))
    assert won.count(True) == 1
    assert body_of(any_lake, KEY) == b"%d" % won.index(True)


def test_what_is_deleted_is_gone_and_deleting_it_again_is_fine(any_lake: Lake) -> None:
    any_lake.put(KEY, b"1")
    any_lake.delete(KEY)
    any_lake.delete(KEY)
    assert any_lake.get(KEY) is None
    assert list(any_lake.entries("_ingest/")) == []


def test_a_hold_keeps_others_out_until_it_is_released(tmp_path: Path) -> None:
    for lake in (DiskLake(tmp_path), MemoryLake()):
        release = lake.hold("_ingest/lock")
        assert release is not None
        assert lake.hold("_ingest/lock") is None
        assert lake.hold("_ingest/another") is not None
        release()
        assert lake.hold("_ingest/lock") is not None


def test_a_dead_process_drops_its_hold(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys; from ingest_core.lake import DiskLake;"
        "assert DiskLake(pathlib.Path(sys.argv[1])).hold('_ingest/lock'); os._exit(9)"
    )
    lake = DiskLake(tmp_path)
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert ended.returncode == 9
    assert lake.hold("_ingest/lock") is not None


def test_another_process_is_kept_out(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from ingest_core.lake import DiskLake;"
        "sys.exit(DiskLake(pathlib.Path(sys.argv[1])).hold('_ingest/lock') is not None)"
    )
    release = DiskLake(tmp_path).hold("_ingest/lock")
    assert release is not None
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == 0
    release()
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == 1
