"""`ingest show`"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.markup import escape
from rich.text import Text

from ingest_core.cli.again import typed
from ingest_core.cli.console import console
from ingest_core.cli.options import Verb, json_option, lake_option, source_argument, wish
from ingest_core.cli.output import data, printable
from ingest_core.cli.session import open_workspace
from ingest_core.codes import Code
from ingest_core.errors import LakeError, StopError, UsageError
from ingest_core.run import Job
from ingest_core.state import DAYS_LOOKED_BACK, History
from ingest_core.upkeep import DamagedError, Sighting, find, read_record

LINES_SHOWN = 200
DAYS_SHOWN = 5
_TOLD = {
    "conflict": "another document was under its key, and was kept",
    "missing": "the API does not have it",
    "rejected": "it is in the quarantine",
}


@click.command("show", cls=Verb)
@source_argument
@click.argument("id")
@lake_option
@click.option("--date", metavar="DATE", help="The day; the newest that has the record where it is left out.")
@click.option("--stream", default="", help="Of this stream, where several have the id.")
@click.option("--raw", is_flag=True, help="The record's bytes alone, as they lie in the lake.")
@json_option
def command(source: str, id: str, lake: str | None, date: str | None, stream: str, raw: bool, as_json: bool) -> int:
    """One record of SOURCE, and where it came from: key, run, slice, URL, time, digest.

    Exit 1 where there is none; what became of the id is said all the same: rejected, not known to the API, kept out.
    """
    if raw and as_json:
        raise UsageError("--raw is the bytes alone", Code.OPTIONS, hint="leave --json out, or --raw")
    workspace = open_workspace()
    asked = wish(date, lake, ())
    job = workspace.job(workspace.use(source, asked), asked)
    found = find(History(job.lake, job.label, job.config), job.lake, id, None if date is None else job.date, stream)
    records = [seen for seen in found if seen.kind == "record"]
    if len(records) > 1:
        commands = [
            f"{typed().command('show')} {shlex.quote(printable(id))} --stream {seen.stream}" for seen in records
        ]
        raise UsageError(
            f"{len(records)} streams have {printable(id)} on {records[0].date}",
            Code.WHICH_STREAM,
            hint=" · ".join(commands),
        )
    if not found:
        hint = f"{typed().command('lake')} shows what there is"
        raise StopError(_unknown(job, id, date, stream), Code.NO_RECORD, hint=hint)
    if not records and raw:
        raise StopError(f"there is no record of {printable(id)}: {_told(found[0])}", Code.NO_RECORD)
    if not records:
        if as_json:
            _print_json(job, id, found[0], found[1:], None)
        else:
            out = console()
            for seen in found[:DAYS_SHOWN]:
                out.print(f"[yellow]✘[/] {escape(_heading(job, id, seen))}: {escape(_told(seen))}")
        return 1
    (record,) = records
    body = _body(job, record)
    others = [seen for seen in found if seen is not record]
    if raw:
        data().flush()
        data().buffer.write(body)
    elif as_json:
        _print_json(job, id, record, others, body)
    else:
        _print(console(), job, id, record, others, body)
    return 0


def _body(job: Job, record: Sighting) -> bytes:
    try:
        return read_record(job.lake, record)
    except DamagedError as error:
        raise LakeError(error.what, Code.LAKE_DAMAGED, hint=f"ingest verify {job.config} says what else") from error


def _unknown(job: Job, id: str, date: str | None, stream: str) -> str:
    of = f" of {stream}" if stream else ""
    if date is not None:
        return f"the run of {job.config} for {job.date} says nothing about {printable(id)}{of}"
    days = History(job.lake, job.label, job.config).days()
    if not days:
        return f"{job.config} has no run in {job.lake.uri}"
    looked = min(len(days), DAYS_LOOKED_BACK)
    newest = "on its newest day" if looked == 1 else f"on its newest {looked} days"
    return f"no run of {job.config} {newest} says anything about {printable(id)}{of}"


def _heading(job: Job, id: str, seen: Sighting) -> str:
    return f"{job.config} {seen.date}: {seen.stream} {printable(id)}"


def _told(seen: Sighting) -> str:
    where = f", {seen.quarantine}" if seen.quarantine else ""
    reason = f" ({printable(seen.reason)}{where})" if seen.reason else ""
    return _TOLD[seen.kind] + reason


def _print(out: Console, job: Job, id: str, record: Sighting, others: Sequence[Sighting], body: bytes) -> None:
    out.print(f"[bold]{escape(_heading(job, id, record))}[/]")
    for name, value in _lines(job, record):
        out.print(f"  [dim]{name:<8}[/] {escape(printable(value))}")
    for seen in others:
        out.print(f"  [yellow]{'also':<8}[/] {escape(f'{seen.date}, {seen.stream}: {_told(seen)}')}")
    text = _readable(body)
    lines = text.splitlines()
    shown = lines if not out.is_terminal or len(lines) <= LINES_SHOWN else lines[:LINES_SHOWN]
    shown_text = Text("\n".join(shown))
    JSONHighlighter().highlight(shown_text)
    out.print(shown_text)
    if len(shown) < len(lines):
        out.print(f"[dim]… {len(lines) - len(shown):,} more lines; --raw prints all of its bytes[/]")


def _lines(job: Job, record: Sighting) -> list[tuple[str, str]]:
    landed, holding = record.landed, record.holding
    told = [
        ("run", record.run + ("" if record.is_committed else " (not committed)")),
        ("slice", record.slice),
    ]
    if landed is None or holding is None:
        return told
    of = f", record {record.line} of {len(holding.records)}" if record.line else ""
    told.insert(0, ("key", f"{landed.key}{of}"))
    origin = landed.origin
    if origin is not None:
        asked = "" if origin.attempts == 1 else f" at attempt {origin.attempts}"
        etag = f", etag {origin.etag}" if origin.etag else ""
        told += [
            ("url", origin.url),
            ("fetched", f"{origin.fetched_at:%Y-%m-%d %H:%M:%S} UTC, status {origin.status}{asked}{etag}"),
        ]
    kept = "without white space outside its strings" if landed.line else "byte for byte"
    return [*told, ("sha256", landed.sha256), ("size", f"{landed.bytes:,} bytes as the API sent them; here {kept}")]


def _readable(body: bytes) -> str:
    """The record on many lines, every number and string as it was written."""
    try:
        text = msgspec.json.format(body, indent=2).decode()
    except (msgspec.DecodeError, RecursionError):
        text = body.decode()
    return printable(text, lines=True)


def _print_json(job: Job, id: str, seen: Sighting, others: Sequence[Sighting], body: bytes | None) -> None:
    landed, holding = seen.landed, seen.holding
    told: dict[str, Any] = {
        "status": seen.kind,
        "source": job.source.name,
        "config": job.config,
        "stream": seen.stream,
        "id": id,
        "date": seen.date,
        "run": seen.run,
        "committed": seen.is_committed,
        "slice": seen.slice,
    }
    if landed is not None:
        told |= {
            "lake": job.lake.uri,
            "key": landed.key,
            "layout": "batch" if holding is not None and holding.file is not None else "record",
            "line": seen.line,
            "sha256": landed.sha256,
            "bytes": landed.bytes,
            "origin": landed.origin,
        }
    else:
        told |= {"reason": seen.reason, "quarantine": seen.quarantine}
    told["others"] = [
        {"date": other.date, "stream": other.stream, "status": other.kind, "reason": other.reason} for other in others
    ]
    if body is not None:
        told["record"] = msgspec.Raw(body)
    text = msgspec.json.encode(told)
    with suppress(msgspec.DecodeError, RecursionError):  # what only the standard library reads stays on one line
        text = msgspec.json.format(text, indent=2)
    data().write(text.decode() + "\n")
