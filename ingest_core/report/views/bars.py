"""Bars, as little SVG as they need: they stretch with the page, and what is written beside them does not."""

from __future__ import annotations

from collections.abc import Sequence

from ingest_core.report.markup import Html

TALL = 100


def columns(series: Sequence[Sequence[int]], classes: Sequence[str], firsts: Sequence[int] = ()) -> Html:
    """Series side by side, a column a step, all to one scale; a line where each of `firsts` but step 0 begins."""
    steps, top = len(series[0]), max(1, *map(max, series))
    wide = 0.86 / len(series)
    paths = [
        Html("path", d=_columns(numbers, 0.07 + wide * number, wide, top), class_=kind)
        for number, (numbers, kind) in enumerate(zip(series, classes, strict=True))
    ]
    lines = [Html("line", x1=first, x2=first, y1=0, y2=TALL, class_="seam") for first in firsts if first]
    return Html(
        "svg",
        paths,
        lines,
        viewBox=f"0 0 {steps} {TALL}",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="columns",
    )


def _columns(numbers: Sequence[int], offset: float, wide: float, top: int) -> str:
    drawn = []
    for step, number in enumerate(numbers):
        if number:
            high = max(1.5, TALL * number / top)  # what is there is seen
            drawn.append(f"M{step + offset:.2f} {TALL}v-{high:.1f}h{wide:.2f}v{high:.1f}z")
    return "".join(drawn)


def bar(part: int, top: int, kind: str = "records") -> Html:
    """One bar that lies, for a row of a table."""
    wide = 100 * part / top if top else 0
    drawn = Html("rect", width=f"{max(wide, 0.7):.1f}", height=10, class_=kind) if part else None
    return Html("svg", drawn, viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true", class_="bar")
