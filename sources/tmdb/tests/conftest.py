"""A run of the TMDB source against a simulator over HTTP, into a folder."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ingest_source_tmdb.simulator import Simulator

from ingest_core.assembly import Wish, Workspace
from ingest_core.model import Report


class HastyClock:
    """Virtual time: a pause is over at once, and time has then gone on by it."""

    def __init__(self, day: str = "2026-11-23") -> None:
        self._now = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
        self._seconds = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        with self._lock:
            return self._seconds

    def now(self) -> dt.datetime:
        return self._now

    def pause(self, seconds: float, stop: threading.Event) -> None:
        until = self.monotonic() + seconds
        with self._lock:
            self._seconds = max(self._seconds, until)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def land(tmp_path: Path, folder: Path) -> Callable[..., Report]:
    """Runs a config of the given settings against `simulator`, on 2026-11-23 at noon; all else has its defaults."""

    def run(
        simulator: Simulator,
        select: list[dict[str, Any]],
        *,
        token: str | None = None,
        limit: int | None = None,
        clock: Any = None,
        rate: float = 100,
        date: str = "2026-11-23",
        today: str | None = None,
        refresh: bool = False,
        config: str = "tmdb",
        top: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Report:
        document = {
            "source": "tmdb",
            "lake": str(folder),
            "rate": rate,
            **(top or {}),
            "settings": {
                "base_url": simulator.base_url,
                "exports_url": simulator.exports_url,
                "select": select,
                **settings,
            },
        }
        file = tmp_path / f"{config}.yaml"
        file.write_text(yaml.safe_dump(document))
        environment = {
            "TMDB_TOKEN": token or simulator.options.token,
            "TMDB_API_KEY": simulator.options.api_key,
        }
        workspace = Workspace(environment, clock=clock or HastyClock(today or date))
        return workspace.run(str(file), Wish(date=date, limit=limit, refresh=refresh))

    return run


@pytest.fixture
def landed(folder: Path) -> Callable[[], dict[str, bytes]]:
    """What lies in the lake below Raw/: key → bytes."""

    def read() -> dict[str, bytes]:
        files = (path for path in folder.glob("Raw/**/*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    return read


@pytest.fixture
def fixtures() -> Path:
    """Real answers of the API, which are not part of the project: a folder beside it."""
    found = Path(__file__).resolve().parents[4] / "shared" / "fixtures"
    if not found.is_dir():
        pytest.skip("the recorded answers of TMDB are not part of the project and not here")
    return found
