"""`ingest lake`"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import click
from rich.markup import escape
from rich.tree import Tree

from ingest_core.assembly import Wish, Workspace
from ingest_core.cli.console import console
from ingest_core.cli.options import Verb, Window, complete_source, json_option, lake_option, limit_type, window_options
from ingest_core.cli.output import print_json, say
from ingest_core.cli.session import lakes, open_workspace, require_lake
from ingest_core.cli.waiting import waiting
from ingest_core.figures import many, size
from ingest_core.lake import LAKE_THREADS, Lake
from ingest_core.state import History
from ingest_core.upkeep import Amount, DayContents, contents, everything

DAYS = 7
INDENT = 4
_ANEW = {
    "running": "landing anew",
    "unfinished": "unfinished anew",
    "interrupted": "interrupted anew",
    "given up": "given up since",
    "trial": "tried since",
}


@dataclass(frozen=True, slots=True)
class Branch:
    """One config in a lake: the days that are told, and how many are not."""

    config: str
    label: str
    days: Sequence[DayContents]
    left_out: int


@click.command("lake", cls=Verb)
@click.argument("source", required=False, shell_complete=complete_source)
@lake_option
@window_options
@click.option("-n", "most", type=limit_type, default=DAYS, show_default=True, help="The newest days of each config.")
@click.option("--all", "every", is_flag=True, help="Every day.")
@json_option
def command(
    source: str | None,
    lake: str | None,
    first: dt.date | None,
    last: dt.date | None,
    most: int,
    every: bool,
    as_json: bool,
) -> None:
    """What lies in the lake of SOURCE by day and stream: records and bytes; without SOURCE, of every config in it.

    It reads what runs said of themselves, and no record. What is not committed is marked: readers leave it out.
    """
    window = Window(first, last, None if every or first is not None or last is not None else most)
    workspace = open_workspace()
    require_lake(workspace, lake)
    told: list[tuple[Lake, list[Branch]]] = []
    with ThreadPoolExecutor(LAKE_THREADS, "lake") as pool, waiting() as count:
        for where, found in _histories(workspace, source, lake):
            branches = [_branch(where, history, window, pool, lambda: count("parts read")) for history in found]
            told.append((where, [branch for branch in branches if branch.days or branch.left_out]))
    if as_json:
        print_json([_as_json(where, day) for where, branches in told for branch in branches for day in branch.days])
        return
    for where, branches in told:
        if branches:
            console(for_table=True).print(_tree(where, branches, window))
        else:
            say(f"{where.uri}: no runs yet")


def _histories(workspace: Workspace, source: str | None, lake: str | None) -> Iterator[tuple[Lake, list[History]]]:
    if source is None:
        yield from ((where, everything(where)) for where in lakes(workspace, lake))
    else:
        config = workspace.use(source, Wish(lake=lake)).config
        where = workspace.lake(config)
        yield where, [History(where, config.label, config.name)]


def _branch(
    lake: Lake, history: History, window: Window, pool: ThreadPoolExecutor, on_part: Callable[[], None]
) -> Branch:
    every = history.days()
    days = window.of(every)
    return Branch(
        history.config, history.label, list(contents(lake, history, days, pool, on_part)), len(every) - len(days)
    )


def _tree(lake: Lake, branches: Sequence[Branch], window: Window) -> Tree:
    names = [len(amount.stream) for branch in branches for day in branch.days for amount in day.amounts]
    titles = [len(f"{branch.config} {branch.label}/") for branch in branches]
    width = max(len("2026-11-23"), *(title - INDENT for title in titles), *(name + INDENT for name in names), 0)
    tree = Tree(f"[bold]{escape(lake.uri)}[/]", guide_style="dim")
    for branch in branches:
        every = [amount for day in branch.days for amount in day.amounts if day.is_committed]
        gap = " " * (width + INDENT + 1 - len(f"{branch.config} {branch.label}"))
        node = tree.add(
            f"[bold]{escape(branch.config)}[/] [dim]{escape(branch.label)}/[/]{gap}{_numbers(every)}  [dim]committed[/]"
        )
        for day in branch.days:
            _add_day(node, day, width)
        if branch.left_out:
            which = many(branch.left_out, "other day" if window.most is None else "older day")
            node.add(f"[dim]… {which}: --all, or --from DAY --to DAY[/]")
    return tree


def _add_day(node: Tree, day: DayContents, width: int) -> None:
    marks = []
    if not day.is_committed:
        marks.append(f"[yellow]not committed ({day.standing})[/]")
    if day.anew:
        marks.append(f"[yellow]{_ANEW.get(day.anew, day.anew)}[/]")
    if day.is_pruned:
        marks.append("[dim]pruned: by its manifest[/]")
    if day.missing:
        marks.append(f"[dim]{day.missing:,} missing[/]")
    if day.rejected:
        marks.append(f"[yellow]{day.rejected:,} rejected[/]")
    told = node.add(f"{day.date.isoformat():<{width}}  {_numbers(day.amounts)}  {'  '.join(marks)}".rstrip())
    for amount in day.amounts:
        if amount.stream:
            objects = "" if amount.objects == amount.records else f"  [dim]in {many(amount.objects, 'file')}[/]"
            told.add(f"{escape(amount.stream):<{width - INDENT}}  {_numbers([amount])}{objects}")


def _numbers(amounts: Sequence[Amount]) -> str:
    records, weight = sum(amount.records for amount in amounts), sum(amount.bytes for amount in amounts)
    return f"{many(records, 'record'):>15}  {size(weight):>9}"


def _as_json(lake: Lake, day: DayContents) -> dict[str, Any]:
    told = asdict(day)
    streams = [
        {name: value for name, value in asdict(amount).items() if not (day.is_pruned and name in {"stream", "objects"})}
        for amount in day.amounts
    ]
    del told["amounts"], told["is_committed"], told["is_pruned"]
    return {
        "lake": lake.uri,
        **told,
        "committed": day.is_committed,
        "pruned": day.is_pruned,
        "records": sum(amount.records for amount in day.amounts),
        "bytes": sum(amount.bytes for amount in day.amounts),
        "streams": streams,
    }
