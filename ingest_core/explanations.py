"""What each code of an error means, why it comes about and what to do: the pages of `codes.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from ingest_core.codes import Code

PREFIX = "INGEST-"


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one code; its three texts are Markdown of one paragraph."""

    code: Code
    what: str
    why: str
    do: str


def pages() -> list[Page]:
    """Every page, in the order of the codes."""
    written = tomllib.loads(files("ingest_core").joinpath("codes.toml").read_text(encoding="utf-8"))
    return [Page(code, **written[code.removeprefix(PREFIX)]) for code in Code]


def page(text: str) -> Page | None:
    """The page of a code as a person writes it: `INGEST-C012`, `c012`; None where there is no such code."""
    wanted = PREFIX + text.strip().upper().removeprefix(PREFIX)
    return next((page for page in pages() if page.code == wanted), None)
