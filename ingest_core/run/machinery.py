"""The threads of one run and what they share: three pools, the API, the context that plugins see."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from ingest_core.api import Api, Limits, Meter, NoApi, Pacer, Traffic
from ingest_core.backpressure import Backpressure
from ingest_core.guard import connection_of
from ingest_core.lake import lake_threads
from ingest_core.model import ApiClient, Context
from ingest_core.run.deadline import Deadline
from ingest_core.run.job import Job
from ingest_core.state import History


class Machinery:
    """Starts with `with`, and ends its threads with it. `stop`, once set, ends every wait for the API.

    `signed` wants the source's secrets resolved before anything begins; `pacer` goes on pacing what it has paced.

    requests  a thread for each connection
    puts      the lake's threads
    slices    enough to keep both busy; they wait on the other two and do no I/O of their own
    """

    def __init__(
        self,
        job: Job,
        history: History,
        checkpoint: Mapping[str, Any],
        *,
        signed: bool = True,
        pacer: Pacer | None = None,
    ) -> None:
        self._job = job
        self._pacer = pacer or Pacer(job.rate, job.clock)
        self._signed = signed
        self._stack = ExitStack()
        self.connections = job.connections if job.source.connect is not None else 0
        puts = lake_threads(job.connections)
        self.most_slices = job.connections + puts
        self.stop = threading.Event()
        self.backpressure = Backpressure(job.connections, threads=job.threads)
        self.requests = job.threads.pool(job.connections, "api")
        self.puts = job.threads.pool(puts, "lake")
        self.slices = job.threads.pool(self.most_slices, "slice")
        self.traffic = Traffic(meter=Meter(job.clock))
        self.deadline = Deadline(job.deadline, job.clock, job.margin)
        self.context = Context(
            settings=job.settings,
            date=job.date,
            checkpoint=dict(checkpoint),
            api=self._api(),
            open=job.open_file,
            landed=history.landed,
        )

    def __enter__(self) -> Machinery:
        if self._job.mapper is None:  # or its processes would begin on our CPU, and stay there
            self._stack.enter_context(self._job.threads.gathered())
        for pool in (self.requests, self.puts, self.slices):
            self._stack.enter_context(pool)
        # The first to run at the end: an interrupted run does not wait for back-off.
        self._stack.callback(self.halt)
        return self

    def halt(self) -> None:
        """Ends every wait: nothing begins any more."""
        self.stop.set()
        self.backpressure.wake()

    def landed(self) -> None:
        """A record landed."""
        self._job.progress.land()
        self.traffic.meter.landed()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def _api(self) -> ApiClient:
        job = self._job
        connection = connection_of(job.source, job.settings)
        if connection is None:
            return NoApi()
        pacer = self._pacer
        job.progress.watch(self.traffic, lambda: pacer.rate)
        api = Api(
            connection,
            job.transport(),
            pacer=pacer,
            pool=self.requests,
            connections=job.connections,
            backpressure=self.backpressure,
            clock=job.clock,
            chance=job.chance,
            stop=self.stop,
            traffic=self.traffic,
            limits=Limits(seconds=job.timeout, attempts=job.attempts),
            time_left=self.deadline.left,
        )
        if self._signed:
            api.require_credentials()
        return api
