"""What is measured: each scenario sets the servers up and lets everybody take turns."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from contest import APPEND, CONTESTANTS, FLOORS, OURS, SCRIPTS, TOOLS, Contestant, Task, Turn, take_turn
from environments import Peer
from ingest_source_tmdb.simulator import Options, Simulator
from landed import Print, bodies_of, truth
from rounds import Between, between_rounds
from servers import Api, quick_s3, simulator
from static_api import can_wait, is_there, static_api

SEED = 1
UNLIMITED = 10_000
CONNECTIONS = 20
RATE, LIMITED_LATENCY, LIMITED_RECORDS = 40, 0.1, 840
LATE_CONNECTIONS, LATE_API, LATE_S3 = 64, 0.05, 0.015
SEQUENTIAL_SHARE = 0.1
PAGES = 20
LARGE_BYTES = 300_000


class CannotMeasureError(Exception):
    """What a scenario needs is not there; its words say what."""


@dataclass(frozen=True)
class Measured:
    """All turns of one scenario. `starts` are turns of one record, which cost what starting up costs.

    `ideal` is the least that so many records can take, in seconds; `between` is what lay between the first two rounds,
    turn by turn, where that is what is looked at.
    """

    name: str
    title: str
    remark: str
    turns: Sequence[Turn]
    starts: Sequence[Turn] = ()
    ideal: Callable[[int], float] | None = None
    between: Sequence[Between] = ()

    def of(self, contestant: str) -> list[Turn]:
        return [turn for turn in self.turns if turn.contestant == contestant]

    def starts_of(self, contestant: str) -> list[Turn]:
        return [turn for turn in self.starts if turn.contestant == contestant]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "starts": [turn.as_json() for turn in self.starts],
            "turns": [turn.as_json() for turn in self.turns],
            "between": [vars(one) for one in self.between],
        }


class Bench:
    """`records` and `rounds` as they were asked for; `peers` by name, those that could be installed."""

    def __init__(self, records: int, rounds: int, peers: Mapping[str, Peer]) -> None:
        self._records = records
        self._rounds = rounds
        self._peers = peers

    def cpu(self) -> Measured:
        """As fast as everybody goes, with nothing to wait for."""
        bodies = _details(self._records)
        with _api(bodies) as api, quick_s3() as store:
            task = Task(api, store, truth(bodies), UNLIMITED, CONNECTIONS)
            one = replace(task, true=_first(task.true, 1))
            self._interleave(1, CONTESTANTS, partial(self._turn, one))  # fills caches (.pyc, pages)
            starts = self._interleave(self._rounds, CONTESTANTS, partial(self._turn, one))
            turns = self._interleave(self._rounds, CONTESTANTS, partial(self._turn, task))
        remark = (
            "nginx answers for the API, `bench/quick_s3.py` for S3; both share the cores with the contestant, so read "
            f"the CPU. {CONNECTIONS} connections or threads where there are several. Ours checks every body, puts on a "
            "condition, and keeps provenance, intents, parts and a manifest; dlt writes one file, the others one "
            "object a record."
        )
        return Measured("cpu", f"No latency: {self._records:,} details", remark, turns, starts)

    def limited(self) -> Measured:
        """An API that refuses above its rate. Half the rounds: nobody's wall varies here."""
        true = truth(_details(LIMITED_RECORDS))
        with quick_s3() as store:

            def turn(contestant: Contestant) -> Turn:
                with simulator(seed=SEED, rate=RATE, latency=LIMITED_LATENCY) as api:
                    return self._short_turn(Task(api, store, true, RATE, CONNECTIONS), contestant)

            turns = self._interleave((self._rounds + 1) // 2, (*OURS, *SCRIPTS, *TOOLS), turn)
        remark = (
            f"The simulator of TMDB takes {LIMITED_LATENCY * 1e3:.0f} ms for an answer and refuses with 429 what comes "
            f"faster than {RATE} a second, after a burst of as many; a new one for each turn. Refused is what its log "
            f"says. Ours has `rate: {RATE}`; the scripts sleep a second after a 429 and try again, the tools do what "
            f"they do by themselves. The ideal is records ÷ {RATE}. {_share()}"
        )
        title = f"{RATE} requests a second at most: {LIMITED_RECORDS} details"
        return Measured("limited", title, remark, turns, ideal=lambda records: records / RATE)

    def latency(self) -> Measured:
        """An API and an S3 that take their time."""
        bodies = _details(self._records)
        contestants = (*OURS, *SCRIPTS, *TOOLS, *FLOORS)
        with _api(bodies, LATE_API) as api, quick_s3(LATE_S3) as store:
            task = Task(api, store, truth(bodies), UNLIMITED, LATE_CONNECTIONS)
            one = replace(task, true=_first(task.true, 1))
            starts = self._interleave(self._rounds, contestants, partial(self._turn, one))
            turns = self._interleave(self._rounds, contestants, partial(self._short_turn, task))
        remark = (
            f"nginx takes {LATE_API * 1e3:.0f} ms for an answer and S3 {LATE_S3 * 1e3:.0f} ms; {LATE_CONNECTIONS} "
            "connections or threads. The ideal is one record after the other on each of them, with no CPU at all: "
            f"records times {LATE_API + LATE_S3:.3f} s ÷ {LATE_CONNECTIONS}. Start-up is the wall of a run of one "
            f"record. {_share()}"
        )

        def ideal(records: int) -> float:
            return records * (LATE_API + LATE_S3) / LATE_CONNECTIONS

        title = f"50 ms API, 15 ms S3: {self._records:,} details"
        return Measured("latency", title, remark, turns, starts, ideal)

    def rounds(self) -> Measured:
        """Lists whose rows are details: what lies between the last page and the first detail."""
        options = {"seed": SEED, "latency": LIMITED_LATENCY, "rate": RATE}
        oracle = Simulator(Options(seed=SEED))
        pages = [json.loads(oracle.answer("/movie/popular", {"page": str(page)})[1]) for page in range(1, PAGES + 1)]
        ids = dict.fromkeys(row["id"] for page in pages for row in page["results"])
        true = truth(bodies_of(oracle, ids, APPEND))
        seen: list[Between] = []
        with quick_s3(LATE_S3) as store:

            def turn(contestant: Contestant) -> Turn:
                with simulator(**options) as api:
                    select = [{"list": "movie/popular", "pages": PAGES}]
                    task = Task(api, store, true, RATE, CONNECTIONS, select)
                    taken, log = take_turn(contestant, task, self._peers)
                seen.append(between_rounds(contestant.name, log, RATE, LIMITED_LATENCY))
                return taken

            turns = self._interleave(self._rounds, OURS, turn)
        remark = (
            f"`list: movie/popular, pages: {PAGES}`, then each title's details: two rounds, at {RATE} requests a "
            f"second, {LIMITED_LATENCY * 1e3:.0f} ms for an answer and {LATE_S3 * 1e3:.0f} ms for S3. By the "
            "simulator's log: how many pages were under way when the second one was answered, and how much later than "
            "the even pace the second page came after the first, and the first detail after the last page."
        )

        def ideal(records: int) -> float:
            return (PAGES + records) / RATE

        return Measured("rounds", f"{PAGES} pages, then {len(true)} details", remark, turns, (), ideal, seen)

    def large(self) -> Measured:
        """Bodies of 300 KB, many and few: what is held of them."""
        many, few = max(100, self._records // 4), max(25, self._records // 16)
        turns: list[Turn] = []
        contestants = (*OURS, *(each for each in SCRIPTS if not each.is_sequential))
        for records in (few, many):
            bodies = {str(id): _padded(id) for id in range(1, records + 1)}
            with _api(bodies) as api, quick_s3(LATE_S3) as store:
                task = Task(api, store, truth(bodies), UNLIMITED, CONNECTIONS)
                turns += self._interleave(1, contestants, partial(self._turn, task))
        remark = (
            f"An API without latency, faster than S3 with {LATE_S3 * 1e3:.0f} ms: what is fetched and not yet written "
            f"piles up where nothing bounds it. {CONNECTIONS} connections or threads, one turn each."
        )
        return Measured("large", f"Bodies of {LARGE_BYTES // 1000} KB: {few:,} and {many:,}", remark, turns)

    def _turn(self, task: Task, contestant: Contestant) -> Turn:
        return take_turn(contestant, task, self._peers)[0]

    def _short_turn(self, task: Task, contestant: Contestant) -> Turn:
        """Fewer records for who asks for one after the other: it would go on for minutes, and tell nothing more."""
        if contestant.is_sequential:
            task = replace(task, true=_first(task.true, max(1, int(len(task.true) * SEQUENTIAL_SHARE))))
        return self._turn(task, contestant)

    def _interleave(
        self, rounds: int, contestants: Sequence[Contestant], turn: Callable[[Contestant], Turn]
    ) -> list[Turn]:
        """Interleaved, and nobody always goes first. Who is absent has no turn."""
        there = [each for each in contestants if not each.peer or not self._peers[each.peer].absent]
        turns = []
        for number in range(rounds):
            first = number % len(there)
            for contestant in (*there[first:], *there[:first]):
                turns.append(turn(contestant))
                say(f"  round {number + 1}, {contestant.name}: {turns[-1].wall:.2f} s, CPU {turns[-1].cpu:.2f} s")
        return turns


def _details(records: int) -> dict[str, bytes]:
    say(f"asking the oracle for {records:,} details")
    return bodies_of(Simulator(Options(seed=SEED, movies=max(Options.movies, records))), range(1, records + 1), APPEND)


@contextmanager
def _api(bodies: Mapping[str, bytes], latency: float = 0.0) -> Iterator[Api]:
    """nginx with these bodies. Raises CannotMeasureError where it is not installed."""
    if not (can_wait() if latency else is_there()):
        raise CannotMeasureError("nginx and its echo module are not installed: apt-get install nginx-light")
    with static_api(bodies, latency) as api:
        yield api


def _padded(id: int) -> bytes:
    """A document of `LARGE_BYTES`."""
    start, end = f'{{"id": {id}, "overview": "', '"}'
    return f"{start}{'x' * (LARGE_BYTES - len(start) - len(end))}{end}".encode()


def _first(true: Mapping[str, Print], count: int) -> dict[str, Print]:
    return dict(islice(true.items(), count))


def _share() -> str:
    return f"Who asks for one record after the other got {SEQUENTIAL_SHARE:.0%} of them, and is judged by those."


def say(text: str) -> None:
    """Progress, to standard error."""
    with suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)
