"""The answer that people come for: did it land?"""

from __future__ import annotations

from ingest_core import figures
from ingest_core.report.markup import Html
from ingest_core.report.picture import Calendar, Line, Picture, RunPicture
from ingest_core.report.views.tables import row, scrolled, table
from ingest_core.report.views.words import anew

MARKS = {"done": "✔", "running": "◌", "": "·"}  # everything else is "✘"
_SAID = {
    "running": "is landing now",
    "interrupted": "was interrupted",
    "unfinished": "has not landed yet",
    "given up": "was given up",
    "trial": "was tried, and nothing was committed",
    "superseded": "was landed anew since",
}
# Of a run that was begun after a committed one of its day.
_SAID_ANEW = {
    "running": "has landed, and is landing anew",
    "interrupted": "has landed, and was interrupted as it landed anew",
    "unfinished": "has landed, and not yet anew",
    "given up": "has landed, and was given up as it landed anew",
}


def verdict(picture: Picture) -> Html:
    """The headline, and the numbers of the run."""
    run = picture.run
    if run is None:
        begin = Html("code", f"ingest run {picture.config}")
        return Html(
            "header",
            _eyebrow(picture),
            Html("h1", Html("bdi", picture.config), " has not run yet", class_="none"),
            Html("p", begin, " lands its first day.", class_="lead"),
        )
    (day, said), tone = _headline(run)
    return Html(
        "header",
        _eyebrow(picture),
        Html("h1", Html("span", day, class_="day"), f" {said}", class_=tone),
        Html("p", _lead(run), class_="lead"),
        Html("p", "What ", Html("bdi", run.committed), " landed stands until then.") if run.committed else None,
        _numbers(run),
    )


def _eyebrow(picture: Picture) -> Html:
    name = picture.run.run if picture.run is not None else picture.config
    return Html("p", Html("bdi", figures.cut(name)), " · ", Html("bdi", figures.cut(picture.lake)), class_="eyebrow")


def _headline(run: RunPicture) -> tuple[tuple[str, str], str]:
    day = figures.day(run.date)
    if run.standing == "done":
        rejected = run.counts.get("rejected", 0)
        return (
            ((day, f"landed, {_kept_together(figures.many(rejected, 'record'))} rejected"), "fair")
            if rejected
            else ((day, "landed"), "good")
        )
    said = (_SAID_ANEW if run.committed else {}).get(run.standing) or _SAID.get(run.standing, run.standing)
    return (day, said), "none" if run.standing in {"running", "trial"} else "bad"


def _kept_together(words: str) -> str:
    return words.replace(" ", "\u00a0")


def _lead(run: RunPicture) -> str:
    if run.is_committed and run.finished is not None:
        return f"Committed {figures.instant(run.finished)}{_took(run)}."
    last = run.accounts[-1] if run.accounts else None
    if run.standing == "running":
        return f"Begun {figures.instant(run.started)}." if run.started else "It is under way."
    if last is not None and last.error is not None:
        return figures.cut(last.error.what, 400)
    return f"Begun {figures.instant(run.started)}." if run.started else ""


def _took(run: RunPicture) -> str:
    if not run.accounts:
        return ""
    attempts = f", in {len(run.accounts)} attempts" if len(run.accounts) > 1 else ""
    return f" after {figures.span(sum(account.seconds for account in run.accounts))} of work{attempts}"


def _numbers(run: RunPicture) -> Html:
    counts = run.counts
    told = [
        ("records", figures.count(counts.get("records", 0))),
        ("size", figures.size(counts.get("bytes", 0))),
        ("not found", figures.count(counts.get("missing", 0))),
        ("rejected", figures.count(counts.get("rejected", 0))),
    ]
    if run.accounts:
        told += [
            ("requests", figures.count(counts.get("requests", 0))),
            ("retries", figures.count(counts.get("retries", 0))),
            ("refused with 429", figures.count(counts.get("throttled", 0))),
        ]
    more = [("conflicts", "conflicts"), ("skipped", "skipped"), ("unaccounted", "unaccounted")]
    told += [(said, figures.count(counts[name])) for name, said in more if counts.get(name)]
    return Html("dl", (Html("div", Html("dt", name), Html("dd", number)) for name, number in told), class_="numbers")


def today(picture: Picture) -> Html:
    """Today, config by config."""
    rows = [_today_of(line, picture.calendar) for line in picture.calendar.lines]
    return Html(
        "section",
        Html(
            "h2",
            "Did today land? ",
            Html("time", figures.day(picture.today), datetime=picture.today.isoformat()),
            id="today",
        ),
        scrolled("today, config by config", table(("config", "today", "#records", "last landed"), rows)),
        aria_labelledby="today",
    )


def _today_of(line: Line, told: Calendar) -> Html:
    date = told.last
    day = line.days.get(date)
    standing = "" if day is None else day.standing
    words = {"": "no run yet", "done": "landed"}.get(standing, standing)
    if day is not None and day.rejected:
        words += f", {figures.count(day.rejected)} rejected"
    if day is not None and day.anew:
        words += f"; {anew(day)}"
    landed = [date for date, day in line.days.items() if day.is_committed]
    last = max(landed, default=None)
    earlier = "never" if line.began is None else f"not since {figures.day(told.first)}"
    tone = {"done": "good", "": "none", "running": "none"}.get(standing, "bad")
    return row(
        Html("bdi", figures.cut(line.config, 64)),
        (Html("span", MARKS.get(standing, "✘"), aria_hidden="true", class_=tone), f" {words}"),
        day.records if day is not None and day.is_committed else None,
        earlier if last is None else "today" if last == date else figures.day(last),
        name=True,
    )
