"""A lake in memory, a clock that never waits, and a job around made-up functions."""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ingest_core import testing
from ingest_core.lake import Lake, Stored
from ingest_core.model import Source
from ingest_core.run import Job

DAY = dt.date(2026, 11, 23)
FUNCTION = {("tests", "lambda"), ("tests", "deploy")}
# Tells its address, and ends when its standard input does.
MOTO = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://{}:{}".format(*server.get_host_and_port()), flush=True)
sys.stdin.read()
server.stop()
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file share its servers, so one process has them all; the function's share a layer and a runtime."""
    for item in items:
        place = item.path.relative_to(item.config.rootpath)
        group = "function" if place.parts[:2] in FUNCTION else place.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))


class MemoryLake(testing.MemoryLake):
    """The lake of the contract tests; `after_put`, where a test sets it, is told each key once it is there."""

    def __init__(self) -> None:
        super().__init__()
        self.after_put: Callable[[str], None] = lambda key: None

    def put_if_absent(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        created = super().put_if_absent(key, body, metadata)
        if created:
            self.after_put(key)
        return created

    def put(self, key: str, body: bytes) -> None:
        super().put(key, body)
        self.after_put(key)

    def drop_holds(self) -> None:
        """The process that had them died."""
        self._held.clear()


class LeasedLake(MemoryLake):
    """As S3: nobody holds anything, so leases keep runs apart. `age` is what it says of every object."""

    def __init__(self) -> None:
        super().__init__()
        self.age: float | None = None

    @property
    def holds(self) -> bool:
        return False

    def hold(self, key: str) -> Callable[[], None] | None:
        return lambda: None

    def get(self, key: str) -> Stored | None:
        stored = super().get(key)
        return None if stored is None else replace(stored, age=self.age)


class InstantClock:
    """Virtual time: a pause is over at once, and time has then gone on by it."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        with self._lock:
            return self._seconds

    def now(self) -> dt.datetime:
        return dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC) + dt.timedelta(seconds=self.monotonic())

    def pause(self, seconds: float, stop: threading.Event) -> None:
        until = self.monotonic() + seconds
        with self._lock:
            self._seconds = max(self._seconds, until)


@pytest.fixture
def lake() -> Any:
    return MemoryLake()


@pytest.fixture
def leased_lake() -> Any:
    return LeasedLake()


@pytest.fixture(scope="session")
def moto_server() -> Callable[[], AbstractContextManager[str]]:
    """Starts moto in a process of its own, as its state and its switches are a process's; gives its address."""

    @contextmanager
    def serve() -> Iterator[str]:
        with subprocess.Popen(
            [sys.executable, "-c", MOTO],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            yield server.stdout.readline().strip()
            server.stdin.close()

    return serve


@pytest.fixture
def clock() -> Any:
    return InstantClock()


@pytest.fixture
def job(lake: Lake, clock: Any) -> Callable[..., Job]:
    """A job of the made-up source "things" for 2026-11-23: `plan`, `fetch` and whatever else a test cares about."""

    def open_file(uri: str) -> Any:
        return Path(uri).open("rb")

    def make(
        plan: Callable[..., Iterable[Any]],
        fetch: Callable[..., Iterable[Any]],
        *,
        transport: Any = None,
        date: dt.date = DAY,
        streams: tuple[str, ...] = (),
        connect: Any = None,
        **more: Any,
    ) -> Job:
        given = {"lake": lake, "clock": clock, "rate": 1e6, "connections": 4, "chance": random.Random(7), **more}
        return Job(
            config="things",
            source=Source("things", "Things", {}, plan, fetch, connect=connect, streams=streams),
            label="Things",
            settings={},
            date=date,
            transport=lambda: transport,
            open_file=open_file,
            **given,
        )

    return make


@pytest.fixture
def records(lake: Lake) -> Callable[[], dict[str, bytes]]:
    """What lies below Raw/ now: key → body."""

    def read() -> dict[str, bytes]:
        found = ((entry.key, lake.get(entry.key)) for entry in lake.entries("Raw/"))
        return {key: stored.body for key, stored in found if stored is not None}

    return read


@pytest.fixture
def own_files(lake: Lake) -> Callable[..., dict[str, Any]]:
    """The framework's files of one day, parsed: name below `g1/` → what it says."""

    def read(day: dt.date = DAY) -> dict[str, Any]:
        top = f"_ingest/Things/things/{day.isoformat()}/g1/"
        found = ((entry.key, lake.get(entry.key)) for entry in lake.entries(top))
        return {key.removeprefix(top): json.loads(stored.body) for key, stored in found if stored is not None}

    return read
