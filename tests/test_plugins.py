"""A plugin that is wrong costs nobody but itself, and says what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest_core.errors import UsageError
from ingest_core.hooks import hookimpl
from ingest_core.model import Counts, Report, Source, Status
from ingest_core.plugins import Plugins, load_plugins

REPORT = Report(
    Status.DONE, "things", "things", "Things", dt.date(2026, 11, 23), "things/2026-11-23/g1", "lake", "", Counts(), 1.0
)


def source(name: Any = "things", **changes: Any) -> Source:
    made: dict[str, Any] = {"label": "Things", "settings_schema": {"type": "object"}}
    return Source(name, plan=lambda _: [], fetch=lambda _, __: [], **(made | changes))


def plugin(*sources: object) -> object:
    @hookimpl
    def ingest_sources() -> tuple[object, ...]:
        return sources

    return SimpleNamespace(ingest_sources=ingest_sources)


def raising(error: BaseException) -> object:
    @hookimpl
    def ingest_sources() -> list[Source]:
        raise error

    return SimpleNamespace(ingest_sources=ingest_sources)


def misspelt() -> object:
    @hookimpl
    def ingest_source() -> list[Source]:
        return [source("misspelt")]

    return SimpleNamespace(ingest_source=ingest_source)


def with_wrong_arguments() -> object:
    @hookimpl
    def ingest_sources(context: object) -> list[Source]:
        return [source("wrong")]

    return SimpleNamespace(ingest_sources=ingest_sources)


def giving_late() -> object:
    @hookimpl
    def ingest_sources() -> Any:
        yield source("early")
        raise LookupError("half way")

    return SimpleNamespace(ingest_sources=ingest_sources)


def observer(seen: list[object], error: Exception | None = None) -> object:
    @hookimpl
    def ingest_run_finished(report: Report) -> None:
        seen.append(report)
        if error is not None:
            raise error

    return SimpleNamespace(ingest_run_finished=ingest_run_finished)


def test_a_good_plugin_gives_its_sources_and_where_they_came_from() -> None:
    plugins = Plugins()
    plugins.add(plugin(source(), source("others")), "things", "ingest-things", "1.2")
    assert sorted(plugins.sources) == ["others", "things"]
    assert (plugins.sources["things"].distribution, plugins.sources["things"].version) == ("ingest-things", "1.2")
    assert plugins.find("things") is plugins.sources["things"].source
    assert plugins.broken == []


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: raising(LookupError("no table")), "LookupError: no table"),
        (lambda: raising(SystemExit(3)), "3"),
        (misspelt, "ingest_source"),
        (with_wrong_arguments, "context"),
        (giving_late, "LookupError: half way"),
        (lambda: plugin({"name": "things"}), "gave a dict"),
        (lambda: plugin(None), "gave a NoneType"),
        (lambda: plugin(source("Things")), "source name 'Things'"),
        (lambda: plugin(source("a-b")), "source name 'a-b'"),
        (lambda: plugin(source("")), "source name ''"),
        (lambda: plugin(source(5)), "source name 5"),
        (lambda: plugin(source(label="a/b")), "label 'a/b'"),
        (lambda: plugin(source(label="")), "label ''"),
        (lambda: plugin(source(settings_schema=[])), "settings_schema"),
        (lambda: plugin(source(streams=("Movie",))), "stream 'Movie'"),
        (lambda: plugin(source("fine"), source("Bad")), "source name 'Bad'"),
    ],
)
def test_a_wrong_plugin_is_noted_with_the_reason_and_the_next_one_works(make: Callable[[], object], why: str) -> None:
    plugins = Plugins()
    plugins.add(make(), "wrong", "ingest-wrong", "0.1")
    plugins.add(plugin(source("right")), "right", "ingest-right", "1.0")
    assert list(plugins.sources) == ["right"]
    (broken,) = plugins.broken
    assert (broken.distribution, broken.entry_point) == ("ingest-wrong", "wrong")
    assert why in broken.why


def test_streams_that_are_a_string_are_noted() -> None:
    plugins = Plugins()
    plugins.add(plugin(source(streams="movie")), "wrong", "ingest-wrong", "0.1")
    assert len(plugins.broken) == 1


def test_an_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        Plugins().add(raising(KeyboardInterrupt()), "slow", "ingest-slow", "1.0")


def test_a_source_name_given_twice_names_both_distributions() -> None:
    plugins = Plugins()
    plugins.add(plugin(source()), "things", "ingest-one", "1.0")
    plugins.add(plugin(source()), "things", "ingest-two", "1.0")
    (broken,) = plugins.broken
    assert "things" in broken.why
    assert {"ingest-one", "ingest-two"} <= set(f"{broken.distribution} {broken.why}".replace(":", " ").split())
    with pytest.raises(UsageError, match=r"ingest-one.*ingest-two"):
        plugins.find("things")


def test_a_source_name_given_twice_by_one_plugin_is_noted() -> None:
    plugins = Plugins()
    plugins.add(plugin(source(), source()), "things", "ingest-one", "1.0")
    assert len(plugins.broken) == 1
    assert plugins.sources == {}


def test_one_object_under_two_entry_points_is_noted_once() -> None:
    plugins, same = Plugins(), plugin(source())
    plugins.add(same, "things", "ingest-one", "1.0")
    plugins.add(same, "again", "ingest-one", "1.0")
    assert list(plugins.sources) == ["things"]
    assert [broken.entry_point for broken in plugins.broken] == ["again"]


def test_every_observer_is_told_and_one_that_raises_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    plugins, seen = Plugins(), list[object]()
    plugins.add(observer(seen), "first", "ingest-a", "1.0")
    plugins.add(observer(seen, RuntimeError("boom")), "second", "ingest-b", "1.0")
    plugins.add_observer(observer(seen))
    plugins.run_finished(REPORT)
    assert seen == [REPORT, REPORT, REPORT]
    assert "ingest-b:second" in caplog.text
    assert plugins.broken == []


def test_a_broken_plugin_observes_nothing() -> None:
    plugins, seen = Plugins(), list[object]()
    wrong = SimpleNamespace(**vars(observer(seen)), **vars(plugin(source("Bad"))))
    plugins.add(wrong, "wrong", "ingest-wrong", "1.0")
    plugins.run_finished(REPORT)
    assert seen == []


def test_an_observer_may_leave_the_report_out_as_pluggy_allows() -> None:
    plugins, seen = Plugins(), list[str]()

    @hookimpl
    def ingest_run_finished() -> None:
        seen.append("told")

    plugins.add(SimpleNamespace(ingest_run_finished=ingest_run_finished), "x", "ingest-x", "1.0")
    plugins.run_finished(REPORT)
    assert seen == ["told"]


def test_find_says_what_is_installed_and_what_is_broken() -> None:
    plugins = Plugins()
    with pytest.raises(UsageError, match=r"no source 'things' is installed \(installed: none\)"):
        plugins.find("things")
    plugins.add(plugin(source("others")), "others", "ingest-others", "1.0")
    plugins.add(raising(LookupError("no table")), "things", "ingest-things", "1.0")
    with pytest.raises(UsageError, match=r"'things' of ingest-things cannot be used: LookupError: no table"):
        plugins.find("things")
    with pytest.raises(UsageError, match="installed: others"):
        plugins.find("weather")


MODULE = """
from ingest_core import Source, hookimpl
@hookimpl
def ingest_sources():
    return [Source({name!r}, "Label", {{"type": "object"}}, lambda ctx: [], lambda ctx, slice: [])]
