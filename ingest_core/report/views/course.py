"""One run from its first minute to its last."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence

from ingest_core import figures
from ingest_core.model import LATENCY_MS
from ingest_core.report.course import Course, course
from ingest_core.report.markup import Html
from ingest_core.report.picture import RunPicture
from ingest_core.report.views.bars import bar, columns
from ingest_core.report.views.tables import row, scrolled, table
from ingest_core.state import Account

ATTEMPTS_SHOWN = 20


def run_course(run: RunPicture) -> Html:
    """Records and setbacks by the minute, how long answers took, and the attempts."""
    found = course(run.accounts)
    shown: list[Html | None]
    if not run.accounts:
        shown = [
            Html(
                "p",
                "Nothing is known of how it went: its attempts were killed, were pruned, or kept no account.",
                class_="soft",
            )
        ]
    elif found is None:
        shown = [Html("p", "Nothing landed, and nothing was asked of the API.", class_="soft"), _attempts(run.accounts)]
    else:
        shown = [
            _by_step(found),
            Html("div", _latency(found), _setbacks(found), class_="pair"),
            _attempts(run.accounts),
        ]
    return Html("section", Html("h2", f"The run of {figures.day(run.date)}", id="run"), shown, aria_labelledby="run")


def _by_step(found: Course) -> Html:
    every = "minute" if found.seconds == 60 else f"{found.seconds // 60} minutes"
    if len(found.starts) == 1:
        told = f"All within one {every}: {_told(found, 0)}." if found.seconds == 60 else f"{_told(found, 0)}."
        return Html("p", told)
    setbacks = any(found.retries) or any(found.throttled)
    begin, end = found.starts[0], found.starts[-1] + dt.timedelta(seconds=found.seconds)
    middle = found.starts[len(found.starts) // 2]
    return Html(
        "figure",
        Html("figcaption", Html("b", "Records"), f" every {every}, up to {figures.count(max(found.records))}"),
        columns([found.records], ["records"], found.firsts),
        Html("div", (Html("span", label) for label in _axis(begin, middle, end)), class_="axis", aria_hidden="true"),
        _setbacks_by_step(found, every) if setbacks else Html("p", "No request had to be sent again.", class_="soft"),
        _as_table(found),
    )


def _axis(begin: dt.datetime, middle: dt.datetime, end: dt.datetime) -> tuple[str, str, str]:
    if begin.date() != end.date():
        return f"{begin:%d %b %H:%M}", f"{middle:%d %b %H:%M}", f"{end:%d %b %H:%M} UTC"
    return figures.clock(begin), figures.clock(middle), f"{figures.clock(end)} UTC"


def _setbacks_by_step(found: Course, every: str) -> Html:
    top = figures.count(max(*found.retries, *found.throttled))
    return Html(
        "div",
        Html(
            "p",
            Html("i", class_="key retries"),
            Html("b", "retries"),
            " and ",
            Html("i", class_="key throttled"),
            Html("b", "refusals (429)"),
            f" every {every}, up to {top}",
            class_="caption",
        ),
        columns([found.retries, found.throttled], ["retries", "throttled"], found.firsts),
        class_="low",
    )


def _told(found: Course, step: int) -> str:
    records, requests = found.records[step], found.requests[step]
    return f"{figures.many(records, 'record')}, {figures.many(requests, 'request')}, {_again(found, step)}"


def _again(found: Course, step: int) -> str:
    retries, refused = found.retries[step], found.throttled[step]
    return f"{figures.many(retries, 'retry', 'retries')}, {figures.count(refused)} refused with 429"


def _as_table(found: Course) -> Html:
    series = (found.records, found.requests, found.retries, found.throttled)
    rows = [
        row(f"{began:%m-%d %H:%M}", *(numbers[step] for numbers in series)) for step, began in enumerate(found.starts)
    ]
    headings = ("from (UTC)", "#records", "#requests", "#retries", "#refused (429)")
    return Html(
        "details", Html("summary", "The same in numbers"), scrolled("the run in numbers", table(headings, rows))
    )


def _latency(found: Course) -> Html | None:
    if not any(found.latency):
        return None
    top = max(found.latency)
    rows = [row(label, bar(times, top), times) for label, times in _grouped(found.latency)]
    return Html(
        "div",
        Html("h3", "How long answers took"),
        Html("p", ". ".join(_percentiles(found)), ".", class_="soft"),
        table(("within", "", "#answers"), rows, "bars"),
    )


def _grouped(latency: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Label and number of each bound from the first to the last that any answer took; of empty ones in a row, one."""
    seen = [number for number, times in enumerate(latency) if times]
    for times, numbers in itertools.groupby(range(seen[0], seen[-1] + 1), key=latency.__getitem__):
        for number in numbers if times else [numbers]:
            labels = [_bound(number)] if isinstance(number, int) else list(map(_bound, number))
            yield labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}", times


def _bound(number: int) -> str:
    longest = figures.milliseconds(LATENCY_MS[-1])
    return figures.milliseconds(LATENCY_MS[number]) if number < len(LATENCY_MS) else f"more than {longest}"


def _percentiles(found: Course) -> Iterator[str]:
    for share, said in ((0.5, "Half of them within"), (0.95, "95% within")):
        bound = found.within(share)
        yield f"{said} {figures.milliseconds(bound)}" if bound is not None else f"{said} more than a minute"


def _setbacks(found: Course) -> Html | None:
    if not found.setbacks:
        return None
    told = sorted(found.setbacks, key=lambda one: -one[1])
    rows = [row(Html("bdi", figures.cut(why, 80)), bar(times, told[0][1], "retries"), times) for why, times in told]
    return Html(
        "div", Html("h3", "Answers that were no use at first"), table(("answer", "", "#times"), rows, "bars words")
    )


def _attempts(accounts: Sequence[Account]) -> Html | None:
    if len(accounts) < 2:
        return None
    rows = [
        row(
            figures.instant(account.ended),
            account.status,
            figures.span(account.seconds),
            sum(account.timeline.records),
            account.counts.get("requests", 0),
            Html("bdi", figures.cut(account.error.what) if account.error else ""),
        )
        for account in accounts[-ATTEMPTS_SHOWN:]
    ]
    headings = ("ended", "how", "took", "#records", "#requests", "because")
    return Html(
        "div",
        Html("h3", figures.many(len(accounts), "attempt")),
        Html("p", f"The last {len(rows)} of them.", class_="soft") if len(rows) < len(accounts) else None,
        scrolled("attempts", table(headings, rows)),
    )
