"""The code of an error, wherever it is told, and its page."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest_core import lambda_handler

Command = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (("rnu", "tmdb"), 2, "INGEST-U001"),
        (("run",), 2, "INGEST-U001"),
        (("run", "nothing"), 2, "INGEST-U002"),
        (("run", "tmdb", "--date", "yesterday"), 2, "INGEST-U004"),
        (("run", "tmdb", "--set", "langauge=pt"), 2, "INGEST-C001"),
        (("run", "tmdb", "--set", "token=env:NOBODY_SET_IT", "--lake", "own"), 4, "INGEST-K002"),
    ],
)
def test_an_error_ends_in_its_code_for_a_person_and_has_it_as_a_field_for_a_program(
    ingest: Command, arguments: tuple[str, ...], exit_code: int, code: str
) -> None:
    told = ingest(*arguments)
    assert told.code == exit_code
    assert any(line.endswith(f"[{code}]") for line in (told.err + told.out).splitlines())
    as_data = ingest(*arguments, "--json")
    assert as_data.code == exit_code
    assert json.loads(as_data.out)["error"]["code"] == code


def test_each_mistake_of_a_config_has_its_own(ingest: Command) -> None:
    told = ingest("check", "tmdb", "--set", "rate=fast", "--set", "langauge=pt")
    assert [line[-13:] for line in told.out.splitlines() if "--set" in line] == ["[INGEST-C003]", "[INGEST-C001]"]
    (found,) = json.loads(ingest("check", "tmdb", "--set", "rate=fast", "--json").out)
    assert (found["ok"], found["code"]) == (False, "INGEST-C003")


def test_a_page_is_printed_by_its_code(ingest: Command) -> None:
    told = ingest("explain", "c012")
    assert told.code == 0
    assert told.out.startswith("INGEST-C012  The time zone is not known.")
    assert "America/Sao_Paulo" in told.out
    assert set(json.loads(ingest("explain", "C012", "--json").out)) == {"code", "what", "why", "do"}


def test_without_a_code_every_one_is_listed(ingest: Command) -> None:
    listed = ingest("explain").out.splitlines()
    assert len(listed) == len(json.loads(ingest("explain", "--json").out)) > 90


def test_what_is_no_code_is_an_error_that_has_one(ingest: Command) -> None:
    told = ingest("explain", "X1")
    assert (told.code, "[INGEST-U017]" in told.err) == (2, True)


def test_the_handler_answers_and_logs_the_code(
    ingest: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMDB_TOKEN", "refused-by-the-api")
    answer = lambda_handler.handler({"source": "tmdb"}, None)
    assert answer["error"]["code"] == "INGEST-K001"
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert any(line["level"] == "ERROR" and "[INGEST-K001]" in line["message"] for line in logged)
