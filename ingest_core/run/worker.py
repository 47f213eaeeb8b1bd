"""A worker: lands slices of a round under the claim of whoever coordinates, and tells what became of them."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from dataclasses import replace
from types import TracebackType

import msgspec

from ingest_core.api import Pacer, Traffic
from ingest_core.api.pacer import SLACK_SECONDS
from ingest_core.codes import Code
from ingest_core.errors import LakeError, LeftError
from ingest_core.keys import ControlKeys
from ingest_core.lake import LAKE_THREADS
from ingest_core.model import Slice
from ingest_core.run.allowance import Allowance
from ingest_core.run.docking import Docking
from ingest_core.run.index import Index
from ingest_core.run.job import Job
from ingest_core.run.known import Known
from ingest_core.run.ledger import Ledger
from ingest_core.run.machinery import Machinery
from ingest_core.run.progress import Progress
from ingest_core.run.scheduler import Scheduler, is_hopeless
from ingest_core.run.slices import SliceLander
from ingest_core.run.spread import Allotment, Done, Failed
from ingest_core.run.summary import Summary
from ingest_core.run.superseded import Superseded
from ingest_core.state import History, RunStore, Share, Ticket


class Worker:
    """Begins with `with`. `land` may be called again and again, by one thread; `halt` by any.

    Never owns the lease: it looks at the claim that `ticket` names, and writes under it. Raises LockedError where that
    is another's by now. `may_repeat` where another may be at the same slice, unknown to both.
    """

    def __init__(self, job: Job, ticket: Ticket, *, may_repeat: bool = True) -> None:
        job = replace(job, date=dt.date.fromisoformat(ticket.date), progress=Progress())
        keys = ControlKeys(ticket.label, ticket.config, job.date)
        self._share = Share(job.lake, keys, job.clock, ticket, job.threads.lock())
        state = self._share.state
        self.may_repeat = may_repeat
        self._job = job if state.frozen.fingerprint == job.frozen.fingerprint else job.thaw(job, state.frozen)
        self._keys = keys.of(state.generation)
        self._earlier = self._keys.earlier(state.generation, state.trials)
        self._index = Index()
        self._pool = job.threads.pool(LAKE_THREADS, "known")
        self._known = Known(job.lake, job.label, job.date, self._index, self._pool)
        self._superseded = Superseded(job.lake, self._keys, self._earlier, self._index, self._pool)
        self._reads_superseded = job.threads.lock()
        self._has_read_superseded = False
        self._pacer = Pacer(job.rate, job.clock)
        self._machinery: Machinery | None = None
        self._is_halted = False
        self._news = _News()

    @property
    def share(self) -> Share:
        """What it works under."""
        return self._share

    @property
    def job(self) -> Job:
        """Its job, as the run was begun."""
        return self._job

    @property
    def store(self) -> RunStore:
        """For reading the plan."""
        return self._store("")

    def __enter__(self) -> Worker:
        self._index.__enter__()
        self._pool.__enter__()
        plan = self._store("").read_segment(0, 0)
        if plan is None:
            raise LakeError(f"{self._keys.plan(0, 0)} is not there", Code.UNPLANNED, hint="run again")
        self._before = plan.before
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.__exit__(kind, error, traceback)
        self._index.__exit__(kind, error, traceback)

    def halt(self) -> None:
        """Ends what is under way, and lets nothing begin any more."""
        self._is_halted = True
        if self._machinery is not None:
            self._machinery.halt()

    def land(self, slices: Iterable[Slice], allotment: Allotment, workers: int = 1) -> Done:
        """Lands what has no part yet, one of so many `workers`. Raises LockedError where the claim is another's."""
        began, job = self._job.clock.monotonic(), self._allotted(allotment, workers)
        history = History(job.lake, job.label, job.config)
        with Machinery(job, history, self._before, pacer=self._pacer) as machinery:
            self._machinery = machinery
            if self._is_halted:
                machinery.halt()
            self._news.begin(machinery.traffic)
            names: set[str] = set()

            def take_name(name: str) -> bool:
                is_new = name not in names
                names.add(name)
                return is_new

            def on_part(place: str, summary: Summary) -> bool:
                self._news.close(summary.slice)
                return True

            landing = _Landing(job, self, machinery)
            scheduler = Scheduler(
                landing.land, machinery, take_name=take_name, on_part=on_part, on_failure=lambda failure: None
            )
            result = scheduler.run(slices)
            failures = [failure for failure in result.failures if not isinstance(failure.error, LeftError)]
            return msgspec.structs.replace(
                self.news(),
                failures=tuple(Failed.of(failure.slice, failure.error) for failure in failures),
                is_over=not result.is_cut_short,
                left=len(result.failures) - len(failures),
                is_hopeless=result.is_outage or any(is_hopeless(failure.error) for failure in failures),
                seconds=self._job.clock.monotonic() - began,
                timeline=machinery.traffic.meter.timeline(),
            )

    def news(self) -> Done:
        """What has been done since it was last asked, the end of `land` included. May be asked by any thread."""
        return self._news.tell(self._job.progress.look().records)

    def _allotted(self, allotment: Allotment, workers: int) -> Job:
        seconds, clock = allotment.seconds, self._job.clock
        self._pacer.allow(allotment.rate, SLACK_SECONDS / workers)
        return replace(
            self._job,
            rate=allotment.rate,
            connections=allotment.connections,
            deadline=None if seconds is None else clock.monotonic() + seconds,
        )

    def _store(self, worker: str) -> RunStore:
        job, state = self._job, self._share.state
        return RunStore(job.lake, self._keys, state.epoch, self._share.confirm, job.redactor.is_quoted_in, worker)

    def is_earlier(self, key: str, sha256: str) -> bool:
        """Whether an earlier generation wrote just that there; what those wrote is read when it is first asked."""
        with self._reads_superseded:
            if not self._has_read_superseded:
                self._superseded.read()
                self._has_read_superseded = True
        return self._index.is_earlier(key, sha256)


