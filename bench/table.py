"""The results as Markdown: medians over the rounds, and how they stand to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from contest import CONTESTANTS
from scenarios import Measured

BASES = {"one-by-one": "script", "dlt": "dlt", "singer": "Singer"}


class Figures:
    """Medians of one contestant's turns in one scenario; of landing, the worst round."""

    def __init__(self, measured: Measured, contestant: str) -> None:
        self.turns = measured.of(contestant)
        self.records = self.turns[0].landed.expected
        self.wall = median(turn.wall for turn in self.turns)
        self.cpu = median(turn.cpu for turn in self.turns) / self.records * 1e6
        self.span = [turn.cpu / self.records * 1e6 for turn in self.turns]
        self.rss = median(turn.rss_mb for turn in self.turns)
        self.refused = median(turn.refused for turn in self.turns)
        self.asking = median(turn.asking for turn in self.turns)
        self.requests = median(turn.requests for turn in self.turns)
        self.worst = max(self.turns, key=lambda turn: (turn.exit != 0, turn.landed.lost, -turn.landed.identical))
        starts = measured.starts_of(contestant)
        self.start_cpu = median(turn.cpu for turn in starts) if starts else 0.0
        self.start_wall = median(turn.wall for turn in starts) if starts else 0.0
        self.further = max(0.0, self.cpu * self.records - self.start_cpu * 1e6) / max(1, self.records - 1)
        self.ideal = measured.ideal(self.records) if measured.ideal else 0.0

    @property
    def failed(self) -> bool:
        return self.worst.exit != 0


Column = tuple[str, Callable[[Figures], str]]


def table(measured: Measured, columns: Sequence[Column]) -> Iterator[str]:
    """A row for each contestant that took a turn."""
    yield "| | " + " | ".join(title for title, _ in columns) + " |"
    yield "|---" + "|--:" * len(columns) + "|"
    for contestant in CONTESTANTS:
        if measured.of(contestant.name):
            figures = Figures(measured, contestant.name)
            yield f"| {contestant.title} | " + " | ".join(cell(figures) for _, cell in columns) + " |"


def _cost(measured: Measured) -> list[Column]:
    return [
        ("CPU µs a record", lambda one: f"{one.cpu:,.0f} ({min(one.span):,.0f}-{max(one.span):,.0f})"),
        *(_ratio(measured, base, title) for base, title in BASES.items() if measured.of(base)),
        ("start-up, CPU ms", lambda one: f"{one.start_cpu * 1e3:,.0f}"),
        ("µs a further record", lambda one: f"{one.further:,.0f}"),
        ("wall s", lambda one: f"{one.wall:.2f}"),
        *_LANDED,
    ]


def _ratio(measured: Measured, base: str, title: str) -> Column:
    whole = Figures(measured, base).cpu
    return f"÷ {title}", lambda one: f"{one.cpu / whole:.2f}"


def _limited(measured: Measured) -> list[Column]:
    return [
        ("records", lambda one: f"{one.records:,}"),
        ("wall s", lambda one: f"{one.wall:.1f}"),
        ("÷ ideal", lambda one: "failed" if one.failed else f"{one.wall / one.ideal:.2f}"),
        ("first to last request, s", lambda one: f"{one.asking:.2f}"),
        ("refused with 429", lambda one: f"{one.refused:.0f}"),
        ("CPU µs a record", lambda one: f"{one.cpu:,.0f}"),
        *_LANDED,
    ]


def _latency(measured: Measured) -> list[Column]:
    return [
        ("records", lambda one: f"{one.records:,}"),
        ("wall s", lambda one: f"{one.wall:.2f}"),
        ("records/s", lambda one: f"{one.records / one.wall:,.0f}"),
        ("of the ideal", lambda one: f"{one.ideal / one.wall:.0%}"),
        ("start-up s", lambda one: f"{one.start_wall:.2f}"),
        ("of the ideal without it", lambda one: f"{without_start(one):.0%}"),
        ("CPU µs a record", lambda one: f"{one.cpu:,.0f}"),
        *_LANDED,
    ]


def without_start(one: Figures) -> float:
    """The share of the ideal that a run reaches whose start-up, with its one record, is left out."""
    per_record = one.ideal / one.records
    return (one.ideal - per_record) / max(one.wall - one.start_wall, 1e-9)


def _rounds(measured: Measured) -> list[Column]:
    def barrier(one: Figures) -> str:
        seconds = median(each.barrier for each in measured.between if each.contestant == one.worst.contestant)
        return f"{seconds:.3f} ({seconds / one.wall:.1%})"

    def learning(one: Figures) -> str:
        return f"{median(e.learning for e in measured.between if e.contestant == one.worst.contestant):.3f}"

    def side(one: Figures) -> str:
        seen = [each for each in measured.between if each.contestant == one.worst.contestant]
        return f"{min(each.side_by_side for each in seen)} of {seen[0].pages}"

    return [
        ("wall s", lambda one: f"{one.wall:.2f}"),
        ("÷ ideal", lambda one: f"{one.wall / one.ideal:.2f}"),
        ("pages side by side", side),
        ("first page to second, s", learning),
        ("barrier, s (of the run)", barrier),
        ("refused", lambda one: f"{one.refused:.0f}"),
        *_LANDED,
    ]


def _large(measured: Measured) -> list[Column]:
    def by_size(number: int) -> Callable[[Figures], str]:
        def cell(one: Figures) -> str:
            sizes = sorted({turn.landed.expected for turn in one.turns})
            return f"{median(turn.rss_mb for turn in one.turns if turn.landed.expected == sizes[number]):.0f}"

        return cell

    sizes = sorted({turn.landed.expected for turn in measured.turns})
    return [(f"RSS MB, {size:,} bodies", by_size(number)) for number, size in enumerate(sizes)] + [_LOST, _IDENTICAL]


def _lost(one: Figures) -> str:
    return f"{one.worst.landed.lost}" + (f" (exit {one.worst.exit})" if one.failed else "")


def _asked_of_s3(one: Figures) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(one.worst.s3.items(), key=lambda each: -each[1]))


_LOST: Column = ("lost", _lost)
_IDENTICAL: Column = ("byte-identical", lambda one: f"{one.worst.landed.identical / one.records:.0%}")
_LANDED: list[Column] = [
    ("RSS MB", lambda one: f"{one.rss:.0f}"),
    ("API requests", lambda one: f"{one.requests:,.0f}"),
    ("S3 requests", _asked_of_s3),
    ("objects", lambda one: f"{one.worst.landed.objects:,}"),
    _LOST,
    _IDENTICAL,
    ("bytes landed ÷ sent", lambda one: f"{one.worst.landed.bytes / one.worst.landed.sent:.3f}"),
]
COLUMNS = {"cpu": _cost, "limited": _limited, "latency": _latency, "rounds": _rounds, "large": _large}


@dataclass(frozen=True)
class Target:
    """What is aimed at, and what was found."""

    what: str
    wanted: str
    found: str
    is_met: bool


def markdown(facts: Sequence[str], targets: Sequence[Target], scenarios: Iterable[Measured]) -> str:
    """The whole document."""
    lines = ["# Side by side", "", *facts]
    if targets:
        lines += ["", "## Targets", "", "| | wanted | found | |", "|---|---|---|---|"]
        lines += [
            f"| {one.what} | {one.wanted} | {one.found} | {'met' if one.is_met else 'missed'} |" for one in targets
        ]
    for measured in scenarios:
        lines += [
            "",
            f"## {measured.title}",
            "",
            measured.remark,
            "",
            *table(measured, COLUMNS[measured.name](measured)),
        ]
    return "\n".join(lines) + "\n"
