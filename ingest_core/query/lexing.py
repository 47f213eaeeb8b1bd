"""Where a statement ends: at a semicolon that stands in no text, name or comment."""

from __future__ import annotations

import re

# What is not closed runs to the end of the text, and its group is empty.
_TOKENS = re.compile(
    r"""'(?:[^']|'')*(?P<text>')?
    | "(?:[^"]|"")*(?P<name>")?
    | \$\$(?:(?!\$\$).)*(?P<dollars>\$\$)?
    | /\*(?:(?!\*/).)*(?P<block>\*/)?
    | (?P<line>--[^\n]*)
    | (?P<end>;)
    | (?P<space>\s+)
    | (?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_NOTHING = {"line", "space", "block"}


def is_complete(sql: str) -> bool:
    """Whether the last thing in `sql`, but for space and comments, is a semicolon that ends a statement."""
    ended = False
    for token in _TOKENS.finditer(sql):
        if token.lastgroup not in _NOTHING:
            ended = token.lastgroup == "end"
    return ended


def without_end(statement: str) -> str:
    """One statement without its semicolon, and what stands behind that."""
    for token in _TOKENS.finditer(statement):
        if token.lastgroup == "end":
            return statement[: token.start()]
    return statement
