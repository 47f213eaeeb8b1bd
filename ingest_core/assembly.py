"""From the name of a config to a run that is ready to start: the one place where the pieces are put together."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ingest_core.api import Redactor, Transport
from ingest_core.clients import Clients
from ingest_core.clock import Clock, SystemClock
from ingest_core.codes import Code
from ingest_core.config import (
    Config,
    Document,
    Path_,
    SecretResolver,
    build_config,
    checked_name,
    config_folder,
    document_of,
    find_config,
    frozen_keys,
    is_stamped,
    logical_date,
    open_document,
    source_named_in,
    stamp_config,
    unknown_source,
)
from ingest_core.errors import ConfigError, IngestError, UsageError
from ingest_core.guard import adapted, calling, connection_of
from ingest_core.interruption import Interruption
from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake, S3Options, open_file
from ingest_core.model import Answer, Fault, Report, Source
from ingest_core.plugins import Plugins, load_plugins
from ingest_core.run import Hands, Job, Mapper, Progress, coordinate, keep_account, land, probe, replay, runs
from ingest_core.state import Frozen

if TYPE_CHECKING:
    from ingest_core.recording import Recording
    from ingest_core.report import Subject

logger = logging.getLogger(__name__)

PAGE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller of a run may ask for beside the config's name.

    `date` is a day or an instant (ISO 8601), `seconds` how long the run may take; `refresh` lands the date anew.
    """

    date: str | None = None
    limit: int | None = None
    lake: str | None = None
    seconds: float | None = None
    refresh: bool = False
    overrides: Mapping[Path_, tuple[str, Any]] = field(default_factory=dict)


class Use(Struct, frozen=True):
    """A config and its source, found and checked; and the recording that answers instead of the API, if any."""

    config: Config
    source: Source
    document: Document
    recording: Recording | None = None