"""


def distribution(folder: Path, name: str, entry_points: str, *, metadata: bool = True) -> Distribution:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    if metadata:
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    return PathDistribution(info)


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distribution:
    (tmp_path / "plugin_of_these_tests.py").write_text(MODULE.format(name="good"))
    monkeypatch.syspath_prepend(tmp_path)
    return distribution(tmp_path, "ingest-good", "[ingest_core]\ngood = plugin_of_these_tests\n")


def test_plugins_are_found_by_their_entry_points(good: Distribution, tmp_path: Path) -> None:
    other = distribution(tmp_path, "unrelated", "[console_scripts]\nx = no_such_module:main\n")
    plugins = load_plugins([other, good, good])
    assert plugins.broken == []
    assert [(one.distribution, one.version) for one in plugins.sources.values()] == [("ingest-good", "1.0")]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError"),
        ("raise SystemExit(2)", "exits"),
        ("def broken(:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_plugin_that_fails_as_it_is_imported_costs_itself_alone(
    good: Distribution, tmp_path: Path, body: str, why: str
) -> None:
    name = f"broken_{why.lower()}_plugin"
    (tmp_path / f"{name}.py").write_text(body)
    plugins = load_plugins([distribution(tmp_path, "ingest-bad", f"[ingest_core]\nbad = {name}\n"), good])
    assert list(plugins.sources) == ["good"]
    (broken,) = plugins.broken
    assert (broken.distribution, broken.entry_point) == ("ingest-bad", "bad")
    assert why in broken.why


@pytest.mark.parametrize("value", ["plugin_of_these_tests:absent", "not a reference!"])
def test_an_entry_point_that_leads_nowhere_costs_itself_alone(good: Distribution, tmp_path: Path, value: str) -> None:
    plugins = load_plugins([distribution(tmp_path, "ingest-bad", f"[ingest_core]\nbad = {value}\n"), good])
    assert list(plugins.sources) == ["good"]
    assert len(plugins.broken) == 1


def test_a_distribution_without_metadata_costs_itself_alone(good: Distribution, tmp_path: Path) -> None:
    nameless = distribution(tmp_path, "nameless", "[ingest_core]\nbad = no_such_module\n", metadata=False)
    assert list(load_plugins([nameless, good]).sources) == ["good"]


def test_a_distribution_with_unreadable_entry_points_costs_itself_alone(good: Distribution, tmp_path: Path) -> None:
    garbage = distribution(tmp_path, "garbage", "no section\n[x]\nno equals sign\n")
    assert list(load_plugins([garbage, good]).sources) == ["good"]
