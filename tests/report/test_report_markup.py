"""No text becomes markup by being forgotten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest_core.report.markup import Html, escape

ROOT = Path(__file__).parents[2] / "ingest_core/report"


def test_text_is_escaped_wherever_it_stands() -> None:
    hostile = "<script>alert('1')</script>\"&"
    told = str(Html("p", hostile, [hostile, Html("b", hostile)], title=hostile))
    assert "<script" not in told
    assert told.count("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;") == 4


def test_markup_that_was_put_together_by_hand_is_seen_instead_of_obeyed() -> None:
    bold = Html("b", "x")
    assert str(Html("p", f"{bold}")) == "<p>&lt;b&gt;x&lt;/b&gt;</p>"


@pytest.mark.parametrize("name", ["script", "iframe", "img", "object", "form", "SCRIPT", "p onclick=x", "a/b"])
def test_elements_that_run_load_or_send_cannot_be_made(name: str) -> None:
    with pytest.raises(ValueError, match="no element"):
        Html(name)


@pytest.mark.parametrize("name", ["onclick", "style", "src", "srcdoc", "action", "x onclick"])
def test_attributes_that_run_load_or_send_cannot_be_made(name: str) -> None:
    with pytest.raises(ValueError, match="no attribute"):
        Html("p", **{name: "x"})


@pytest.mark.parametrize("link", ["https://example.org", "javascript:alert(1)", "//example.org", "page.html", ""])
def test_no_link_leads_away(link: str) -> None:
    with pytest.raises(ValueError, match="leads away"):
        Html("a", "x", href=link)


def test_a_style_sheet_cannot_end_its_element() -> None:
    with pytest.raises(ValueError, match="style sheet"):
        Html("style", "p {} </style><script>")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain words, 1,234 (x)", "plain words, 1,234 (x)"),
        ("Amélie · 愛 · 🎬", "Amélie · 愛 · 🎬"),
        ("a\u202egnp.exe", "a⟨U+202E⟩gnp.exe"),
        ("\x00\x1b[31m", "⟨U+0000⟩⟨U+001B⟩[31m"),
        ("\ud800", "⟨U+D800⟩"),
        ("two\nlines", "two\nlines"),
        ("", ""),
    ],
)
def test_what_would_not_be_seen_is_told(text: str, seen: str) -> None:
    assert escape(text) == seen
    escape(text).encode()  # as UTF-8 can say it


def test_attributes_are_quoted_where_they_need_it() -> None:
    assert str(Html("td", class_="a1 w")) == '<td class="a1 w">'
    assert str(Html("td", class_="a1", title=None)) == "<td class=a1>"
    assert str(Html("p", title="a b>c")) == '<p title="a b&gt;c"></p>'


def test_only_one_module_knows_what_markup_is() -> None:
    def markup_in(path: Path) -> list[str]:
        return re.findall(r"</?[a-z!][^>]*>|_markup", path.read_text())

    found = {path.name: markup_in(path) for path in ROOT.rglob("*.py") if path.name != "markup.py"}
    assert {name: marks for name, marks in found.items() if marks} == {"page.py": ["<!doctype html>"]}
