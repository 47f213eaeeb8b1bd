"""From the name of a config to a run: what wins over what, what is made once, who is told."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest_core import CredentialsError, PluginError, Record, Ref, Report, Slice, Source, UsageError, bearer, hookimpl
from ingest_core.api.redact import Redactor
from ingest_core.assembly import Wish, Workspace
from ingest_core.model import Connection, Status
from ingest_core.plugins import Plugins

SECRET = "a-token-of-somebody"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"token": {"type": "string", "format": "secret"}, "count": {"type": "integer", "default": 2}},
}


class Things:
    """A plugin with one source, and an observer of runs."""

    def __init__(self) -> None:
        self.told: list[Report] = []

    @hookimpl
    def ingest_sources(self) -> list[Source]:
        def connect(settings: Any) -> Connection:
            return Connection("https://api.example.org", bearer(settings["token"]) if "token" in settings else None)

        def fetch(ctx: Any, slice: Slice) -> list[Record]:
            return [Record("thing", id, b"{}") for id in range(ctx.settings["count"])]

        return [Source("things", "Things", SCHEMA, lambda ctx: [Slice("a")], fetch, connect=connect)]

    @hookimpl
    def ingest_run_finished(self, report: Report) -> None:
        self.told.append(report)


@pytest.fixture
def things() -> Things:
    return Things()


@pytest.fixture
def workspace(tmp_path: Path, things: Things, clock: Any) -> Callable[..., Workspace]:
    (tmp_path / "things.yaml").write_text(
        f"source: things\nlake: {tmp_path}/by-yaml\ntimezone: America/Sao_Paulo\nsettings: {{token: env:THE_TOKEN}}\n"
    )

    def make(**environment: str) -> Workspace:
        plugins = Plugins()
        plugins.add(things, "things", "things-dist", "1")
        return Workspace({"INGEST_CONFIG_DIR": str(tmp_path), **environment}, plugins, clock)

    return make


def test_a_run_lands_and_every_observer_is_told(
    workspace: Callable[..., Workspace], things: Things, tmp_path: Path
) -> None:
    report = workspace(THE_TOKEN=SECRET).run("things", Wish(date="2026-11-23"))
    assert (report.status, report.counts.records) == (Status.DONE, 2)
    assert things.told == [report]
    assert (tmp_path / "by-yaml/Raw/Things/JSON/2026/11/23/1.json").read_bytes() == b"{}"


def test_flag_wins_over_environment_and_environment_over_yaml(
    workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    assert workspace().use("things", Wish()).config.lake == f"{tmp_path}/by-yaml"
    by_environment = workspace(INGEST_LAKE="by-environment")
    assert by_environment.use("things", Wish()).config.lake == "by-environment"
    assert by_environment.use("things", Wish(lake="by-flag")).config.lake == "by-flag"


@pytest.mark.parametrize(
    ("date", "day"),
    [
        (None, dt.date(2026, 11, 23)),
        ("2026-11-24", dt.date(2026, 11, 24)),
        ("2026-11-24T02:59:59Z", dt.date(2026, 11, 23)),
        ("2026-11-24T03:00:00Z", dt.date(2026, 11, 24)),
        ("2026-11-24T00:30:00+03:00", dt.date(2026, 11, 23)),
    ],
)
def test_the_date_is_a_day_in_the_time_zone_of_the_config(
    workspace: Callable[..., Workspace], date: str | None, day: dt.date
) -> None:
    made = workspace()
    assert made.job(made.use("things", Wish()), Wish(date=date)).date == day


def test_a_date_that_is_none_is_a_usage_error(workspace: Callable[..., Workspace]) -> None:
    made = workspace()
    with pytest.raises(UsageError, match="neither a day nor an instant"):
        made.job(made.use("things", Wish()), Wish(date="23/11/2026"))


def test_a_lake_and_its_client_are_made_once(workspace: Callable[..., Workspace]) -> None:
    made = workspace()
    config = made.use("things", Wish()).config
    assert made.lake(config) is made.lake(config)
    assert made.lake(config) is not made.lake(made.use("things", Wish(lake="another")).config)


def test_a_secret_is_read_when_it_is_needed_and_not_before(workspace: Callable[..., Workspace]) -> None:
    made = workspace()
    use = made.use("things", Wish())
    assert "env:THE_TOKEN" in repr(use.config.settings)
    with pytest.raises(CredentialsError, match="THE_TOKEN is not set"):
        made.reveal_secrets(use)
    assert workspace(THE_TOKEN=SECRET).reveal_secrets(use=workspace(THE_TOKEN=SECRET).use("things", Wish())) == [
        "env:THE_TOKEN"
    ]


def test_a_secret_that_was_read_is_masked_in_every_log(workspace: Callable[..., Workspace]) -> None:
    made = workspace(THE_TOKEN=SECRET)
    made.reveal_secrets(made.use("things", Wish()))
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Keep()
    made.redactor.guard([handler])
    third_party = logging.Logger("third.party")
    third_party.addHandler(handler)
    third_party.warning("Authorization: Bearer %s", SECRET)
    try:
        raise ValueError(f"sent {SECRET}")
    except ValueError:
        third_party.exception("failed")
    assert len(lines) == 2
    assert SECRET not in "".join(lines)
    assert "Bearer ***" in lines[0]
    assert "ValueError" in lines[1]


def test_a_source_that_cannot_be_made_for_its_settings_is_named(tmp_path: Path) -> None:
    def adapt(source: Source, settings: Any) -> Source:
        raise KeyError("streams")

    class Generic:
        @hookimpl
        def ingest_sources(self) -> list[Source]:
            return [Source("generic", "Generic", {}, lambda ctx: (), lambda ctx, slice: (), adapt=adapt)]

    (tmp_path / "generic.yaml").write_text("source: generic\nlake: lake\n")
    plugins = Plugins()
    plugins.add(Generic(), "generic", "generic-dist", "1")
    with pytest.raises(PluginError, match="source generic: adapt raised KeyError"):
        Workspace({}, plugins).use(str(tmp_path / "generic.yaml"), Wish())


def test_what_was_never_a_secret_is_left_alone() -> None:
    assert Redactor().clean("nothing to hide") == "nothing to hide"


def test_the_steps_of_a_state_machine_leave_nothing_of_a_folder_to_workers(tmp_path: Path, clock: Any) -> None:
    """What keeps two apart in a folder is the lock of a process that lives: between steps there is none."""

    class Pinned:
        @hookimpl
        def ingest_sources(self) -> list[Source]:
            def fetch(ctx: Any, slice: Slice) -> list[Record]:
                return [Record("thing", id, b"{}") for id in slice.ids]

            def plan(ctx: Any) -> list[Ref]:
                return [Ref("thing", id) for id in range(1, 5001)]

            schema = {"type": "object"}
            return [Source("pinned", "Pinned", schema, plan, fetch, streams=("thing",))]

    (tmp_path / "pinned.yaml").write_text(
        f"source: pinned\nlake: {tmp_path}/lake\nworkers: 2\nlayout: batch\nrate: 1\n"
    )
    plugins = Plugins()
    plugins.add(Pinned(), "pinned", "pinned-dist", "1")
    made = Workspace({"INGEST_CONFIG_DIR": str(tmp_path)}, plugins, clock)
    wish = Wish(date="2026-11-23")

    report = made.coordinate(made.use("pinned", wish), wish)

    assert (report.status, report.handed, report.counts.records) == (Status.DONE, None, 5000)
