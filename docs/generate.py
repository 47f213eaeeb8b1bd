"""Writes the pages of the reference that are made from the code: `make reference`. A test says when one is stale."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from ingest_core.explanations import PREFIX, Page, pages

DOCS = Path(__file__).parent
FAMILIES = {
    "C": "The config",
    "U": "The command, the event",
    "S": "The source",
    "A": "The API",
    "K": "Credentials",
    "L": "The lake",
    "R": "The run and its state",
    "F": "The deployed function",
}
MADE = "<!-- made by docs/generate.py: make reference -->"


def generated() -> dict[Path, str]:
    """Every page that is made, and what it says now."""
    return {DOCS / "errors.md": "\n".join(_errors()) + "\n"}


def _errors() -> Iterator[str]:
    yield "# Error codes"
    yield ""
    yield MADE
    yield ""
    yield "Every error ends in its code; `ingest explain C012` prints its page. It stands in `--json` and in what"
    yield "the Lambda handler answers (`error.code`), and in the log. A code never changes its meaning."
    for family, found in groupby(pages(), key=_family):
        yield f"\n## {FAMILIES[family]}\n"
        yield "| code | what | why | what to do |"
        yield "|---|---|---|---|"
        for page in found:
            yield f'| <a id="{page.code.lower()}"></a>`{page.code}` | {page.what} | {page.why} | {page.do} |'


def _family(page: Page) -> str:
    return page.code.removeprefix(PREFIX)[0]


if __name__ == "__main__":
    for path, text in generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
