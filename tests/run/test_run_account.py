"""What an attempt leaves of itself in the lake, and that nothing depends on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest_core import Context, Record, Slice, Source, TransientError, hookimpl
from ingest_core.assembly import Wish, Workspace
from ingest_core.errors import LakeError
from ingest_core.keys import ControlKeys
from ingest_core.lake import Lake
from ingest_core.model import Report, Status
from ingest_core.plugins import Plugins
from ingest_core.state import History

DAY = "2026-11-23"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"down": {"type": "boolean", "default": False}},
}


class Things:
    """A source that lands two records, or finds its API down."""

    @hookimpl
    def ingest_sources(self) -> list[Source]:
        def fetch(ctx: Context, slice: Slice) -> Iterator[Record]:
            if ctx.settings["down"]:
                raise TransientError("503 <b>down</b>")
            yield Record("thing", 1, b"{}")
            yield Record("thing", 2, b"{}")

        return [Source("things", "Things", SCHEMA, lambda ctx: [Slice("a")], fetch)]


@pytest.fixture
def workspace(tmp_path: Path, clock: Any) -> Workspace:
    (tmp_path / "things.yaml").write_text(f"source: things\nlake: {tmp_path}/lake\n")
    plugins = Plugins()
    plugins.add(Things(), "things", "things-dist", "1")
    return Workspace({"INGEST_CONFIG_DIR": str(tmp_path)}, plugins, clock)


def ran(workspace: Workspace, lake: Lake | None = None, **settings: Any) -> Report:
    overrides = {("settings", name): (name, value) for name, value in settings.items()}
    wish = Wish(date=DAY, overrides=overrides)
    *_, report = workspace.runs(workspace.use("things", wish), wish, lake=lake)
    return report


def accounts(lake: Lake) -> list[Any]:
    keys = ControlKeys.of_run("Things", f"things/{DAY}/g1")
    assert keys is not None
    return History(lake, "Things", "things").accounts(keys, most=10)


def test_each_attempt_leaves_an_account_of_how_it_went(workspace: Workspace, lake: Any, clock: Any) -> None:
    assert ran(workspace, lake, down=True).status is Status.PARTIAL
    clock.pause(3600, None)
    assert ran(workspace, lake).status is Status.DONE
    failed, done = accounts(lake)
    assert (failed.status, failed.error.kind, failed.error.what) == ("partial", "TransientError", "503 <b>down</b>")
    assert (done.status, done.error, done.counts["records"]) == ("done", None, 2)
    assert done.timeline.records == (2,)


def test_a_run_that_did_nothing_leaves_none(workspace: Workspace, lake: Any) -> None:
    ran(workspace, lake)
    before = dict(lake.bodies("_ingest/"))
    assert ran(workspace, lake).already_done
    assert lake.bodies("_ingest/") == before


def test_a_lake_that_takes_no_account_takes_the_run(workspace: Workspace) -> None:
    from ingest_core import testing

    class Forgetful(testing.MemoryLake):
        def put_if_absent(self, key: str, body: bytes, metadata: Any) -> bool:
            if "/attempts/" in key:
                raise LakeError(f"{key}: access denied")
            return super().put_if_absent(key, body, metadata)

    lake = Forgetful()
    assert ran(workspace, lake).status is Status.DONE
    assert accounts(lake) == []


def test_an_account_that_cannot_be_read_is_left_out(workspace: Workspace, lake: Any) -> None:
    ran(workspace, lake)
    (key,) = lake.bodies(f"_ingest/Things/things/{DAY}/g1/attempts/")
    told = json.loads(lake.get(key).body)
    lake.put(key, json.dumps({**told, "format": 99}).encode())
    lake.put(key.replace(".json", "x.json"), b"no json")
    assert accounts(lake) == []


def test_an_account_is_small(workspace: Workspace, lake: Any) -> None:
    ran(workspace, lake)
    (body,) = lake.bodies(f"_ingest/Things/things/{DAY}/g1/attempts/").values()
    assert len(body) < 500


@pytest.mark.parametrize(
    "name", ["things", "things/2026-11-23", "things/2026-13-23/g1", "things/2026-11-23/g0", "../x/g1"]
)
def test_what_is_no_name_of_a_run_has_no_keys(name: str) -> None:
    assert ControlKeys.of_run("Things", name) is None


@pytest.mark.parametrize("name", ["things/2026-11-23/g12", "things/2026-11-23/trial-3"])
def test_the_keys_of_a_run_know_its_name(name: str) -> None:
    keys = ControlKeys.of_run("Things", name)
    assert keys is not None
    assert keys.run == name
