"""A run from Python: for Airflow, Prefect, Dagster, a notebook, or a program of your own."""

from __future__ import annotations

import datetime as dt
import logging
import signal
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from os import PathLike, environ, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest_core.codes import Code
from ingest_core.errors import (
    CredentialsError,
    IngestError,
    LakeError,
    LockedError,
    PluginError,
    RequestRefusedError,
    StopError,
    TransientError,
    UndeclaredHostError,
    UsageError,
)
from ingest_core.interruption import Interruption, interruptible
from ingest_core.model import Fault, Report, Status

if TYPE_CHECKING:
    from ingest_core.assembly import Use, Wish, Workspace
    from ingest_core.run import Mapper

_KINDS: dict[str, type[IngestError]] = {
    kind.__name__: kind
    for kind in (
        CredentialsError,
        LakeError,
        LockedError,
        PluginError,
        RequestRefusedError,
        StopError,
        TransientError,
        UndeclaredHostError,
        UsageError,
    )
}


def run_source(  # noqa: PLR0913 -- one parameter an option of `ingest run`
    config: str | PathLike[str] | Mapping[str, Any],
    *,
    date: str | dt.date | None = None,
    lake: str | PathLike[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    dry_run: bool | str | PathLike[str] = False,
    limit: int | None = None,
    refresh: bool = False,
    max_minutes: float | None = None,
    name: str | None = None,
    check: bool = True,
) -> Report:
    """What `ingest run` does, from Python: one run, from the config to the report.

    config       a config's name, the path of a YAML file, or a mapping that says what the file would
    date         the logical date: a day, or an instant with its offset; today if left out
    lake         another lake: `s3://bucket[/prefix]` or a folder
    settings     overrides, as `--set` has them: `{"language": "en", "select.0.pages": 2, "rate": 5}`
    dry_run      lands in `./dry-run/`, or in the folder given, which is emptied first
    limit        at most so many records; such a run is never committed
    refresh      lands the date anew, even where it is done
    max_minutes  stops in time; a run that is not done by then is a TransientError, and the next call goes on
    name         what a config that is a mapping is called in the lake; its source's name if left out
    check        False: whatever ended the run is in the report, and not raised

    Returns the report of a run that is done: `report.counts.records`, `report.manifest`, …. Called again for a date
    that is done, it asks the API nothing (`report.already_done`). Runs of other dates that are unfinished come first.

    Raises UsageError, and ConfigError with every mistake, before anything is asked or written; then, unless `check` is
    False, TransientError or LockedError where calling again later goes on from here, CredentialsError where a key must
    be mended, and StopError or PluginError where waiting does not help. What has landed stays, whatever is raised.

    It may be called in any thread, and in several at once. Where the config's `workers` are more than one, they are
    processes beside this one. It sets no log level and adds no handler; while it runs, secrets are masked in what the
    root logger's handlers write. In the main thread Ctrl-C is met at a safe point, where Python's own handler would
    have met it; no other signal is touched.
    """
    from ingest_core.assembly import Workspace  # all that a run needs: whoever imports ingest_core need not wait for it

    workspace = Workspace(environ)
    with _masked_logs(workspace), _safe_interrupts() as interruption:
        asked = _wish(date, lake, settings, limit, refresh=refresh, max_minutes=max_minutes, dry_run=dry_run)
        use = _use(workspace, config, name, asked)
        _prepare(use, dry_run)
        with _workers(use, config, asked) as mapper:
            *_, report = workspace.runs(use, asked, interruption=interruption, mapper=mapper)
    if check and report.error is not None:
        raise _as_error(report, report.error)
    return report


def _wish(
    date: str | dt.date | None,
    lake: str | PathLike[str] | None,
    settings: Mapping[str, Any] | None,
    limit: int | None,
    *,
    refresh: bool,
    max_minutes: float | None,
    dry_run: bool | str | PathLike[str],
) -> Wish:
    from ingest_core.assembly import Wish
    from ingest_core.config import override

    if dry_run and lake is not None:
        raise UsageError("dry_run lands in a folder of its own", Code.OPTIONS, hint="leave lake out")
    if refresh and limit is not None:
        raise UsageError("refresh and limit do not go together", Code.OPTIONS, hint="leave one of them out")
    if limit is not None and limit < 1:
        raise UsageError(f"limit is {limit}: it must be at least 1", Code.OPTIONS)
    where = _dry_folder(dry_run) if dry_run else lake
    return Wish(
        date=date.isoformat() if isinstance(date, dt.date) else date,
        limit=limit,
        lake=None if where is None else fspath(where),
        seconds=None if max_minutes is None else 60 * max_minutes,
        refresh=refresh,
        overrides=dict(override(key, value, f"settings {key}") for key, value in (settings or {}).items()),
    )


def _use(workspace: Workspace, config: str | PathLike[str] | Mapping[str, Any], name: str | None, asked: Wish) -> Use:
    if isinstance(config, Mapping):
        return workspace.use_values(config, name, asked)
    if name is not None:
        raise UsageError("name is for a config that is a mapping", Code.OPTIONS, hint="a file has a name: its own")
    return workspace.use(fspath(config), asked)


def _workers(
    use: Use, config: str | PathLike[str] | Mapping[str, Any], asked: Wish
) -> AbstractContextManager[Mapper | None]:
    """As many processes as the config has workers; none where one is enough, which is this one."""
    if use.config.workers == 1:
        return nullcontext()
    from ingest_core.workers import Setting, processes

    if isinstance(config, Mapping):
        return processes(Setting.of(use.config.name, asked, values=config), use.config.workers)
    return processes(Setting.of(fspath(config), asked), use.config.workers)


def _prepare(use: Use, dry_run: bool | str | PathLike[str]) -> None:
    from ingest_core.dryrun import fresh_folder, refuse_dry_folder

    if dry_run:
        fresh_folder(_dry_folder(dry_run))
    else:
        refuse_dry_folder(use.config.lake)


def _dry_folder(dry_run: bool | str | PathLike[str]) -> Path:
    from ingest_core.dryrun import FOLDER

    return Path(FOLDER if isinstance(dry_run, bool) else dry_run)


@contextmanager
def _masked_logs(workspace: Workspace) -> Iterator[None]:
    """The handlers that are there mask the secrets of this run for as long as it goes on."""
    handlers = [*logging.getLogger().handlers, *logging.getLogger("ingest_core").handlers]
    for handler in handlers:
        handler.addFilter(workspace.redactor)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(workspace.redactor)


@contextmanager
def _safe_interrupts() -> Iterator[Interruption]:
    """Ctrl-C is ours where nobody else has taken it."""
    is_free = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with interruptible(*([signal.SIGINT] if is_free else [])) as interruption:
        yield interruption


def _as_error(report: Report, fault: Fault) -> IngestError:
    """What ended the run, to be raised; its notes say which run it was, and what else went wrong."""
    by_status = {Status.PARTIAL: TransientError, Status.LOCKED: LockedError}
    kind = _KINDS.get(fault.kind) or by_status.get(report.status, StopError)
    error = kind(fault.what, Code(fault.code), hint=fault.hint)
    error.add_note(f"{report.config} {report.date}: {report.status.value}, {report.counts.records:,} records landed")
    for problem in report.problems:
        error.add_note(f"problem: {problem}")
    return error
