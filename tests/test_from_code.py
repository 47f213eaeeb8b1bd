"""`run_source`: what `ingest run` does, from Python, with the manners of a guest."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ingest_core import (
    ConfigError,
    CredentialsError,
    IngestError,
    LockedError,
    PluginError,
    Report,
    Status,
    StopError,
    TransientError,
    UsageError,
    run_source,
)
from ingest_core.codes import Code
from ingest_core.keys import ControlKeys
from ingest_core.lake.disk import DiskLake

DAY = dt.date(2026, 11, 23)
PLUGIN = """
import logging, os, signal, time
from ingest_core import *

def plan(ctx):
    yield Slice("a")

def fetch(ctx, slice):
    for id in range(ctx.settings["count"]):
        yield Record("thing", id, b"{}", )
    if ctx.settings["says"]:
        try:
            ctx.api.get("/nowhere")
        except TransientError:
            logging.getLogger("made_up").exception("the key is %s", os.environ["THE_KEY"])
    if ctx.settings["interrupts"]:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            time.sleep(0.01)
            ctx.api.get("/nowhere")
    if ctx.settings["raises"]:
        raise globals().get(ctx.settings["raises"], ValueError)("made up")

def connect(settings):
    return Connection("http://127.0.0.1:9", bearer(settings["token"])) if "token" in settings else None

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "count": {"type": "integer", "default": 2},
        "raises": {"type": "string", "default": ""},
        "says": {"type": "boolean", "default": False},
        "interrupts": {"type": "boolean", "default": False},
        "token": {"type": "string", "format": "secret"},
    },
}

@hookimpl
def ingest_sources():
    return [Source("made_up", "Made", SCHEMA, plan, fetch, connect=connect)]
"""
POSTS: dict[str, Any] = {"source": "twitter_stub", "lake": "lake"}
MADE_UP: dict[str, Any] = {"source": "made_up", "lake": "lake"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two configs and a plugin of one file, in which everything happens."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/posts.yaml").write_text("source: twitter_stub\nlake: lake\n")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/made_up.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INGEST_PLUGINS", str(tmp_path / "plugins"))
    monkeypatch.delenv("INGEST_CONFIG_DIR", raising=False)
    monkeypatch.delenv("INGEST_LAKE", raising=False)
    return tmp_path


def landed(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.glob("Raw/**/*.json"))}


def test_a_name_a_path_and_a_mapping_land_the_same(home: Path) -> None:
    given: list[Any] = ["posts", "config/posts.yaml", Path("config/posts.yaml"), POSTS]
    reports = [run_source(one, date=DAY, lake=home / str(number)) for number, one in enumerate(given)]
    assert [report.status for report in reports] == [Status.DONE] * 4
    assert [report.config for report in reports] == ["posts", "posts", "posts", "twitter_stub"]
    lakes = [landed(home / str(number)) for number in range(4)]
    assert lakes[0]
    assert all(one == lakes[0] for one in lakes)


@pytest.mark.parametrize(
    "date",
    ["2026-11-23", DAY, "2026-11-23T06:00:00Z", dt.datetime(2026, 11, 23, 6, tzinfo=dt.UTC)],
    ids=["day", "date", "instant", "datetime"],
)
def test_a_date_may_be_text_a_date_or_an_instant(date: Any) -> None:
    report = run_source("posts", date=date)
    assert (report.date, report.counts.records) == (DAY, 40)


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(UsageError, match="neither a day nor an instant") as raised:
        run_source("posts", date=dt.datetime(2026, 11, 23, 6))
    assert raised.value.code is Code.DATE


def test_settings_override_as_set_does() -> None:
    report = run_source("posts", date=DAY, settings={"query": "#music", "timezone": "Asia/Tokyo"})
    assert all(b"#music" in body for body in landed(Path("lake")).values())
    assert report.counts.records == 40


def test_a_mapping_may_have_a_name_of_its_own(home: Path) -> None:
    assert run_source(POSTS, name="mine", date=DAY).config == "mine"
    assert (home / "lake/_ingest/Twitter/mine").is_dir()


def test_a_done_run_asks_nothing_again_and_a_refresh_does(home: Path) -> None:
    first, again, anew = (run_source("posts", date=DAY, refresh=refresh) for refresh in (False, False, True))
    assert (first.already_done, again.already_done, anew.already_done) == (False, True, False)
    assert (first.counts.records, again.counts.records) == (40, 40)
    assert anew.manifest != first.manifest


def test_a_dry_run_lands_in_a_folder_of_its_own(home: Path) -> None:
    run_source("posts", dry_run=True, date=DAY, limit=3)
    run_source("posts", dry_run=home / "trial", date=DAY)
    assert len(landed(home / "dry-run")) == 3
    assert len(landed(home / "trial")) == 40
    assert not (home / "lake").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"dry_run": True, "lake": "lake"}, "a folder of its own"),
        ({"refresh": True, "limit": 1}, "do not go together"),
        ({"limit": 0}, "at least 1"),
        ({"name": "mine"}, "for a config that is a mapping"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_written(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run_source("posts", **wrong)
    assert not Path("lake").exists()
    assert not Path("dry-run").exists()


def test_every_mistake_of_a_mapping_is_told() -> None:
    with pytest.raises(ConfigError) as raised:
        run_source({**POSTS, "rate": 0, "settings": {"qurey": "x"}})
    assert raised.value.what.splitlines() == [
        "the config: rate: must be more than 0, not 0",
        "the config: unknown key 'qurey'; did you mean 'query'?",
    ]


@pytest.mark.parametrize(
    ("config", "name", "said"),
    [({"lake": "lake"}, None, "missing key 'source'"), ({**POSTS, "rate": {1}}, None, "set"), (POSTS, "M y", "M y")],
)
def test_a_mapping_that_is_no_config_is_refused(config: dict[str, Any], name: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run_source(config, name=name)


@pytest.mark.parametrize(
    ("raises", "kind", "status"),
    [
        ("TransientError", TransientError, Status.PARTIAL),
        ("CredentialsError", CredentialsError, Status.FAILED),
        ("StopError", StopError, Status.FAILED),
        ("KeyError", PluginError, Status.FAILED),
    ],
)
def test_what_ends_a_run_is_raised_by_what_to_do_about_it(raises: str, kind: type[IngestError], status: Status) -> None:
    with pytest.raises(kind, match="made up") as raised:
        run_source(MADE_UP, settings={"raises": raises}, date=DAY)
    assert type(raised.value) is kind
    assert raised.value.__notes__[0] == f"made_up 2026-11-23: {status.value}, 0 records landed"
    report = run_source(MADE_UP, settings={"raises": raises}, date=DAY, check=False)
    assert (report.status, report.error and report.error.code) == (status, raised.value.code)


def test_the_next_call_goes_on_where_a_partial_run_was() -> None:
    with pytest.raises(TransientError):
        run_source(MADE_UP, settings={"raises": "TransientError"}, date=DAY)
    report = run_source(MADE_UP, date=DAY)
    assert (report.status, report.counts.records) == (Status.DONE, 2)


def test_a_date_that_somebody_else_is_at_is_locked(home: Path) -> None:
    release = DiskLake(home / "lake").hold(ControlKeys("Twitter", "posts", DAY).lock)
    assert release is not None
    try:
        with pytest.raises(LockedError):
            run_source("posts", date=DAY)
    finally:
        release()


def test_several_run_at_once_in_threads() -> None:
    def one(name: str) -> Report:
        return run_source(POSTS, name=name, date=DAY)

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(one, ["a", "b", "c", "d"]))
    assert {(report.status, report.counts.records) for report in reports} == {(Status.DONE, 40)}


def test_a_report_travels_between_processes() -> None:
    report = run_source("posts", date=DAY)
    assert pickle.loads(pickle.dumps(report)) == report


@pytest.fixture
def handler() -> Iterator[logging.Handler]:
    """Somebody's own handler on the root logger, which keeps what it is given."""
    kept = Kept()
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(kept)
    yield kept
    root.removeHandler(kept)
    root.setLevel(level)


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.infos: list[bool] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
        if record.name == "made_up":
            self.infos.append(record.exc_info is not None)


