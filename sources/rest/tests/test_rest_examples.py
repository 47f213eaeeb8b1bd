"""The configs of real APIs under config/examples/, each against answers in the shape that its API documents."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest_core.api import HttpRequest, HttpResponse
from ingest_core.assembly import Wish, Workspace
from ingest_core.model import Report, Status
from ingest_core.recording import ReplayTransport, read_recording
from ingest_core.testing import SkippingClock, SourceContract, Subject

EXAMPLES = Path(__file__).parents[3] / "config/examples"
ANSWERS = Path(__file__).parent / "answers"
DAY = "2026/11/23"
Run = Callable[..., Report]


class _Example(SourceContract):
    """A config of the examples, answered from the folder of its name. Not collected: its name says so."""

    def __init_subclass__(cls, example: str) -> None:
        cls.config, cls.answers = EXAMPLES / f"{example}.yaml", ANSWERS / example


class TestX(_Example, example="x_recent_search"): ...


class TestGitHub(_Example, example="github_issues"): ...


class TestNasa(_Example, example="nasa_apod"):
    def test_the_network_is_closed_meanwhile(self, subject: Subject) -> None:
        with pytest.raises(ConnectionRefusedError, match=r"through ctx\.api alone"):
            socket.create_connection(("127.0.0.1", 9))


class TestNyc(_Example, example="nyc_311"): ...


class TestPokeApi(_Example, example="pokeapi"): ...


class TestStripe(_Example, example="stripe_charges"): ...


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("nasa_apod", date)`: the example as it stands, into a folder, from its recorded answers."""

    def land(example: str, date: str = "2026-11-23", transport: Any = None) -> Report:
        answers = ("answers",), ("test", str(ANSWERS / example))
        wish = Wish(date=date, lake=str(tmp_path / "lake"), overrides=dict([answers]))
        workspace = Workspace({}, clock=SkippingClock())
        *_, report = workspace.runs(workspace.use(str(EXAMPLES / f"{example}.yaml"), wish), wish, transport=transport)
        return report

    return land


@pytest.fixture
def landed(tmp_path: Path) -> Callable[[], dict[str, bytes]]:
    def read() -> dict[str, bytes]:
        files = (path for path in (tmp_path / "lake/Raw").rglob("*.json") if path.is_file())
        return {path.relative_to(tmp_path / "lake/Raw").as_posix(): path.read_bytes() for path in files}

    return read


Landed = Callable[[], dict[str, bytes]]


def bodies(example: str) -> list[bytes]:
    return [answer.body for answer in read_recording(ANSWERS / example).answers.values()]


@pytest.mark.parametrize(
    ("example", "keys"),
    [
        ("x_recent_search", [f"Twitter/JSON/{DAY}/19926254347123424{end}.json" for end in ("01",)]
         + [f"Twitter/JSON/{DAY}/19926254347123425{end}.json" for end in ("28", "29")]),
        ("github_issues", [f"GitHub/JSON/{DAY}/270000{number}.json" for number in (4990, 5001, 5002, 5003)]),
        ("nasa_apod", [f"NASA/JSON/{DAY}/2026-11-23.json"]),
        ("pokeapi", [f"PokeAPI/JSON/{DAY}/{name}.json" for name in ("bulbasaur", "charmander", "ivysaur", "venusaur")]),
        ("stripe_charges", [f"Stripe/JSON/{DAY}/sha256."]),
    ],
)  # fmt: skip
def test_an_example_lands_its_records_byte_for_byte(run: Run, landed: Landed, example: str, keys: list[str]) -> None:
    report = run(example)
    assert (report.status, report.counts.rejected) == (Status.DONE, 0), report
    found = landed()
    if example == "stripe_charges":
        assert len(found) == 3
    else:
        assert sorted(found) == sorted(keys)
    pages = bodies(example)
    assert all(any(body in page for page in pages) for body in found.values())


def test_service_requests_land_in_files_of_many(run: Run, landed: Landed) -> None:
    assert run("nyc_311").counts.records == 3
    (lines,) = landed().values()
    assert [json.loads(line)["unique_key"] for line in lines.splitlines()] == ["63000001", "63000002", "63000003"]


@pytest.mark.parametrize(
    ("example", "checkpoint", "records"),
    [
        ("x_recent_search", {"post": "1992625434712342529"}, 0),
        ("github_issues", {"issue": "2026-11-22T23:59:59Z"}, 1),
        ("stripe_charges", {"charge": 1795400100}, 0),
    ],
)
def test_the_next_day_begins_where_this_one_ended(
    run: Run, example: str, checkpoint: dict[str, Any], records: int
) -> None:
    """The answer to the second day's request is recorded for its parameter, and for no other."""
    assert run(example).checkpoint == checkpoint
    second = run(example, "2026-11-24")
    assert (second.status, second.counts.records) == (Status.DONE, records), second
    assert second.counts.requests == 1


def test_x_is_asked_again_when_its_window_begins_anew_and_not_before(run: Run) -> None:
    clock = SkippingClock()

    class Limited:
        """Refuses the first request until ten minutes from now, as X words it."""

        def __init__(self) -> None:
            self.inner = ReplayTransport(read_recording(ANSWERS / "x_recent_search"))
            self.reset = int(clock.now().timestamp()) + 600
            self.sent = 0

        def send(self, request: HttpRequest, *, seconds: float, max_bytes: int) -> HttpResponse:
            self.sent += 1
            if self.sent > 1:
                return self.inner.send(request, seconds=seconds, max_bytes=max_bytes)
            headers = {
                "x-rate-limit-limit": "450",
                "x-rate-limit-remaining": "0",
                "x-rate-limit-reset": str(self.reset),
            }
            return HttpResponse(429, headers, b'{"errors": [{"code": 88, "message": "Rate limit exceeded"}]}')

    limited = Limited()
    report = run("x_recent_search", transport=limited)
    assert (report.status, report.counts.records, report.counts.throttled) == (Status.DONE, 3, 1)
    assert report.seconds > 590


def test_the_answers_for_x_have_the_shape_of_its_documentation() -> None:
    shared = Path(__file__).parents[4] / "shared/fixtures/x"
    if not shared.is_dir():
        pytest.skip("the examples of X's documentation are not part of the project and not here")
    theirs = json.loads((shared / "recent_search_example_2.json").read_text())
    ours = json.loads(bodies("x_recent_search")[0])
    assert set(ours["meta"]) - {"next_token"} == set(theirs["meta"])
    assert set(theirs["data"][0]) <= set(ours["data"][0])
    for name, value in theirs["data"][0].items():
        assert type(ours["data"][0][name]) is type(value)


def test_every_example_is_tried_and_names_its_schema() -> None:
    tried = {folder.name for folder in ANSWERS.iterdir()} | {"tmdb_popular"}  # which has a simulator
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == tried
    for path in EXAMPLES.glob("*.yaml"):
        assert path.read_text().startswith("# yaml-language-server: $schema=../schema/rest.json\n")
        assert yaml.safe_load(path.read_text())["source"] == "rest"
