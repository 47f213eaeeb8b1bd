"""`--map dask://host:8786`: pieces of a round are landed by the workers of a Dask cluster (the `[dask]` extra).

What a piece needs lies in the lake and on the worker's own machine: ingest_core, the plugins, the config by the same
name, and its secrets. Only the piece itself, and a share of the rate, are sent.
"""

from __future__ import annotations

import itertools
import logging
import re
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from types import TracebackType
from typing import Any

import msgspec

from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.lake import S3_SCHEME
from ingest_core.run.spread import Allotment, Done, Piece
from ingest_core.run.worker import Worker
from ingest_core.state import Ticket
from ingest_core.workers.messages import NEWS, Broken, Land, Told
from ingest_core.workers.setting import Setting
from ingest_core.workers.supply import Supply

logger = logging.getLogger(__name__)

DASK_SCHEME = "dask://"
CONNECT_SECONDS = 30
LOOK_SECONDS = 0.5
MOST_TRIES = 3
MOST_KEPT = 2  # claims that a worker of the cluster knows at a time, each with its connections
_kept: dict[tuple[bytes, Ticket], Worker] = {}
_one_at_a_time = threading.Lock()


def land(setting: bytes, order: bytes) -> bytes:
    """Runs on a worker of the cluster: lands one piece, and says what became of it. Raises nothing that is named."""
    asked = msgspec.json.decode(order, type=Land)
    try:
        with _one_at_a_time:  # the share is a worker's, however many threads it has
            done = _worker(setting, asked.ticket).land(asked.piece.slices, asked.allotment, asked.workers)
    except Exception as error:  # noqa: BLE001 -- Dask would log it as it is, and try the piece again
        return msgspec.json.encode(Broken.by(error))
    return msgspec.json.encode(Told(done, is_last=True))


def _worker(setting: bytes, ticket: Ticket) -> Worker:
    """One a claim in this process: its connections and what it knows are kept from piece to piece."""
    claim = (setting, ticket)
    if claim not in _kept:
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept))).__exit__(None, None, None)
        made = msgspec.json.decode(setting, type=Setting)
        workspace = made.workspace()
        workspace.redactor.guard([*logging.getLogger().handlers, *logging.getLogger("distributed").handlers])
        _kept[claim] = Worker(made.job(workspace), ticket).__enter__()
    return _kept[claim]


class DaskMapper:
    """Begins with `with`: connects to the scheduler. Raises UsageError where there is none, or no Dask here."""

    least = 4
    may_repeat = True  # Dask runs a piece again whose worker it has lost sight of

    def __init__(self, setting: Setting, address: str, workers: int) -> None:
        self.workers = workers
        self._setting = msgspec.json.encode(setting)
        self._address = address

    def __enter__(self) -> DaskMapper:
        try:
            distributed: Any = import_module("distributed")
        except ImportError:
            raise UsageError("Dask is not installed", Code.EXTRA, hint="pip install 'ingest-core[dask]'") from None
        try:
            self._client: Any = distributed.Client(self._address, timeout=CONNECT_SECONDS)
        except OSError as error:
            raise UsageError(
                f"no Dask scheduler answers at {self._address}", Code.OPTIONS, hint="dask scheduler --port 8786"
            ) from error
        found = len(self._client.scheduler_info(n_workers=-1)["workers"])
        if not found:
            self._client.close()
            raise UsageError(
                f"the Dask scheduler at {self._address} has no workers",
                Code.OPTIONS,
                hint=f"dask worker {self._address}, and the same command again",
            )
        self.workers = min(self.workers, found) if self.workers > 1 else found
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def map(
        self,
        ticket: Ticket,
        pieces: Iterable[Piece],
        *,
        whole: Allotment,
        take: Callable[[Done], bool],
        stop: threading.Event,
    ) -> None:
        supply = Supply(ticket, pieces, whole, MOST_TRIES)
        cluster = _Cluster(self._client, self._setting, ticket, supply, min(self.workers, whole.connections))
        try:
            while not stop.is_set() and cluster.hand_out():
                for done in cluster.finished(LOOK_SECONDS):
                    supply.is_over = not take(done) or supply.is_over
        finally:
            cluster.end()
        if supply.broken is not None:
            raise supply.broken


class _Cluster:
    """The pieces of one round on a cluster: no more under way than there are workers, each with a share."""

    def __init__(self, client: Any, setting: bytes, ticket: Ticket, supply: Supply, workers: int) -> None:
        self._client = client
        self._setting = setting
        self._ticket = ticket
        self._supply = supply
        self._workers = max(1, workers)
        self._sent = itertools.count()
        self._under_way: dict[Any, tuple[int, Piece]] = {}

    def hand_out(self) -> bool:
        """Sends what may be under way; False where nothing is."""
        while len(self._under_way) < self._workers:
            number = next(self._sent)
            order = self._supply.next_order(number, len(self._under_way), self._workers)
            if order is None:
                break
            # Never the same key twice: what a piece gave before is no answer to it now.
            key = f"ingest-{self._ticket.nonce}-{order.piece.number}-{self._supply.begun(order.piece)}"
            sent = msgspec.json.encode(order)
            future = self._client.submit(land, self._setting, sent, key=key, pure=False, retries=0)
            self._under_way[future] = number, order.piece
        return bool(self._under_way)

    def finished(self, seconds: float) -> list[Done]:
        """What has come back by then."""
        distributed: Any = import_module("distributed")
        with suppress(TimeoutError):
            distributed.wait(list(self._under_way), timeout=seconds, return_when="FIRST_COMPLETED")
        return [self._taken(future) for future in [future for future in self._under_way if future.done()]]

    def _taken(self, future: Any) -> Done:
        number, piece = self._under_way.pop(future)
        error = future.exception() if future.status == "error" else None
        if error is not None or future.status != "finished":
            logger.warning("piece %d was lost with its worker: %s", piece.number, error or future.status)
            self._supply.lose(number, piece)
            return Done(is_over=False)
        answer = NEWS.decode(future.result())
        if isinstance(answer, Broken):
            self._supply.give_up(number, answer.why.error())
            return Done(is_over=False)
        self._supply.hear(number, answer.done, is_last=True)
        return answer.done

    def end(self) -> None:
        """What is under way is let go. A worker that is at it stops when it finds the claim ended."""
        for future in self._under_way:
            with suppress(Exception):
                future.cancel()
        self._under_way = {}


def scheduler(cluster: str) -> str:
    """The address that `--map` names, as Dask writes it. Raises UsageError for one that is none."""
    host = cluster.removeprefix(DASK_SCHEME)
    if not cluster.startswith(DASK_SCHEME) or not re.fullmatch(r"[A-Za-z0-9.\-\[\]:]+:[0-9]+", host):
        raise UsageError(f"--map {cluster!r} names no cluster", Code.OPTIONS, hint="--map dask://HOST:8786")
    return f"tcp://{host}"


def require_shared(lake: str) -> None:
    """Raises UsageError for a folder: the lock that keeps others out of it is one machine's."""
    if not lake.startswith(S3_SCHEME):
        raise UsageError(
            f"--map lands in S3, and {lake} is a folder", Code.OPTIONS, hint="use --workers N on this machine"
        )
