"""What has changed in the shape of the records."""

from __future__ import annotations

from collections.abc import Mapping

from ingest_core import figures
from ingest_core.report.markup import Html
from ingest_core.report.picture import Drift, StreamDrift
from ingest_core.report.shape import Change
from ingest_core.report.views.tables import row, scrolled, table

SHOWN = 30
_MARKS = {"gone": "✗", "added": "+", "retyped": "≠", "rarer": "↓", "more frequent": "↑"}


def drift(told: Drift | None, *, is_committed: bool) -> Html:
    """A table for each stream that changed, a sentence for those that did not."""
    shown: list[Html]
    if told is None:
        why = "There is no earlier committed run to compare with." if is_committed else "Committed runs are compared."
        shown = [Html("p", why, class_="soft")]
    else:
        changed = [stream for stream in told.streams if stream.changes]
        same = [stream for stream in told.streams if stream.before and not stream.changes]
        new = [stream for stream in told.streams if not stream.before]
        shown = [Html("p", _looked_at(told), class_="soft"), *map(_stream, changed)]
        shown += [Html("p", Html("b", "No change: "), _named(same))] if same else []
        shown += [Html("p", Html("b", "Nothing to compare with: "), _named(new))] if new else []
    return Html("section", Html("h2", "Schema drift", id="drift"), shown, aria_labelledby="drift")


def _looked_at(told: Drift) -> str:
    since = f"Against the run of {figures.day(told.date)}"
    return f"{since}, every record." if told.is_whole else f"{since}, by a sample of both: what is rare may not show."


def _named(streams: list[StreamDrift]) -> str:
    return figures.listed([f"{one.stream} ({figures.many(one.after, 'record')})" for one in streams])


def _stream(told: StreamDrift) -> Html:
    more = len(told.changes) - SHOWN
    rows = map(_row, told.changes[:SHOWN])
    return Html(
        "div",
        Html("h3", told.stream, " ", Html("span", _compared(told), class_="soft")),
        scrolled(f"changes in {told.stream}", table(("field", "change", "before", "now"), rows, "drift")),
        Html("p", f"and {figures.many(more, 'change')} more", class_="soft") if more > 0 else None,
    )


def _compared(told: StreamDrift) -> str:
    return f"{figures.many(told.before, 'record')} before, {figures.count(told.after)} now"


def _row(change: Change) -> Html:
    mark = Html("span", _MARKS[change.kind], aria_hidden="true", class_=f"mark {change.kind.replace(' ', '-')}")
    name = Html("code", Html("bdi", figures.cut(change.name)))
    return row(name, (mark, f" {change.kind}"), _types(change.before), _types(change.after))


def _types(types: Mapping[str, float]) -> str:
    """text 98%, null 2%; "not there" without any."""
    return ", ".join(f"{type} {figures.share(seen, 1.0)}" for type, seen in types.items()) or "not there"
