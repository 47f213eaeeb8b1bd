"""A world without chance: an API that never changes, tasks that take turns, and one fault where a test wants it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from ingest_core.lake import Lake
from ingest_core.lake.s3 import S3Lake
from ingest_core.model import Batch, Report
from ingest_core.run import HandOver, Job, run
from ingest_core.state import Landed, Manifest, Part, decode

from .api import Habits, SimulatedApi, SimulatedTransport
from .disk import Disk, SimulatedDiskLake
from .faults import Faults
from .judge import CONFIG
from .s3 import BUCKET, Client, Server
from .simulate import ignore_file
from .source import LABEL, Ear, Selects, source
from .steps import Steps
from .threads import SimulatedClock, SimulatedThreads
from .world import Process, World

# Three slices: a list whose first page hands over to its second, and five pinned ids.
SELECTS = Selects(pages=2, records=("a",), refs=(), ids=(1, 2, 4, 5, 7))
ROWS = [10, 11, 13, 14, 16, 17, 19]
G1 = f"_ingest/{LABEL}/{CONFIG}/2026-11-23/g1/"


@dataclass
class StillWorld:
    """One lake, and one process after the other."""

    lake: str
    batch: Batch | None
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.api = SimulatedApi(random.Random(0), Habits(), {"a": [*ROWS]}, SELECTS.pages, is_still=True)
        self.server = Server(self.world)
        self.disk = Disk()
        self.processes = 0

    def run(self, faults: Faults) -> Report | None:
        """One run; None where its process died."""
        self.processes += 1
        process = Process(self.world, f"p{self.processes}")
        reports: list[Report | None] = []
        job = self._job(process, Steps(process, faults))
        process.on_death.append(lambda: reports.append(None))
        process.spawn(lambda: reports.append(run(job)))
        self.world.run(lambda: bool(reports))
        return reports[0]

    def _job(self, process: Process, steps: Steps) -> Job:
        ear = Ear(run=str, begin=lambda run, name: None, planned=lambda ctx: None)
        clock = SimulatedClock(process)
        lake: Lake = (
            S3Lake(Client(self.server, steps), BUCKET, clock=clock)
            if self.lake == "s3"
            else SimulatedDiskLake(self.disk, steps)
        )
        return Job(
            config=CONFIG,
            source=source([SELECTS], ear, lambda: 7),
            label=LABEL,
            settings={"choice": 0},
            date=clock.now().date(),
            lake=lake,
            transport=lambda: SimulatedTransport(self.api, steps),
            open_file=ignore_file,
            clock=clock,
            rate=1e6,
            connections=2,
            attempts=2,
            batch=self.batch,
            threads=SimulatedThreads(process),
            hand_over=HandOver(records=2),
            chance=random.Random(0),
        )

    def bodies(self) -> dict[str, bytes]:
        """Key and bytes of everything in the lake."""
        return {**{key: there.body for key, there in self.server.objects.items()}, **self.disk.files}

    def records(self) -> dict[str, bytes]:
        """What lies below Raw/."""
        return {key: body for key, body in self.bodies().items() if key.startswith("Raw/")}

    def named(self) -> set[tuple[str, str, str, str]]:
        """What the manifest names: stream, id, key and digest of each record."""
        bodies = self.bodies()
        manifest = decode(bodies[f"{G1}manifest.json"], Manifest, "manifest")
        parts = (decode(bodies[f"{G1}parts/{name}.json"], Part, name) for name in manifest.parts)
        return {_told(landed) for part in parts for landed in part.records if landed.is_there}


def _told(landed: Landed) -> tuple[str, str, str, str]:
    return landed.stream, landed.id, landed.key, landed.sha256