class Workspace:
    """One process: its environment, plugins, secrets and clients, each made once and shared by every run in it."""

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        plugins: Plugins | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.environment = os.environ if environment is None else environment
        self.plugins = load_plugins(environment=self.environment) if plugins is None else plugins
        self.clock = clock or SystemClock()
        self.redactor = Redactor()
        self._clients = Clients(self.environment)
        self._secrets = SecretResolver(self.environment, self.clock, self.redactor.learn, self._clients.aws.client)

    def use(self, name: str, wish: Wish, *, anew: bool = False) -> Use:
        """The config of that name, checked, and `anew` where a stamp says that it was before.

        Raises UsageError or ConfigError; makes no request.
        """
        path = self._path(name)
        document = open_document(path, {**self._lake_override(wish), **wish.overrides}, anew=anew)
        return self._used(document, path.stem, path.parent)

    def _path(self, name: str) -> Path:
        """The config of that name. Where it is called as a plugin that is broken, that is said, too."""
        try:
            return find_config(name, config_folder(self.environment))
        except UsageError as error:
            broken = next((one for one in self.plugins.broken if one.entry_point == name), None)
            if broken is None:
                raise
            what = f"{error.what}; and {broken.distribution} cannot be used: {broken.why}"
            raise UsageError(what, Code.CONFIG_UNKNOWN, hint=error.hint) from None

    def use_values(self, values: Mapping[str, Any], name: str | None, wish: Wish) -> Use:
        """A config that a program made, under a name of its own or its source's, checked. Raises as `use` does."""
        document = document_of(values, {**self._lake_override(wish), **wish.overrides})
        named = source_named_in(document) if name is None else name
        return self._used(document, checked_name(named), Path())

    def _used(self, document: Document, name: str, beside: Path) -> Use:
        source = self._source(document)
        recording = self._recording(document, beside)
        config = self._config(document, name, source, recording)
        return Use(config, adapted(source, config.settings), document, recording)

    def stamp(self, name: str) -> Path:
        """Writes beside the config of that name that it is right, as its file stands; returns where.

        Raises UsageError or ConfigError where it is not, or cannot be written.
        """
        return stamp_config(self._path(name), self._source)

    def is_stamped(self, name: str) -> bool | None:
        """Whether what `stamp` wrote still counts; None where it wrote nothing."""
        return is_stamped(self._path(name), self._source)

    def job(self, use: Use, wish: Wish) -> Job:
        """The run that `use` and `wish` describe. Raises UsageError for a date that is none."""
        config, recording = use.config, use.recording
        transport = partial(self._clients.transport, config.connections, config.network)
        return Job(
            config=config.name,
            source=use.source,
            label=config.label,
            settings=config.settings,
            date=self.date(use, wish),
            lake=self.lake(config),
            transport=transport if recording is None else partial(_replayed, recording),
            open_file=partial(open_file, options=config.s3, engine=self._clients.engine),
            clock=self.clock,
            rate=config.rate,
            connections=config.connections,
            timeout=config.timeout,
            max_failed=config.max_failed,
            specification=config.specification,
            batch=config.batch,
            limit=wish.limit,
            refresh=wish.refresh,
            margin=config.margin,
            thaw=partial(self._thaw, use),
            redactor=self.redactor,
            deadline=None if wish.seconds is None else self.clock.monotonic() + wish.seconds,
        )

    def date(self, use: Use, wish: Wish) -> dt.date:
        """The logical date of the run that is wished for. Raises UsageError for one that is none."""
        recorded = None if use.recording is None else use.recording.date.isoformat()
        return logical_date(recorded if wish.date is None else wish.date, use.config.timezone, self.clock.now())

    def run(self, name: str, wish: Wish) -> Report:
        """One run, from the config's name to the report: the last of `runs`."""
        *_, report = self.runs(self.use(name, wish), wish)
        return report

    def runs(
        self,
        use: Use,
        wish: Wish,
        lake: Lake | None = None,
        progress: Progress | None = None,
        interruption: Interruption | None = None,
        transport: Transport | None = None,
        mapper: Mapper | None = None,
    ) -> Iterator[Report]:
        """The runs that a wish leads to, unfinished ones of other dates before it; observers are told of each.

        They land in `lake` instead of the config's own where one is given, and ask through `transport`; `mapper` has
        their slices landed by workers.
        """
        job = self.job(use, wish)
        job = replace(
            job,
            lake=lake or job.lake,
            transport=job.transport if transport is None else lambda: transport,
            progress=progress or job.progress,
            interruption=interruption or job.interruption,
            mapper=mapper,
        )
        for report in runs(job):
            yield self._finished(use, job, report)

    def coordinate(self, use: Use, wish: Wish, *, collects: bool = False) -> Report:
        """The step of a state machine that plans, collects and commits; observers are told.

        `collects` where the workers of the step before have ended. In a folder it leaves nothing to workers: what keeps
        two apart there is the lock of a process that lives.
        """
        job = self.job(use, wish)
        if use.config.workers > 1 and not job.lake.holds:
            job = replace(job, hands=Hands(use.config.workers, collects))
        return self._finished(use, job, coordinate(job))

    def land(self, use: Use, wish: Wish, round: int, segment: int) -> Report:
        """The step of a state machine that lands one segment. Raises UsageError where there is no such segment."""
        return self._told(use, land(self.job(use, wish), round, segment))

    def replay(
        self, use: Use, wish: Wish, progress: Progress | None = None, interruption: Interruption | None = None
    ) -> Report:
        """The quarantine of the wish's date once more; observers are told."""
        job = self.job(use, wish)
        job = replace(job, progress=progress or job.progress, interruption=interruption or job.interruption)
        return self._finished(use, job, replay(job))

    def _finished(self, use: Use, job: Job, report: Report) -> Report:
        """The report as it is shown, once every observer was told; the lake keeps an account of it."""
        told = self._told(use, report)

        def keep(told: Report) -> None:
            keep_account(job.lake, told, self.clock.now(), self.redactor)

        wants_page = use.config.report and report.began is not None and not report.limited
        self.plugins.run_finished(told, keep, *([partial(self._land_page, use, job)] if wants_page else []))
        return told

    def _told(self, use: Use, report: Report) -> Report:
        """The report as it is shown: without secrets, and with a word where the date is not the data's own."""
        return replace(
            report,
            error=None if report.error is None else self.masked(report.error),
            problems=tuple(map(self.redactor.clean, report.problems)),
            notes=(*report.notes, *self._misdated(use, report)),
        )

    def _misdated(self, use: Use, report: Report) -> Iterator[str]:
        """A source that knows the present alone files it under whatever date it is given, or goes on with."""
        if use.source.dated or use.recording is not None or not report.counts.written:
            return
        began = self.clock.now() - dt.timedelta(seconds=report.seconds)
        day = logical_date(None, use.config.timezone, began)
        if day != report.date:
            yield f"{report.source} answers for the present alone: what landed now, under {report.date}, is of {day}"

    def _land_page(self, use: Use, job: Job, report: Report) -> None:
        """The picture of a run in its lake, as far as the time goes that is left: what is missing, it says."""
        from ingest_core.report import land_page  # no other run waits for its import

        left = PAGE_SECONDS if job.deadline is None else job.deadline - self.clock.monotonic()
        until = self.clock.monotonic() + min(left, PAGE_SECONDS)
        subject = self.subject(use, job.lake, ControlKeys.of_run(report.label, report.run))
        try:
            land_page(replace(subject, is_over=lambda: self.clock.monotonic() >= until), self.redactor.clean)
        except IngestError as error:
            logger.warning("the page of %s was not landed: %s", report.run, error)

    def subject(self, use: Use, lake: Lake, keys: ControlKeys | None) -> Subject:
        """What a page about a run is made of; `keys` name the run."""
        from ingest_core.report import subject_of

        subject = subject_of(use.config, use.document, use.source, lake, keys)
        sources = {name: installed.source for name, installed in self.plugins.sources.items()}
        notices = {name: source.notice for name, source in sources.items() if source.notice}
        return replace(subject, today=self.date(use, Wish()), now=self.clock.now(), notices=notices)

    def _thaw(self, use: Use, job: Job, frozen: Frozen) -> Job:
        """`job` with what an unfinished run was begun with. Raises UsageError where that is no config any more."""
        value = {**use.document.value, **frozen_keys(frozen)}
        source = self.plugins.find(frozen.source)
        try:
            config = self._config(replace(use.document, value=value), job.config, source, use.recording)
        except ConfigError as error:
            raise UsageError(
                f"the run of {job.config} for {job.date} was begun with settings that do not fit any more: "
                + "; ".join(mistake.what for mistake in error.mistakes),
                Code.OUTGROWN,
                hint=f"finish it with the version it began with, or give it up: ingest state reset {job.config} "
                f"--date {job.date}",
            ) from None
        return replace(
            job,
            source=adapted(source, config.settings),
            settings=config.settings,
            specification=config.specification,
            batch=config.batch,
        )

    def network(self, use: Use) -> Transport:
        """What the requests of a config go through."""
        return self._clients.transport(use.config.connections, use.config.network)

    def reveal_secrets(self, use: Use) -> list[str]:
        """Resolves every secret that requests are signed with; returns their references. Raises CredentialsError."""
        connection = connection_of(use.source, use.config.settings)
        secrets = connection.auth.secrets if connection is not None and connection.auth is not None else ()
        for secret in secrets:
            secret.reveal()
        return [secret.reference for secret in secrets]

    def probe(self, use: Use) -> Answer | None:
        """The answer to the source's cheap request, None where it names none."""
        connection = connection_of(use.source, use.config.settings)
        if connection is None or connection.probe is None:
            return None
        with calling(use.source.name, ": its answer to the cheap request"):
            return probe(self.job(use, Wish()), connection.probe)

    def masked(self, fault: Fault) -> Fault:
        """`fault` without a secret that an exception of a plugin may have quoted."""
        clean = self.redactor.clean
        return fault._replace(what=clean(fault.what), hint=clean(fault.hint))

    def lake(self, config: Config) -> Lake:
        """The config's lake."""
        return self.lake_at(config.lake, config.s3)

    def lake_at(self, uri: str, options: S3Options) -> Lake:
        """The lake of that name; its client is made once."""
        return self._clients.lake(uri, options)

    def _config(self, document: Document, name: str, source: Source, recording: Recording | None) -> Config:
        """The checked config. A recording has no secrets, and answers to what stands in their place."""
        if recording is not None:
            from ingest_core.recording import PLACEHOLDER

            return build_config(document, name, source, lambda reference: PLACEHOLDER)
        return build_config(document, name, source, self._secrets.resolve, self._secrets.renew)

    def _source(self, document: Document) -> Source:
        name = source_named_in(document)
        if self.plugins.is_unknown(name):
            raise unknown_source(document, name, sorted(self.plugins.sources), self.plugins.unusable())
        return self.plugins.find(name)

    def _recording(self, document: Document, beside: Path) -> Recording | None:
        """What the config's `answers:` names; a flag's path begins where the command was called."""
        folder = document.value.get("answers")
        if not isinstance(folder, str):
            return None
        from ingest_core.recording import read_recording  # no deployed run has one: none waits for its import

        return read_recording(Path(folder) if ("answers",) in document.overridden else beside / folder)

    def _lake_override(self, wish: Wish) -> dict[Path_, tuple[str, Any]]:
        if wish.lake is not None:
            return {("lake",): ("--lake", wish.lake)}
        if self.environment.get("INGEST_LAKE"):
            return {("lake",): ("INGEST_LAKE", self.environment["INGEST_LAKE"])}
        return {}


def _replayed(recording: Recording) -> Transport:
    from ingest_core.recording import ReplayTransport

    return ReplayTransport(recording)
