"""The page: one file that loads nothing, runs nothing and sends nothing."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from ingest_core import figures
from ingest_core.report.markup import Html
from ingest_core.report.picture import Picture
from ingest_core.report.views.calendar import calendar
from ingest_core.report.views.course import run_course
from ingest_core.report.views.drift import drift
from ingest_core.report.views.settings import settings
from ingest_core.report.views.trouble import trouble
from ingest_core.report.views.verdict import today, verdict

_SECTIONS = {"today": "Today", "calendar": "Calendar", "run": "The run", "failures": "Failures", "drift": "Drift"}


def page(picture: Picture) -> str:
    """The whole document, as UTF-8 can say it."""
    run = picture.run
    sheet = files("ingest_core.report").joinpath("page.css").read_text(encoding="utf-8")
    of_run = (
        []
        if run is None
        else [run_course(run), trouble(run, picture.config), drift(run.drift, is_committed=run.is_committed)]
    )
    body = [
        verdict(picture),
        _nav(picture),
        Html("main", today(picture), calendar(picture.calendar), of_run, settings(picture.settings)),
        _footer(picture),
    ]
    return "<!doctype html>\n" + str(Html("html", _head(picture, sheet), Html("body", body), lang="en")) + "\n"


def _head(picture: Picture, sheet: str) -> Html:
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    name = picture.run.run if picture.run is not None else picture.config
    return Html(
        "head",
        Html("meta", charset="utf-8"),
        Html("meta", http_equiv="Content-Security-Policy", content=policy),
        Html("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Html("meta", name="referrer", content="no-referrer"),
        Html("meta", name="robots", content="noindex"),
        Html("meta", name="color-scheme", content="light dark"),
        Html("link", rel="icon", href="data:,"),
        Html("title", f"{figures.cut(name)} · ingest"),
        Html("style", sheet),
    )


def _nav(picture: Picture) -> Html:
    sections = _SECTIONS if picture.run is not None else {name: _SECTIONS[name] for name in ("today", "calendar")}
    links = [Html("a", words, href=f"#{name}") for name, words in {**sections, "config": "Config"}.items()]
    return Html("nav", Html("ul", (Html("li", link) for link in links)), aria_label="on this page")


def _footer(picture: Picture) -> Html:
    return Html(
        "footer",
        (Html("p", Html("bdi", notice)) for notice in picture.notices),
        Html("p", f"Made {figures.instant(picture.made)} from ", Html("bdi", figures.cut(picture.lake)), "."),
    )
