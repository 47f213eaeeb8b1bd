"""What one seed stands for: lake, layouts, selects, the habits of the API, who is started when, and how much fails."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace

from ingest_core.model import Batch
from ingest_core.run import HandOver

from .api import Habits
from .sites import GET, LANDS, PUT_NEW, RARE, RARE_IN_STEPS, STEPS, SWAP
from .source import Selects

DAY = 86_400.0
BEFORE_MIDNIGHT = DAY - 30.0
FOREIGN = ("movie-3.json", "movie-5.json", "person-1.json", "movie-a-1-000.json", "movie-b-1-001.json")
Focus = tuple[str, str, str]


@dataclass(frozen=True)
class Config:
    """One version of the config: a change from one to another ends in a new generation."""

    selects: Selects
    batch: Batch | None
    specification: dict[str, str]


@dataclass(frozen=True)
class Start:
    """One process: `after` is how many seconds after the one before it, or after its end where it `waits`.

    `down` is how many requests the API does not answer from then on.
    """

    config: int
    after: float = 0.0
    waits: bool = True
    refresh: bool = False
    limit: int | None = None
    deadline: float | None = None
    skew: float = 0.0
    down: int = 0
    date: dt.date | None = None


@dataclass(frozen=True)
class Scenario:
    """Everything but the faults themselves. One I/O step in `every` is hit, and one in three of those at `focus`.

    `foreign`: files that somebody else has put where records go. `zombies`: processes freeze more often than they die,
    and others do not wait for them. `workers`: how many processes a run has to land its slices, 0 for none but itself.
    `hands`: how many functions a state machine calls at once to land what a step hands over, 0 where there is none.
    """

    lake: str
    configs: tuple[Config, ...]
    habits: Habits
    lists: dict[str, list[int]]
    pages: int
    hand_over: HandOver
    connections: int
    latency: float
    starts: tuple[Start, ...]
    every: float
    focus: Focus | None
    foreign: tuple[str, ...]
    late: bool
    zombies: bool
    begins: float
    server_skew: float
    workers: int = 0
    hands: int = 0


def drawn(chance: random.Random) -> Scenario:
    """A scenario by chance. Where the faults have a focus, it is one in which that step is likely."""
    lake = chance.choice(("s3", "s3", "disk"))
    focus = (lake, *chance.choice((*STEPS[lake], *3 * RARE))) if chance.random() < 0.6 else None
    zombies = lake == "s3" and chance.random() < 0.4
    pages = chance.choice((1, 1, 2, 3))
    # Intents are read where a run before was cut short.
    seldom = focus is not None and focus[1:] in RARE and focus[1:] != ("intent", GET)
    often = (50.0, 200.0) if seldom else (6.0, 12.0, 25.0, 50.0, 100.0)
    return Scenario(
        lake=lake,
        configs=tuple(_config(chance, pages, focus) for _ in range(2)),
        habits=_habits(chance, focus),
        lists={name: _rows(chance, chance.randint(pages, pages * 4)) for name in "abc"},
        pages=pages,
        hand_over=HandOver(records=chance.choice((1, 2, 4, 100))),
        connections=chance.choice((1, 2, 4)),
        latency=chance.choice((0.0, 0.0, 0.0, 0.3, 3.0)),
        starts=_starts(chance, focus, zombies),
        every=chance.choice(often),
        focus=focus,
        foreign=FOREIGN if chance.random() < 0.08 else (),
        late=chance.random() < 0.03,
        zombies=zombies,
        begins=chance.choice((0.0, BEFORE_MIDNIGHT)),
        server_skew=chance.choice((0.0, 0.0, -500.5, 7200.3)),
    )


def in_steps(scenario: Scenario, chance: random.Random) -> Scenario:
    """Some scenarios, in S3 and without workers, with a state machine instead and a focus on its steps."""
    if scenario.lake != "s3" or scenario.workers or chance.random() < 0.5:
        return scenario
    focus = chance.choice((*((LANDS, *step) for step in STEPS[LANDS]), *RARE_IN_STEPS))
    if chance.random() < 0.4:
        return replace(_with_more_ids(scenario, chance), hands=chance.choice((2, 3, 4)))
    scenario = replace(
        scenario,
        configs=tuple(_config(chance, scenario.pages, focus) for _ in range(2)),
        habits=_habits(chance, focus),
        starts=_starts(chance, focus, scenario.zombies),
        focus=focus,
        # Leases are renewed, and maps made anew, where a round takes long and has several segments.
        latency=3.0 if focus == (LANDS, "state", SWAP) else scenario.latency,
        hands=chance.choice((2, 3, 4)),
    )
    return _with_more_ids(scenario, chance, has_lists=focus[1] == "map")


def _with_more_ids(scenario: Scenario, chance: random.Random, *, has_lists: bool = False) -> Scenario:
    """Rounds of one slice are nothing to hand over. `has_lists`: there are lists that workers may land, too."""

    def more(config: Config) -> Config:
        ids, persons = chance.sample(range(1, 20), chance.choice((2, 5, 8))), chance.sample(range(1, 8), 2)
        selects = replace(config.selects, ids=tuple(ids), persons=tuple(persons))
        if has_lists:
            return replace(config, selects=replace(selects, records=("a", "b"), refs=("c",)), batch=None)
        return replace(config, selects=selects)

    return replace(scenario, configs=tuple(map(more, scenario.configs)))


def _rewrites(focus: Focus | None) -> bool:
    """Whether the focus is on what a generation does to the objects of an earlier one."""
    return focus is not None and focus[1] in {"record", "batch file"} and focus[2] != PUT_NEW


def _rows(chance: random.Random, count: int) -> list[int]:
    return [chance.randrange(1, 18) for _ in range(count)]


def _config(chance: random.Random, pages: int, focus: Focus | None) -> Config:
    names = [*"abc"]
    chance.shuffle(names)
    first = chance.randint(0, 2)
    selects = Selects(
        pages=pages,
        records=tuple(names[:first]),
        refs=tuple(names[first : first + chance.choice((0, 0, 1))]),
        ids=tuple(chance.sample(range(1, 20), chance.choice((0, 2, 5)))),
    )
    in_batches = chance.random() < 0.4
    if focus is not None and focus[1] in {"record", "batch file"}:
        in_batches = focus[1] == "batch file"
    batch = Batch(chance.choice((2, 3, 100)), chance.choice((120, 10_000))) if in_batches else None
    return Config(selects, batch, chance.choice(({}, {}, {"movie": "Movies"})))


def _habits(chance: random.Random, focus: Focus | None) -> Habits:
    if _rewrites(focus):
        return Habits(shift=0.4, change=0.3, vanish=chance.choice((0.0, 0.1)))
    if focus is not None and focus[1] == "quarantine":
        return Habits(broken=0.2, shift=chance.choice((0.0, 0.3)))
    if chance.random() < 0.4:
        return Habits()
    return Habits(
        shift=chance.choice((0.0, 0.4)),
        change=chance.choice((0.0, 0.2)),
        vanish=chance.choice((0.0, 0.2)),
        broken=chance.choice((0.0, 0.1)),
    )


def _starts(chance: random.Random, focus: Focus | None, zombies: bool) -> tuple[Start, ...]:
    if focus is not None and focus[1:] == ("plan", SWAP):
        # Nothing lands, so that another config may begin the date anew.
        return (
            Start(config=0, down=100),
            Start(config=1, after=chance.choice((0.0, 100.0))),
            _start(chance, 2, zombies),
        )
    if not _rewrites(focus):
        return tuple(_start(chance, number, zombies) for number in range(chance.choice((1, 2, 2, 3, 3, 4))))
    trial = Start(config=0, limit=chance.choice((1, 2, 4)))
    again = Start(config=0, refresh=chance.random() < 0.7, waits=chance.random() < 0.8, after=_pause(chance, zombies))
    return (trial if chance.random() < 0.5 else Start(config=0), again, _start(chance, 2, zombies))


def _start(chance: random.Random, number: int, zombies: bool) -> Start:
    trial = chance.random() < 0.2
    return Start(
        config=0 if chance.random() < 0.7 else 1,
        after=_pause(chance, zombies) if number else 0.0,
        waits=not zombies and chance.random() < 0.6,
        refresh=not trial and chance.random() < 0.2,
        limit=chance.choice((1, 3, 6)) if trial else None,
        deadline=chance.choice((40.0, 120.0)) if chance.random() < 0.08 else None,
        skew=chance.choice((0.0, 0.0, 0.0, 40.0, -40.0)),
    )


def _pause(chance: random.Random, zombies: bool) -> float:
    if zombies:
        return chance.choice((0.0, 1.0, 30.0, 95.0, 130.0))
    return chance.choice((0.0, 0.0, 1.0, 40.0, 95.0, 100.0, chance.choice((0.0, 0.0, DAY))))
