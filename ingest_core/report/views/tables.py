"""Tables: one way for all of them."""

from __future__ import annotations

from collections.abc import Iterable

from ingest_core import figures
from ingest_core.report.markup import Child, Html


def table(headings: Iterable[str], rows: Iterable[Html], kind: str | None = None, caption: str = "") -> Html:
    """ "#records" heads a column of numbers, "" one that speaks for itself."""
    about = Html("caption", caption) if caption else None
    head = Html("thead", Html("tr", map(_heading, headings)))
    return Html("table", about, head, Html("tbody", rows), class_=kind)


def row(first: Child, *cells: Child, name: bool = False) -> Html:
    """Its first cell heads it, and is a `name` that is not broken; numbers stand to the right, a tuple may wrap."""
    return Html("tr", Html("th", first, scope="row", class_="name" if name else None), map(_cell, cells))


def _heading(name: str) -> Html:
    if not name:
        return Html("td")
    return Html("th", name.removeprefix("#"), scope="col", class_="n" if name.startswith("#") else None)


def _cell(cell: Child) -> Html:
    if isinstance(cell, int):
        return Html("td", figures.count(cell), class_="n")
    return Html("td", cell, class_="wraps" if isinstance(cell, tuple) else None)


def scrolled(label: str, wide: Html) -> Html:
    """What may be wider than the page, to be moved by hand, wheel or keyboard; read aloud, it is called `label`."""
    return Html("div", wide, class_="scroll", tabindex=0, role="region", aria_label=label)
