"""What people read: the summary of a run, errors, and whatever has colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich.console import Console
from rich.markup import escape

from ingest_core.cli.again import typed
from ingest_core.cli.output import data, masked, print_json, say
from ingest_core.cli.palette import THEME
from ingest_core.codes import Code
from ingest_core.errors import ConfigError, IngestError
from ingest_core.figures import many, size, span
from ingest_core.model import Fault, Report, Status

WIDE = 200
_MARKS = {Status.DONE: "[green]✔[/]", Status.PARTIAL: "[yellow]◐[/]", Status.FAILED: "[red]✘[/]"}


def console(*, for_table: bool = False) -> Console:
    """Standard output for people: plain when piped or under NO_COLOR, never wrapped within a word.

    A table or a tree is cut to the terminal's width; a file or a pipe has none, and gets all of it.
    """
    out = _Console(file=data(), theme=THEME, highlight=False, soft_wrap=True)
    if for_table and not out.is_terminal:
        out.width = WIDE
    return out


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Whoever read our output has enough; rich would end the process with 1."""
        raise BrokenPipeError


def print_error(error: IngestError, *, as_json: bool) -> None:
    """An error: its code, what is wrong, and what to do."""
    fault = Fault.of(error)
    fault = fault._replace(what=masked(fault.what), hint=masked(fault.hint))
    mistakes = error.mistakes if isinstance(error, ConfigError) else ()
    print_fault(fault, [(one.code, masked(str(one))) for one in mistakes])
    if as_json:
        print_json({"status": "failed", "error": fault._asdict()})


def print_fault(fault: Fault, lines: Sequence[tuple[str, str]] = ()) -> None:
    """A failure on standard error, its hint with the config, lake and settings that the person typed.

    `lines` (code, what) count in place of its own: a config has one a mistake.
    """
    err = Console(stderr=True, theme=THEME, highlight=False, soft_wrap=True)
    for code, what in lines or [(fault.code, fault.what)]:
        err.print(f"[red]error[/] {escape(what)} [dim]\\[{code}][/]")
    if fault.hint:
        err.print(f"  [dim]→[/] {escape(typed().completed(fault.hint))}")
    if err.is_terminal:
        err.print(f"  [dim]? ingest explain {fault.code}[/]")


def print_trial(report: Report) -> None:
    """What went wrong in a run whose lake is gone by now."""
    for problem in report.problems:
        say(f"problem: {problem}")
    fault = report.error
    if fault is not None and fault.code == Code.QUARANTINE:
        again = replace(typed(), lake=None).command("run")
        fault = fault._replace(hint=f"{again} --dry-run keeps them, in ./dry-run/")
    if fault is not None:
        print_fault(fault)


def print_report(report: Report, following: Iterable[str]) -> None:
    """The summary that a run ends with; `following` is what to do next."""
    out = console()
    words = {"done": "done", "partial": "partly done", "failed": "failed", "locked": "locked by another run"}
    state = words[report.status.value]
    if report.already_done:
        state = "done before; nothing was asked of the API"
    elif report.limited and report.status is Status.DONE:
        state = "done up to the limit; a limited run is never committed"
    out.print(f"{_MARKS.get(report.status, '·')} [bold]{escape(report.config)}[/] {report.date}: {state}")
    if report.error is not None:
        out.print(f"  [red]{'error':<10}[/] {escape(report.error.what)} [dim]\\[{report.error.code}][/]")
        if report.error.hint:
            out.print(f"  {'':<10} [dim]→[/] {escape(typed().completed(report.error.hint))}")
    for name, value in _lines(report):
        out.print(f"  [dim]{name:<10}[/] {escape(value)}")
    for name in report.truncated:
        out.print(f"  [yellow]{'cut off':<10}[/] {escape(name)}")
    for note in report.notes:
        out.print(f"  [dim]{'note':<10}[/] {escape(note)}")
    for problem in report.problems:
        out.print(f"  [yellow]{'problem':<10}[/] {escape(typed().completed(problem))}")
    for step in following:
        out.print(f"  [dim]{'next':<10}[/] {escape(step)}")
    if report.notice:
        out.print(f"  [dim]{escape(report.notice)}[/]")


def _lines(report: Report) -> Iterable[tuple[str, str]]:
    counts = report.counts
    were_there = counts.records - counts.written
    landed = f"{many(counts.records, 'record')}, {size(counts.bytes)}"
    yield "landed", landed + (f" ({were_there:,} were there already)" if were_there else "")
    if not report.already_done:
        yield "requests", f"{counts.requests:,} ({counts.retries:,} retries, {counts.throttled:,} refused with 429)"
    if counts.missing:
        yield "not found", f"{counts.missing:,} (the API does not have them)"
    if counts.rejected:
        yield "rejected", f"{counts.rejected:,} (in the quarantine)"
    if counts.repeated:
        yield "repeated", f"{counts.repeated:,} (named twice, landed once)"
    if counts.duplicates:
        yield "duplicates", f"{counts.duplicates:,} (ids that were named before; each is asked for once)"
    if counts.skipped:
        yield "skipped", f"{counts.skipped:,} (by what earlier runs landed)"
    if counts.conflicts:
        yield "conflicts", f"{counts.conflicts:,} (another document was there and was kept)"
    if not report.already_done:
        yield "took", span(report.seconds)
    yield "where", f"{report.lake}/{report.prefix}"
    if report.manifest is not None:
        yield "manifest", report.manifest
