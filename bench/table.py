"""The results as Markdown: medians over the rounds, and each as a multiple of the careful script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from contest import CONTESTANTS, Turn

BASE = "threads"
NAMES = {
    "ours": "`ingest run tmdb`",
    "ours-fast": "`ingest run tmdb --engine fast`",
    "one-by-one": "script, one by one",
    "threads": "script, Session + 16 threads",
}


@dataclass(frozen=True)
class Scenario:
    """All turns of one scenario. `starts` are turns of one record, which cost what starting up costs."""

    title: str
    remark: str
    records: int
    turns: Sequence[Turn]
    starts: Sequence[Turn] = ()
    rate: float | None = None


def markdown(facts: Sequence[str], scenarios: Iterable[Scenario]) -> str:
    """The whole document."""
    lines = ["# Side by side with the script of today", "", *facts]
    for scenario in scenarios:
        table = _limited(scenario) if scenario.rate else _free(scenario)
        lines += ["", f"## {scenario.title}", "", scenario.remark, "", *table]
    return "\n".join(lines) + "\n"


def _free(scenario: Scenario) -> Iterator[str]:
    yield (
        "| | CPU µs a record | ÷ script | start-up, CPU ms | µs a record without it | ÷ script | wall s | ÷ script "
        "| max RSS MB | lost | byte-identical | bytes landed ÷ sent |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    base = _figures(scenario, BASE)
    for contestant in CONTESTANTS:
        whole, start, record, wall, rss = _figures(scenario, contestant)
        yield (
            f"| {NAMES[contestant]} | {whole:,.0f} {_span(scenario, contestant)} "
            f"| {_times(whole, base[0])} | {start:,.0f} | {record:,.0f} "
            f"| {_times(record, base[2])} | {wall:.2f} | {_times(wall, base[3])} | {rss:.0f} "
            f"| {_fidelity(_turns(scenario.turns, contestant))} |"
        )


def _figures(scenario: Scenario, contestant: str) -> tuple[float, float, float, float, float]:
    """Medians: CPU µs a record; CPU ms of a run of one record; µs a further record; wall s; RSS MB."""
    turns = _turns(scenario.turns, contestant)
    cpu = median(turn.cpu for turn in turns)
    start = median(turn.cpu for turn in _turns(scenario.starts, contestant))
    return (
        cpu / scenario.records * 1e6,
        start * 1e3,
        (cpu - start) / max(1, scenario.records - 1) * 1e6,
        median(turn.wall for turn in turns),
        median(turn.rss_mb for turn in turns),
    )


def _span(scenario: Scenario, contestant: str) -> str:
    """The least and the most CPU of its turns, in µs a record."""
    each = [turn.cpu / scenario.records * 1e6 for turn in _turns(scenario.turns, contestant)]
    return f"({min(each):,.0f}-{max(each):,.0f})"


def _limited(scenario: Scenario) -> Iterator[str]:
    ideal = scenario.records / (scenario.rate or 1)
    yield (
        f"| | wall s | ÷ ideal ({ideal:.1f} s) | ÷ script | refused with 429 | CPU s | lost | byte-identical "
        "| bytes landed ÷ sent |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    base = median(turn.wall for turn in _turns(scenario.turns, BASE))
    for contestant in CONTESTANTS:
        turns = _turns(scenario.turns, contestant)
        wall = median(turn.wall for turn in turns)
        refused = median(turn.refused or 0 for turn in turns)
        cpu = median(turn.cpu for turn in turns)
        yield (
            f"| {NAMES[contestant]} | {wall:.1f} | {wall / ideal:.2f} | {_times(wall, base)} | {refused:.0f} "
            f"| {cpu:.2f} | {_fidelity(turns)} |"
        )


def _fidelity(turns: Sequence[Turn]) -> str:
    """Three cells, of the worst round: records lost, share of the files that are as sent, bytes against those sent."""
    failed = [turn.exit for turn in turns if turn.exit]
    lost = str(max(turn.landed.lost for turn in turns)) + (f" (exit {failed[0]})" if failed else "")
    if any(turn.landed.strangers for turn in turns):
        lost += f" (+{max(turn.landed.strangers for turn in turns)} strangers)"
    identical = min(turn.landed.identical / turn.landed.expected for turn in turns)
    landed = turns[-1].landed
    return f"{lost} | {identical:.0%} | {landed.bytes / landed.sent:.3f}"


def _turns(turns: Iterable[Turn], contestant: str) -> list[Turn]:
    return [turn for turn in turns if turn.contestant == contestant]


def _times(value: float, base: float) -> str:
    return f"{value / base:.2f}"