class _Landing:
    """One piece: each slice is looked up in the lake before it is landed."""

    def __init__(self, job: Job, worker: Worker, machinery: Machinery) -> None:
        self._share = worker._share
        self._store = worker._store(f"{job.chance.getrandbits(48):012x}")
        self._puts = machinery.puts
        self._ledger = Ledger(job.lake, self._store, worker._index, machinery.puts, is_sole=not worker.may_repeat)
        docking = Docking(
            job=job,
            held=worker._share,
            store=self._store,
            index=worker._index,
            machinery=machinery,
            kept=self._ledger.kept,
            is_unwanted=worker._known.is_unwanted,
            is_earlier=worker.is_earlier,
        )
        self._lander: SliceLander = docking.lander(Allowance(None), is_shared=True, is_sole=not worker.may_repeat)

    def land(self, slice: Slice) -> Summary:
        found = self._puts.submit(self._store.inventory_of, slice.name).result()
        self._ledger.read(found)
        if found.intents:
            self._require_takeable(slice)
        return self._lander.land(slice)

    def _require_takeable(self, slice: Slice) -> None:
        """What a dead worker left half done may be taken up where no other slice can have named its records."""
        pinned = {(slice.stream or "", id) for id in slice.ids}
        if any((landed.stream, landed.id) not in pinned for landed in self._ledger.kept(slice.name).records):
            raise LeftError(f"slice {slice.name} was begun by another")
        if not pinned:
            raise LeftError(f"slice {slice.name} was begun by another")


class _News:
    """What a worker has done and not told yet. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed: list[str] = []
        self._traffic = Traffic()
        self._told = Done()

    def begin(self, traffic: Traffic) -> None:
        """A piece begins, with requests of its own to count."""
        with self._lock:
            self._traffic = traffic
            self._told = Done(records=self._told.records)

    def close(self, slice_name: str) -> None:
        with self._lock:
            self._closed.append(slice_name)

    def tell(self, records: int) -> Done:
        """`records` have landed since the worker began."""
        with self._lock:
            traffic, told = self._traffic, self._told
            now = Done(
                records=records,
                requests=traffic.requests,
                retries=traffic.retries,
                throttled=traffic.throttled,
                answered=traffic.answered,
                problem=traffic.problem,
            )
            closed, self._closed, self._told = self._closed, [], now
            return Done(
                closed=tuple(closed),
                records=now.records - told.records,
                requests=now.requests - told.requests,
                retries=now.retries - told.retries,
                throttled=now.throttled - told.throttled,
                answered=now.answered - told.answered,
                problem=now.problem if now.problem != told.problem else "",
            )