def test_the_logs_are_left_as_they_were_and_hold_no_secret(handler: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", "the-key-of-somebody")
    loggers = [logging.getLogger(), logging.getLogger("ingest_core")]
    before = [(one.level, list(one.handlers), list(one.filters)) for one in loggers]
    run_source(MADE_UP, settings={"token": "env:THE_KEY", "says": True, "timeout": "1s"}, date=DAY, check=False)
    assert [(one.level, list(one.handlers), list(one.filters)) for one in loggers] == before
    assert handler.filters == []
    (line,) = (line for line in handler.lines if "the key is" in line)
    assert line.startswith("the key is ***\nTraceback")
    assert "the-key-of-somebody" not in "".join(handler.lines)
    assert handler.infos == [True]


def test_signals_are_as_they_were_and_off_the_main_thread_untouched() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(run_source("posts", date=DAY).status))
    thread.start()
    thread.join()
    run_source("posts", date=DAY)
    assert seen == [Status.DONE]
    assert {number: signal.getsignal(number) for number in before} == before


def test_ctrl_c_ends_a_run_at_a_safe_point_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("THE_KEY", "the-key-of-somebody")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    with pytest.raises(KeyboardInterrupt):
        run_source(MADE_UP, settings={"interrupts": True, "token": "env:THE_KEY"}, date=DAY)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert run_source(MADE_UP, date=DAY).counts.records == 2


def test_what_is_of_another_day_is_told_as_such() -> None:
    past, today = run_source(MADE_UP, date=DAY), run_source(MADE_UP)
    assert past.notes == (
        f"made_up answers for the present alone: what landed now, under 2026-11-23, is of {today.date}",
    )
    assert today.notes == ()
    assert run_source("posts", date=DAY).notes == ()


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = ("ingest_core.assembly", "boto3", "click", "jsonschema", "pluggy._manager", "requests", "rich", "yaml")
    code = f"import ingest_core, sys; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "['pluggy._manager']"


SPREAD = """
import json, os
from ingest_core import *

def plan(ctx):
    return [Ref("thing", id) for id in range(1000)]

def fetch(ctx, slice):
    for id in slice.ids:
        yield Record("thing", id, json.dumps({"process": os.getpid()}).encode())

@hookimpl
def ingest_sources():
    return [Source("spread", "Spread", {"type": "object"}, plan, fetch, streams=("thing",))]
"""


@pytest.mark.parametrize("is_file", [True, False], ids=["file", "mapping"])
def test_the_workers_of_a_config_are_processes_beside_the_callers(home: Path, is_file: bool) -> None:
    (home / "plugins/spread.py").write_text(SPREAD)
    (home / "config/many.yaml").write_text("source: spread\nlake: lake\nworkers: 2\n")
    report = run_source("many" if is_file else {"source": "spread", "lake": "lake", "workers": 2}, date=DAY)
    assert (report.status, report.counts.records, report.workers) == (Status.DONE, 1000, 2)
    processes = {json.loads(body)["process"] for body in landed(home / "lake").values()}
    assert processes
    assert os.getpid() not in processes
