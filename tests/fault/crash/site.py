"""What the runs of a series share: a folder with the config, a lake, an API, and how runs are started."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crash.catalog import Catalog
from crash.launch import Launch, Lease, Step
from crash.servers import Api
from crash.shelf import Shelf
from crash.starts import HERE, Run, Start

LABEL, CONFIG = "Made", "made"
PLUGINS = HERE / "crash" / "plugins"


@dataclass(frozen=True)
class Task:
    """What one date is to hold, and in which layout. `named`: see Launch."""

    catalog: Catalog
    batch: int = 0
    named: bool = False

    @property
    def date(self) -> str:
        return self.catalog.date

    @property
    def records(self) -> str:
        """The folder of the date's records."""
        return f"Raw/{LABEL}/JSON/{self.date.replace('-', '/')}/"

    @property
    def control(self) -> str:
        """The folder of the run's own files."""
        return f"_ingest/{LABEL}/{CONFIG}/{self.date}/"

    def later(self, edition: int, batch: int) -> Task:
        """The same date with another edition or layout: a new generation."""
        return replace(self, catalog=replace(self.catalog, edition=edition), batch=batch)


class Site:
    """One lane: one run, or one pair of runs, at a time; `engine` is what talks to S3, else INGEST_ENGINE says it.

    Without either it is boto3, as where the `[fast]` extra is not installed: what most people run, and what steps are
    counted by, which are those of Python's own sockets.
    """

    def __init__(
        self, folder: Path, shelf: Shelf, api: Api, start: Start, lease: Lease | None = None, engine: str = ""
    ) -> None:
        self.folder = folder
        self.shelf = shelf
        self.api = api
        self.temporary = folder / "tmp"
        self.said = folder / "said.txt"
        self._start = start
        self._lease = lease
        self._engine = engine or os.environ.get("INGEST_ENGINE", "default")
        for made in (folder / "config", self.temporary):
            made.mkdir(parents=True, exist_ok=True)

    @property
    def is_on_disk(self) -> bool:
        return "://" not in self.shelf.uri

    @property
    def lease_seconds(self) -> float:
        """How long a dead run's claim lasts at most."""
        return 0.0 if self.is_on_disk else 90.0 if self._lease is None else self._lease.seconds

    def configure(self, task: Task, rate: int = 2000) -> None:
        """Writes the config that the next runs read; `rate` in requests a second."""
        catalog = task.catalog
        layout = f"{{batch: {{records: {task.batch}, bytes: 20KB}}}}" if task.batch else "record"
        (self.folder / "config" / f"{CONFIG}.yaml").write_text(
            f"source: made_up\nlake: {self.shelf.uri}\nrate: {rate}\nconnections: 8\nlayout: {layout}\n"
            f"settings: {{base_url: {self.api.url!r}, things: {catalog.things}, rows: {catalog.rows}, "
            f"edition: {catalog.edition}}}\n"
        )

    def run(self, task: Task, *more: str, step: Step | None = None, counts: str = "") -> Run:
        """Starts `ingest run` for the task's date, with what the config says now."""
        return self._start(
            Launch(
                arguments=("run", CONFIG, "--date", task.date, "--json", *more),
                environment={
                    "INGEST_CONFIG_DIR": str(self.folder / "config"),
                    "INGEST_PLUGINS": str(PLUGINS),
                    "TMPDIR": str(self.temporary),
                    "INGEST_ENGINE": self._engine,
                    **self.shelf.environment,
                },
                says=str(self.said),
                lease=None if self.is_on_disk else self._lease,
                step=step,
                root=self.shelf.uri if self.is_on_disk else "",
                named=task.named and self.is_on_disk,
                counts=counts,
            )
        )

    def state(self, task: Task) -> dict[str, Any]:
        """The date's state.json; empty where there is none."""
        body = self.shelf.read(f"{task.control}state.json")
        told: dict[str, Any] = json.loads(body) if body else {}
        return told

    def epoch(self, task: Task) -> int:
        """How often the date was claimed."""
        return int(self.state(task).get("epoch", 0))

    def forget(self, task: Task) -> None:
        """Removes a date that was judged."""
        for folder in (task.records, task.control):
            self.shelf.clear(folder)

    def forgotten(self) -> list[str]:
        """What killed runs left in the folder for temporary files."""
        return sorted(path.name for path in self.temporary.iterdir())
