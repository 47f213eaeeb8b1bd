"""A table in a terminal that is too narrow for it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ingest_core.cli.tables import Column, print_table

COLUMNS = (
    Column("config"),
    Column("date"),
    Column("size", 2, is_number=True),
    Column("committed", 3),
    Column("note", 1),
)
ROW = ("[blue]twitter_stub[/]", "2026-11-23", "11.7 KB", "2026-11-25 09:33", "ok")


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (80, []),
        (57, []),
        (56, ["committed"]),
        (39, ["committed"]),
        (38, ["size", "committed"]),
        (10, ["size", "committed", "note"]),
    ],
)
def test_columns_are_left_out_whole_by_rank(width: int, left_out: list[str]) -> None:
    out = Console(file=io.StringIO(), width=width)
    assert print_table(out, COLUMNS, [ROW]) == left_out
    printed = out.file.getvalue()  # type: ignore[attr-defined]
    assert all((name in printed.splitlines()[0]) is (name not in left_out) for name in ("size", "note"))
    if width > 10:
        assert "2026-11-23" in printed
