"""Colours that can be read on a white terminal as on a black one: a contrast of 4.5 and more with both (WCAG 2, AA)."""

from __future__ import annotations

from rich.style import Style
from rich.theme import Theme

# The names that markup uses. A terminal's own yellow is hardly seen on white, its blue hardly on black, and what it
# makes of `dim` is anybody's guess.
COLOURS = {
    "red": "#e03030",
    "green": "#008900",
    "yellow": "#b06200",
    "blue": "#5c61ff",
    "cyan": "#008484",
    "magenta": "#d800b8",
    "dim": "#767676",
}
THEME = Theme({name: Style(color=colour) for name, colour in COLOURS.items()})
