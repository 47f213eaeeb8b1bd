"""What failed, what is in the quarantine, and why."""

from __future__ import annotations

from ingest_core import figures
from ingest_core.report.markup import Html
from ingest_core.report.picture import Quarantine, RunPicture
from ingest_core.report.views.tables import row, scrolled, table

REASONS = 12
SENTENCES = 12


def trouble(run: RunPicture, config: str) -> Html:
    """Empty where nothing failed, and says so."""
    shown = [_error(run, config), _sentences(run), _missing(run), _quarantine(run)]
    if not any(shown):
        shown = [Html("p", "Nothing failed, and nothing is in the quarantine.", class_="soft")]
    return Html("section", Html("h2", "Failures and quarantine", id="failures"), shown, aria_labelledby="failures")


def _error(run: RunPicture, config: str) -> Html | None:
    last = run.accounts[-1] if run.accounts else None
    if run.is_committed:
        return None
    if last is None or last.error is None:
        if run.standing != "interrupted":
            return None
        return Html(
            "div",
            Html("p", "Whoever ran it died, or was killed."),
            _next(f"ingest run {config} goes on from here"),
            class_="panel",
        )
    return Html(
        "div",
        Html("p", Html("b", last.error.code), " ", Html("bdi", figures.cut(last.error.what, 600))),
        _next(figures.cut(last.error.hint, 600)) if last.error.hint else None,
        class_="panel",
    )


def _next(said: str) -> Html:
    return Html("p", Html("span", "→", aria_hidden="true"), " ", Html("bdi", said))


def _sentences(run: RunPicture) -> Html | None:
    """What the run had to say: lists that were cut off, notes, problems of its last attempt."""
    told = [f"Cut off: {name}: {why}" for name, why in run.truncated]
    told += list(run.accounts[-1].problems) if run.accounts else []
    told += [f"{name}: {text}" for name, text in run.notes]
    if not told:
        return None
    more = f"and {len(told) - SENTENCES} more" if len(told) > SENTENCES else ""
    return Html(
        "ul",
        (Html("li", Html("bdi", figures.cut(sentence, 400))) for sentence in told[:SENTENCES]),
        Html("li", more) if more else None,
        class_="sentences",
    )


def _missing(run: RunPicture) -> Html | None:
    missing = run.counts.get("missing", 0)
    said = "The API does not have {} that it was asked for. That is an answer, and no failure."
    return Html("p", said.format(figures.many(missing, "id"))) if missing else None


def _quarantine(run: RunPicture) -> Html | None:
    told, rejected = run.quarantine, run.counts.get("rejected", 0)
    if not told.files:
        return None
    recovered = told.files - rejected if run.is_committed and told.is_counted else 0
    counted = (
        figures.many(told.files, "record") if told.is_counted else f"more than {figures.many(told.files, 'record')}"
    )
    said = f"{counted} went into the quarantine."
    if recovered > 0:
        said += f" {figures.many(recovered, 'of them is well again', 'of them are well again')}, by a replay."
    return Html("div", Html("h3", "Quarantine"), Html("p", said), _reasons(told), _rejections(told))


def _reasons(told: Quarantine) -> Html:
    rows = [row(Html("bdi", figures.cut(reason)), records) for reason, records in told.reasons[:REASONS]]
    rest = sum(records for _, records in told.reasons[REASONS:])
    rows += [row("other reasons", rest)] if rest else []
    some = f"By the first {figures.count(told.read)} of them" if told.read < told.files else ""
    return table(("reason", "#records"), rows, caption=some)


def _rejections(told: Quarantine) -> Html:
    rows = [
        row(
            Html("bdi", figures.cut(one.id, 80) or "(none)"),
            one.stream,
            Html("bdi", figures.cut(one.reason)),
            Html("code", Html("bdi", figures.cut(one.key, 300))),
        )
        for one in told.shown
    ]
    return Html(
        "details",
        Html("summary", f"The first {len(rows)}, one by one" if len(rows) > 1 else "Which one"),
        scrolled("records in the quarantine", table(("id", "stream", "reason", "where it lies"), rows)),
    )
