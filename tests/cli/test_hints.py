"""Commands in hints can be typed as they stand, and none leads back to where it was given."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ingest_core.cli.again import Typed

Ingest = Callable[..., Any]
DAY = ("--date", "2026-11-23")
REJECTING = """
from ingest_core import Rejected, Slice, Source, hookimpl

def plan(ctx):
    return [Slice("all")]

def fetch(ctx, slice):
    yield Rejected("thing", "1", "broken", b"{}")

@hookimpl
def ingest_sources():
    return [Source("broken", "Broken", {"type": "object", "additionalProperties": False}, plan, fetch)]
"""


@pytest.mark.parametrize(
    ("given", "hint", "becomes"),
    [
        ({"source": "tmdb"}, "ingest runs tmdb lists them", "ingest runs tmdb lists them"),
        ({"source": "tmdb", "lake": "s3://b/p"}, "ingest runs tmdb lists", "ingest runs tmdb --lake s3://b/p lists"),
        ({"source": "my configs/tmdb.yaml"}, "ingest runs tmdb", "ingest runs 'my configs/tmdb.yaml'"),
        ({"source": "tmdb", "lake": "my lake"}, "(ingest verify tmdb)", "(ingest verify tmdb --lake 'my lake')"),
        ({"source": "tmdb", "overrides": ("rate=5",)}, "ingest run tmdb --x", "ingest run tmdb --set rate=5 --x"),
        ({"source": "tmdb", "overrides": ("rate=5",)}, "ingest runs tmdb", "ingest runs tmdb"),
        ({"source": "tmdb", "lake": "x"}, "ingest run tmdb-changes", "ingest run tmdb-changes"),
        ({"lake": "x"}, "ingest runs tmdb", "ingest runs tmdb"),
    ],
)  # fmt: skip
def test_a_command_in_a_hint_gets_what_was_typed(given: Mapping[str, Any], hint: str, becomes: str) -> None:
    assert Typed.of(given).completed(hint) == becomes
    assert Typed.of(given).completed(becomes) == becomes


def commands_in(text: str) -> list[list[str]]:
    """What stands after `→ ingest` or `next ingest`, as far as it is a command."""
    found = []
    for line in text.splitlines():
        _, mark, rest = line.partition("ingest ")
        if mark and line.strip().startswith(("→ ingest", "next")):
            words = shlex.split(rest)
            ends = next((n for n, word in enumerate(words) if word in {"lists", "then"}), len(words))
            found.append(words[:ends])
    return found


@pytest.mark.parametrize("verb", ["verify", "replay"])
def test_the_hint_of_an_error_is_a_command_that_works_with_the_lake_that_was_named(
    ingest: Ingest, home: Path, verb: str
) -> None:
    other = str(home / "another lake")
    ingest("run", "twitter_stub", *DAY, "--lake", other)
    ended = ingest(verb, str(home / "conf/twitter_stub.yaml"), "--date", "2020-01-01", "--lake", other)
    (hinted,) = commands_in(ended.out + ended.err)
    again = ingest(*hinted)
    assert again.code == 0
    assert "2026-11-23" in again.out


def test_verify_says_how_to_land_the_day_anew_in_this_lake(ingest: Ingest, home: Path) -> None:
    where = ("--lake", str(home / "another lake"))
    ingest("run", "twitter_stub", *DAY, *where)
    min((home / "another lake/Raw").rglob("*.json")).unlink()
    ended = ingest("verify", "twitter_stub", *where)
    (hinted,) = commands_in(ended.out)
    assert ingest(*hinted).code == 0
    assert ingest("verify", "twitter_stub", *where).code == 0


def test_an_error_that_a_check_cannot_find_is_not_sent_to_check(ingest: Ingest, home: Path) -> None:
    (home / "ids.csv").write_text("a,b\n1,2\n")
    select = f"    - ids: {{csv: {home / 'ids.csv'}, column: id}}\n      as: movie\n"
    config = (home / "conf/tmdb.yaml").read_text()
    (home / "conf/films.yaml").write_text(config[: config.index("    - list")] + select)
    ended = ingest("run", "films", *DAY)
    assert ended.code == 2
    assert "has no column 'id'" in ended.out
    assert "ingest check" not in ended.out
    assert "when that is mended: the same command again" in ended.out


def test_a_source_without_a_demo_names_those_that_have_one(ingest: Ingest) -> None:
    ended = ingest("demo", "rest")
    assert ended.code == 2
    assert "these have: ingest demo tmdb" in ended.err


def test_prune_names_the_day_that_a_short_span_means(ingest: Ingest) -> None:
    assert "no day before 20" in ingest("prune", "twitter_stub", "--older-than", "1h").err


@pytest.mark.parametrize(
    "arguments", [("tmdb", "--date", "2020-01-01", "--html", "x.html"), ("tmdb/2026-11-23/g9", "--html", "x.html")]
)
def test_the_hint_of_a_report_keeps_the_lake(ingest: Ingest, home: Path, arguments: tuple[str, ...]) -> None:
    ended = ingest("report", *arguments, "--lake", str(home / "another lake"))
    assert commands_in(ended.out + ended.err) == [["runs", "tmdb", "--lake", str(home / "another lake")]]


def test_the_hint_of_a_report_without_a_place_is_the_command_with_one(ingest: Ingest, home: Path) -> None:
    other = str(home / "another lake")
    ingest("run", "twitter_stub", *DAY, "--lake", other)
    (hinted,) = commands_in(ingest("report", "twitter_stub", *DAY, "--lake", other).err)
    assert ingest(*hinted).code == 0
    assert Path("report.html").is_file()


def test_a_preview_sends_nobody_to_a_folder_that_is_gone(
    ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "plugins").mkdir()
    (home / "plugins/broken.py").write_text(REJECTING, encoding="utf-8")
    monkeypatch.setenv("INGEST_PLUGINS", str(home / "plugins"))
    (home / "conf/broken.yaml").write_text("source: broken\nlake: lake\n")
    ended = ingest("preview", "broken")
    assert ended.code == 1
    assert "ingest run broken --dry-run keeps them" in ended.err
    assert "ingest-preview-" not in ended.err


WITHOUT_IDS = REJECTING.replace('yield Rejected("thing", "1", "broken", b"{}")', 'yield Record("thing", None, b"{}")')


@pytest.mark.parametrize(("body", "step"), [(REJECTING, 0), (WITHOUT_IDS, 1)], ids=["with ids", "rows without ids"])
def test_once_the_source_is_mended_what_a_failed_run_hints_at_lands_its_quarantine(
    ingest: Ingest, home: Path, monkeypatch: pytest.MonkeyPatch, body: str, step: int
) -> None:
    """The same command says the same again: what is closed stays closed."""
    plugin = home / "plugins/broken.py"
    plugin.parent.mkdir()
    plugin.write_text(body.replace("import Rejected", "import Record, Rejected"), encoding="utf-8")
    monkeypatch.setenv("INGEST_PLUGINS", str(plugin.parent))
    (home / "conf/broken.yaml").write_text("source: broken\nlake: lake\n")
    failed = ingest("run", "broken", *DAY)
    assert failed.code == 1
    mended = REJECTING.replace('yield Rejected("thing", "1", "broken", b"{}")', 'yield Record("thing", "1", b"{}")')
    plugin.write_text(mended.replace("import Rejected", "import Record"), encoding="utf-8")

    hinted = [line.split("next ", 1)[1].split() for line in failed.out.splitlines() if "next " in line][step]
    words = hinted[1 : hinted.index(str(DAY[1]) + ("," if step else "")) + 1]
    ended = ingest(*(word.rstrip(",") for word in words), *(("--yes",) if step else ()))
    if step:
        ended = ingest("run", "broken", *DAY)

    assert ended.code == 0, ended.out + ended.err
    assert len(list((home / "lake/Raw").rglob("*.json"))) == 1
