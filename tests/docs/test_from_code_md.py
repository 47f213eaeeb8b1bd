"""docs/from-code.md: each example is run. As much of an orchestrator as an example touches stands in for it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ingest_core import CredentialsError, LockedError, StopError, TransientError
from ingest_core.model import Report

DOCUMENT = (Path(__file__).parents[2] / "docs/from-code.md").read_text(encoding="utf-8")
DAY = "2026-11-23"
WAITING = [TransientError("away"), LockedError("under way")]
IN_VAIN = [CredentialsError("no key"), StopError("enough")]


def cells(title: str) -> list[str]:
    """The Python of one section."""
    section = DOCUMENT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def module(monkeypatch: pytest.MonkeyPatch, name: str, **names: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(names)
    monkeypatch.setitem(sys.modules, name, made)
    return made


def run_cells(title: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for cell in cells(title):
        exec(compile(cell, title, "exec"), names)
    return names


def failing(error: Exception) -> Callable[..., Report]:
    def run_source(*_: Any, **__: Any) -> Report:
        raise error

    return run_source


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/twitter_stub.yaml").write_text("source: twitter_stub\nlake: lake\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INGEST_CONFIG_DIR", raising=False)
    monkeypatch.delenv("INGEST_LAKE", raising=False)
    return tmp_path


class AirflowFailError(Exception):
    """AirflowFailException: the task fails, and is not tried again."""


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """`@dag` and `@task` as far as the example goes: a task is called by its DAG, with `ds` from the context."""
    seen = SimpleNamespace(tasks=[], dags=[], xcom=[])

    def task(**options: Any) -> Callable[..., Any]:
        def decorate(function: Callable[..., Any]) -> Callable[..., None]:
            seen.tasks.append((function, options))
            return lambda: seen.xcom.append(function(ds=DAY))

        return decorate

    def dag(**options: Any) -> Callable[..., Any]:
        seen.dags.append(options)
        return lambda function: function

    module(monkeypatch, "airflow")
    module(monkeypatch, "airflow.sdk", dag=dag, task=task)
    module(monkeypatch, "airflow.sdk.exceptions", AirflowFailException=AirflowFailError)
    return seen


def test_airflow_lands_the_day_and_hands_the_manifest_on(airflow: SimpleNamespace, home: Path) -> None:
    run_cells("Airflow")
    (manifest,) = airflow.xcom
    assert (home / "lake" / manifest).is_file()
    assert f"/{DAY}/" in manifest
    assert airflow.dags[0]["start_date"] == datetime(2026, 11, 1)


@pytest.mark.parametrize("error", [*WAITING, *IN_VAIN], ids=lambda error: type(error).__name__)
def test_airflow_tries_again_what_passes_and_nothing_else(airflow: SimpleNamespace, error: Exception) -> None:
    run_cells("Airflow")
    land, options = airflow.tasks[0]
    land.__globals__["run_source"] = failing(error)
    with pytest.raises(type(error) if error in WAITING else AirflowFailError):
        land(ds=DAY)
    assert options["retries"] == 5


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """`@flow` and `@task`: functions that stay functions; the options of a task are kept."""
    seen = SimpleNamespace(options={})

    def task(**options: Any) -> Callable[..., Any]:
        seen.options = options
        return lambda function: function

    module(monkeypatch, "prefect", flow=lambda function: function, task=task)
    return seen


def test_prefect_lands_the_day(prefect: SimpleNamespace, home: Path) -> None:
    assert run_cells("Prefect")["posts"](DAY) == 40
    assert (home / "lake/Raw/Twitter/JSON/2026/11/23").is_dir()


@pytest.mark.parametrize("error", [*WAITING, *IN_VAIN], ids=lambda error: type(error).__name__)
def test_prefect_tries_again_what_passes_and_nothing_else(prefect: SimpleNamespace, error: Exception) -> None:
    run_cells("Prefect")
    state = SimpleNamespace(result=lambda raise_on_failure: error)
    assert prefect.options["retry_condition_fn"](None, None, state) is (error in WAITING)


class RetryRequestedError(Exception):
    """dagster.RetryRequested: an exception with the wish in it."""

    def __init__(self, *, max_retries: int, seconds_to_wait: float) -> None:
        super().__init__(max_retries, seconds_to_wait)


@pytest.fixture
def dagster(monkeypatch: pytest.MonkeyPatch) -> None:
    module(
        monkeypatch,
        "dagster",
        asset=lambda **_: lambda function: function,
        AssetExecutionContext=SimpleNamespace,
        DailyPartitionsDefinition=SimpleNamespace,
        MaterializeResult=SimpleNamespace,
        RetryRequested=RetryRequestedError,
    )


@pytest.mark.usefixtures("dagster")
def test_dagster_lands_the_partition_and_shows_what_landed(home: Path) -> None:
    result = run_cells("Dagster")["posts"](SimpleNamespace(partition_key=DAY))
    assert result.metadata["records"] == 40
    assert (home / "lake" / result.metadata["manifest"]).is_file()


@pytest.mark.usefixtures("dagster")
@pytest.mark.parametrize("error", [*WAITING, *IN_VAIN], ids=lambda error: type(error).__name__)
def test_dagster_tries_again_what_passes_and_nothing_else(error: Exception) -> None:
    names = run_cells("Dagster")
    names["run_source"] = failing(error)
    with pytest.raises(RetryRequestedError if error in WAITING else type(error)):
        names["posts"](SimpleNamespace(partition_key=DAY))


def test_the_cells_of_the_notebook_show_what_landed() -> None:
    """As a kernel runs them: one after the other, each showing the value of its last line."""
    names: dict[str, Any] = {}
    shown = []
    for cell in cells("A notebook"):
        *before, last = ast.parse(cell).body
        assert isinstance(last, ast.Expr)
        exec(compile(ast.Module(before, []), "cell", "exec"), names)
        shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
    assert shown[0] == (40, "Raw/Twitter/JSON/2026/11/23/")
    assert len(shown[1]) == 2
    assert all("#cinema" in text for text in shown[1])


def test_every_block_of_the_page_is_run() -> None:
    titles = ["Airflow", "Prefect", "Dagster", "A notebook"]
    in_sections = sum(len(cells(title)) for title in titles)
    assert DOCUMENT.count("```python") == in_sections + 1  # the one at the top is the shape of the others
    assert DOCUMENT.count("```") == 2 * DOCUMENT.count("```python")
