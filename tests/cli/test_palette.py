"""What the command prints can be read on a white terminal and on a black one."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from ingest_core.cli.console import console
from ingest_core.cli.demo import SYNTAX
from ingest_core.cli.palette import COLOURS, THEME


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", COLOURS)
def test_a_colour_has_contrast_with_white_and_with_black(name: str) -> None:
    light = luminance(COLOURS[name])
    assert 1.05 / (light + 0.05) >= 4.5
    assert (light + 0.05) / 0.05 >= 4.5


def test_markup_uses_these_colours_and_no_others_of_the_terminal() -> None:
    shown = io.StringIO()
    out = Console(file=shown, theme=THEME, force_terminal=True, color_system="truecolor")
    out.print("".join(f"[{name}]x[/]" for name in COLOURS))
    assert len(set(re.findall(r"\x1b\[38;2;\d+;\d+;\d+m", shown.getvalue()))) == len(COLOURS)
    assert not re.search(r"\x1b\[(2|3[0-7])m", shown.getvalue())
    assert console().get_style("yellow").color == THEME.styles["yellow"].color


@pytest.mark.parametrize("token", [("Name", "Tag"), ("Literal", "String", "Double"), ("Literal", "Number"), ("Text",)])
def test_a_document_is_coloured_by_them_too(token: tuple[str, ...]) -> None:
    colour = SYNTAX.get_style_for_token(token).color
    assert (None if colour is None else colour.name) in {None, *COLOURS.values()}
