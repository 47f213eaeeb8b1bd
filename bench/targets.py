"""What the figures are held against; ratios are to the peers of the same run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median

from scenarios import Measured
from table import Figures, Target, without_start

CPU_OF_SCRIPT = {"default": 0.6, "fast": 0.1}
OF_IDEAL = {"default": 0.6, "fast": 0.9}
TIMES_DLT = {"default": 4, "fast": 8}
RSS_MB = {"default": 90, "fast": 70}
OVER_IDEAL_AT_RATE = 1.03
BARRIER = 0.03


def targets(scenarios: Iterable[Measured]) -> list[Target]:
    """What can be said of the scenarios that were measured."""
    judges = {"cpu": _cpu, "limited": _limited, "latency": _latency, "rounds": _rounds}
    return [found for one in scenarios if one.name in judges for found in judges[one.name](one)]


def _cpu(measured: Measured) -> Iterator[Target]:
    for engine, most in CPU_OF_SCRIPT.items():
        ours = Figures(measured, engine)
        for base, title in (("one-by-one", "script of today"), ("dlt", "dlt"), ("singer", "Singer")):
            if measured.of(base) and (base == "one-by-one" or engine == "fast"):
                ratio = ours.cpu / Figures(measured, base).cpu
                yield Target(f"{engine}: CPU a record ÷ {title}", f"≤ {most}", f"{ratio:.2f}", ratio <= most)
        yield _at_most(f"{engine}: RSS MB, {ours.records:,} records", ours.rss, RSS_MB[engine])


def _limited(measured: Measured) -> Iterator[Target]:
    for engine in OF_IDEAL:
        ours = Figures(measured, engine)
        over = ours.wall / ours.ideal
        what = f"{engine}: wall ÷ ideal at the rate"
        yield Target(what, f"≤ {OVER_IDEAL_AT_RATE}", f"{over:.3f}", over <= OVER_IDEAL_AT_RATE)
        refused = max(turn.refused for turn in ours.turns)
        yield Target(f"{engine}: refused with 429, worst round", "0", f"{refused}", refused == 0)


def _latency(measured: Measured) -> Iterator[Target]:
    for engine, least in OF_IDEAL.items():
        ours = Figures(measured, engine)
        for what, share in (("", ours.ideal / ours.wall), (" without start-up", without_start(ours))):
            yield Target(f"{engine}: share of the ideal{what}", f"≥ {least:.0%}", f"{share:.0%}", share >= least)
        for peer, how in (("dlt", "as it comes"), ("dlt-wide", "with as many at once")):
            if measured.of(peer):
                times = Figures(measured, peer).wall / ours.wall
                what = f"{engine}: times as fast as dlt {how}"
                yield Target(what, f"≥ {TIMES_DLT[engine]}", f"{times:.1f}", times >= TIMES_DLT[engine])


def _rounds(measured: Measured) -> Iterator[Target]:
    for engine in OF_IDEAL:
        share = (
            median(one.barrier for one in measured.between if one.contestant == engine) / Figures(measured, engine).wall
        )
        yield Target(f"{engine}: barrier between two rounds", f"≤ {BARRIER:.0%}", f"{share:.1%}", share <= BARRIER)


def _at_most(what: str, found: float, most: float) -> Target:
    return Target(what, f"≤ {most}", f"{found:.0f}", found <= most)
