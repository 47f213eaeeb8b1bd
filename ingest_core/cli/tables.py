"""Tables that fit: where the terminal is too narrow, whole columns go, the least important first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `rank` 0 is never left out, of the others the highest goes first."""

    heading: str
    rank: int = 0
    is_number: bool = False


def print_table(out: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """Prints as many columns as fit, cells in rich's markup; returns the headings of those that did not."""
    widths = [
        max(cell_len(column.heading), *(cell_len(Text.from_markup(row[number]).plain) for row in rows), 0)
        for number, column in enumerate(columns)
    ]
    kept = list(range(len(columns)))
    while sum(widths[number] + GAP for number in kept) - GAP > out.width:
        least = max(kept, key=lambda number: columns[number].rank)
        if columns[least].rank == 0:
            break
        kept.remove(least)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for number in kept:
        column = columns[number]
        table.add_column(column.heading, justify="right" if column.is_number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(row[number] for number in kept))
    out.print(table)
    return [column.heading for number, column in enumerate(columns) if number not in kept]
