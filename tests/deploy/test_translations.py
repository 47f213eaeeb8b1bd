"""The guides in Portuguese say what those in English do: the same commands, names and figures, section by section."""

from __future__ import annotations

import re

import pytest
from translated import ROOT

GUIDES = ["deploy", "aws-console"]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r" +#.*$", re.MULTILINE)


def read(guide: str, suffix: str) -> str:
    return (ROOT / "docs" / f"{guide}{suffix}.md").read_text(encoding="utf-8")


@pytest.fixture(params=GUIDES)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The guide in English and in Portuguese."""
    return read(request.param, ""), read(request.param, ".pt-BR")


def commands(text: str) -> list[str]:
    """What is to be typed or pasted, less comments."""
    return [_COMMENT.sub("", body) for language, body in _FENCE.findall(text) if language]


def sections(text: str) -> list[str]:
    return _FENCE.sub("", text).split("\n## ")


def names(section: str) -> set[str]:
    """What stands in code, but for links between guides of one language."""
    return {re.sub(r"\s+", " ", name) for name in re.findall(r"`([^`]+)`", section)}


def figures(text: str) -> list[list[str]]:
    """The cells that are numbers, row by row, of every table with figures."""
    rows = [[cell.strip(" *`") for cell in row.split("|")] for row in text.splitlines() if row.startswith("|")]
    return [found for row in rows if len(found := [cell for cell in row if re.fullmatch(r"[\d.,]+", cell)]) > 1]


def test_what_is_typed_is_the_same(pair: tuple[str, str]) -> None:
    english, portuguese = map(commands, pair)

    assert len(english) > 3
    assert portuguese == english


def test_each_section_speaks_of_the_same_things(pair: tuple[str, str]) -> None:
    english, portuguese = map(sections, pair)

    assert len(portuguese) == len(english)
    for ours, theirs in zip(english, portuguese, strict=True):
        assert names(theirs) == names(ours), theirs.splitlines()[0]


def test_the_figures_are_the_same(pair: tuple[str, str]) -> None:
    english, portuguese = map(figures, pair)

    assert portuguese == english


def test_a_guide_links_to_the_guides_of_its_own_language() -> None:
    for guide in GUIDES:
        linked = re.findall(r"\]\(([\w.-]+\.md)\)", read(guide, ".pt-BR"))
        assert all(name.endswith(".pt-BR.md") for name in linked if (ROOT / "docs" / f"{name[:-3]}.pt-BR.md").is_file())
        assert all((ROOT / "docs" / name).is_file() for name in linked)
