"""A run of a generic source that stops half-way goes on as what it began, whatever its YAML says by then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_pages import BASE, Pages

from ingest_core.assembly import Wish, Workspace
from ingest_core.model import Status
from ingest_core.testing import SkippingClock

YAML = """
source: rest
label: Things
lake: {lake}
settings:
  base_url: {base}
  streams:
    - {{name: {name}, path: /{name}s, rows: items, paging: {{cursor: {{at: next}}}}}}
    - {{name: other, path: /others}}
"""


Told = list[tuple[Status, set[str]]]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Told]:
    """What each run that a config leads to ended with, and the records that lay there then."""

    def landed() -> set[str]:
        return {path.stem for path in (tmp_path / "lake/Raw/Things/JSON/2026/11/23").glob("*.json")}

    def land(name: str, reply: Any) -> Told:
        (tmp_path / "things.yaml").write_text(YAML.format(lake=tmp_path / "lake", base=BASE, name=name))
        workspace, wish = Workspace({}, clock=SkippingClock()), Wish(date="2026-11-23")
        reports = workspace.runs(workspace.use(str(tmp_path / "things.yaml"), wish), wish, transport=Pages(reply))
        return [(report.status, landed()) for report in reports]

    return land


def test_a_run_goes_on_with_the_streams_it_began_with(run: Callable[..., Told]) -> None:
    is_down = True

    def reply(path: str, params: dict[str, str]) -> Any:
        if path == "/others":
            return [{"id": 1}]
        if not params:
            return {"items": [{"id": number} for number in range(100)], "next": "c2"}
        return (b"", {"status": "503"}) if is_down else {"items": [{"id": 100}]}

    ((status, _),) = run("thing", reply)
    assert status is Status.PARTIAL
    is_down = False
    assert run("person", reply) == [
        (Status.DONE, {"other-1", *(f"thing-{number}" for number in range(101))}),
        (Status.DONE, {"other-1", *(f"person-{number}" for number in range(101))}),
    ]
