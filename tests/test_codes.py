"""The codes of errors: each one is raised somewhere, has a page, and no error of the core goes without."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import ingest_core
from ingest_core import errors
from ingest_core.codes import Code
from ingest_core.errors import ConfigError, IngestError, LeftError
from ingest_core.explanations import PREFIX, page, pages

PACKAGE = Path(ingest_core.__file__).parent
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, IngestError)}
# A ConfigError has the codes of its mistakes, each of which is Located; a LeftError is one thing alone.
CODED = KINDS - {ConfigError.__name__, LeftError.__name__} | {"Located", "locate"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every place in the core that makes an error or places a mistake."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if name in CODED:
                    yield f"{path.relative_to(PACKAGE.parent)}:{node.lineno}: {name}", node


def is_code(node: ast.expr) -> bool:
    """Whether an argument is a code: one by name, or a variable that is typed as one."""
    if isinstance(node, ast.Name):
        return node.id == "code"
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code"


def test_no_error_of_the_core_is_made_without_a_code() -> None:
    """Where this fails: give it `Code.…`, one whose page fits, or a new one with a page in codes.toml."""
    found = list(calls())
    assert len(found) > 150
    assert [place for place, call in found if not any(map(is_code, call.args))] == []


def test_every_code_is_used() -> None:
    used = {
        node.attr
        for path, tree in TREES.items()
        if path.name != "codes.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code"
    }
    assert used - {"value"} == set(Code.__members__)


def test_every_code_has_one_page_and_every_page_a_code() -> None:
    written = tomllib.loads((PACKAGE / "codes.toml").read_text(encoding="utf-8"))
    assert list(written) == [code.removeprefix(PREFIX) for code in Code]
    assert {tuple(texts) for texts in written.values()} == {("what", "why", "do")}


@pytest.mark.parametrize("found", pages(), ids=lambda found: found.code.value)
def test_a_page_is_made_of_sentences(found: object) -> None:
    for text in (found.what, found.why, found.do):  # type: ignore[attr-defined]
        assert re.fullmatch(r"\S.*[.`]", text), text


def test_the_codes_of_a_family_are_numbered_without_a_gap() -> None:
    families: dict[str, list[int]] = {}
    for code in Code:
        match = re.fullmatch(r"INGEST-([CUSAKLRF])(\d{3})", code)
        assert match is not None
        families.setdefault(match[1], []).append(int(match[2]))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in families.values())


@pytest.mark.parametrize("text", ["INGEST-C012", "C012", "c012", " ingest-c012 "])
def test_a_code_is_found_however_it_is_written(text: str) -> None:
    found = page(text)
    assert found is not None
    assert found.code is Code.CONFIG_TIMEZONE


def test_what_is_no_code_has_no_page() -> None:
    assert page("C999") is None
