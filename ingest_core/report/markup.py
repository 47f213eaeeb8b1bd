"""Markup that cannot go out unescaped: text becomes HTML in `Html` alone, and is escaped on the way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TypeAlias

Child: TypeAlias = "Html | str | int | Iterable[Child] | None"
Attribute: TypeAlias = str | int | float | None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What a page needs; nothing that runs, loads or sends anything is on the list.
_TAGS = _words(
    "html head meta title style link body header main footer nav section h1 h2 h3 p a b i code pre bdi time "
    "ul li dl dt dd table caption colgroup col thead tbody tr th td details summary figure figcaption div span "
    "svg path rect line"
)
_ATTRIBUTES = _words(
    "lang charset name content http-equiv rel href id class title scope colspan datetime role tabindex dir "
    "aria-label aria-labelledby aria-hidden viewBox preserveAspectRatio d x y x1 x2 y1 y2 width height open"
)
_WITHOUT_END = frozenset({"meta", "link", "col"})
# HTML closes these by itself (Living Standard, 13.1.2.4, "Optional tags"); a calendar has thousands of them.
_END_LEFT_OUT = frozenset({"td", "th", "tr", "thead", "tbody", "colgroup", "li", "dt", "dd"})
_HERE = re.compile(r"#[a-z][a-z0-9-]*|data:,")


class Html:
    """An element with all that is in it; with the name "", its children alone.

    No str, and nothing makes one of a str but this: what is put together by hand ends up as text that is seen. Raises
    ValueError for an element or attribute that no page of ours has, and for a link that leads away from it.
    """

    __slots__ = ("_markup",)

    def __init__(self, name: str, /, *children: Child, **attributes: Attribute) -> None:
        if name == "style":
            self._markup = f"<style>{_style(children)}</style>"
            return
        inner = "".join(map(_inner, children))
        if not name:
            self._markup = inner
            return
        if name not in _TAGS:
            raise ValueError(f"no element {name!r} belongs on a page")
        start = name + "".join(_attribute(*pair) for pair in attributes.items())
        end = "" if name in _WITHOUT_END or name in _END_LEFT_OUT else f"</{name}>"
        self._markup = f"<{start}>{inner}{end}"

    def __str__(self) -> str:
        return self._markup


def _inner(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return str(child)
    if isinstance(child, str | int):
        return escape(str(child))
    return "".join(map(_inner, child))


def _attribute(given: str, value: Attribute) -> str:
    """As keyword arguments spell it: `class_`, `aria_label`. Without quotes where HTML needs none."""
    name = given.rstrip("_").replace("_", "-")
    if name not in _ATTRIBUTES:
        raise ValueError(f"no attribute {name!r} belongs on a page")
    if value is None:
        return ""
    if name == "href" and not _HERE.fullmatch(str(value)):
        raise ValueError(f"a link leads away from the page: {value!r}")
    text = escape(str(value))
    return f" {name}={text}" if re.fullmatch(r"[A-Za-z0-9_-]+", text) else f' {name}="{text}"'


def _style(children: tuple[Child, ...]) -> str:
    """A style sheet is no text that HTML unescapes, so it must not be able to end its element."""
    sheet = "".join(child for child in children if isinstance(child, str))
    if "<" in sheet:
        raise ValueError("a style sheet holds no '<'")
    return sheet


_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def escape(text: str) -> str:
    """Text as HTML can say it.

    What would be invisible, or turn the order of what follows (a right-to-left override in an id), is told by its
    number.
    """
    return "".join(map(_written, text)) if _UNPLAIN.search(text) else text


_UNPLAIN = re.compile(r"[^\w .,:;()\[\]/=+*#@!?|{}%-]|[^\x00-\x7f]")


def _written(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Cn", "Co"}:
        return character
    return f"⟨U+{ord(character):04X}⟩"
